"""Writing TIFF files of 8 and 16 bits, with metadata.

Pillow writes 8 bits only, and either EXIF or XMP, not both.
"""

import io
import itertools
import struct
import zlib

import numpy as np

from zero_dce_keras.images.containers.tiff import about_the_photograph, resolution_tags
from zero_dce_keras.images.tiff_tags import (
    EXIF,
    ICC,
    IPTC,
    MAKER_NOTE,
    SHORT,
    XMP,
    Tag,
    long,
    pack_tags,
    read_tags,
    short,
    undefined,
)

ROWS_PER_STRIP = 64
LEVEL = 1  # of zlib; 6 takes twice as long for 0.5 % less of a noisy photograph
PLACES, SIZES = 273, 279  # tags of the strips


def write(file, pixels, exif=b"", icc_profile=b"", xmp=b"", iptc=b"", dpi=None):
    """Write a TIFF, see `images.codecs`: strips of rows, deflated after the predictor.

    Source: Adobe, "TIFF Revision 6.0" and "TIFF Technical Note 2" (deflate).
    """
    notes = []
    if pixels.shape[2:] == (2,):
        notes.append("grey with alpha becomes RGB with alpha: few read such a TIFF")
        pixels = np.repeat(pixels, (3, 1), axis=-1)
    tags = {}
    if exif:
        try:
            tags = about_the_photograph(read_tags(io.BytesIO(exif)))
        except ValueError:
            notes.append("its EXIF is damaged and left out")
        if MAKER_NOTE in tags.get(EXIF, ()):
            notes.append("in a TIFF the maker's note has another place: some lose it")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    height, width, channels = pixels.shape
    bits = struct.pack(f"<{channels}H", *[8 * pixels.itemsize] * channels)
    tags |= {
        256: long(width),
        257: long(height),
        258: Tag(SHORT, channels, bits),
        259: short(8),  # deflated
        262: short(2 if channels > 2 else 1),  # RGB, or grey with black as 0
        274: short(1),  # upright
        277: short(channels),
        278: long(ROWS_PER_STRIP),
        317: short(2),  # differences to the left
    }
    if channels == 4:
        tags[338] = short(2)  # alpha, not premultiplied
    for number, value in ((ICC, icc_profile), (XMP, xmp), (IPTC, iptc)):
        if value:
            tags[number] = undefined(value)
    tags |= resolution_tags(dpi) if dpi else {}
    strips = [
        _strip(pixels[row : row + ROWS_PER_STRIP])
        for row in range(0, height, ROWS_PER_STRIP)
    ]
    sizes = [len(strip) for strip in strips]
    places = [0, *itertools.accumulate(sizes[:-1])]
    tags |= {PLACES: long(*places), SIZES: long(*sizes)}
    start = 8 + len(pack_tags(tags))  # where the strips begin
    start += start % 2
    tags[PLACES] = long(*[start + place for place in places])
    file.write((b"II*\0\x08\0\0\0" + pack_tags(tags)).ljust(start, b"\0"))
    file.writelines(strips)
    return notes


def _strip(rows):
    """Deflate rows as the predictor leaves them: samples minus the ones to their left."""
    differences = rows.astype(rows.dtype.newbyteorder("<"))
    differences[:, 1:] -= rows[:, :-1]
    return zlib.compress(differences, LEVEL)
