"""Writing TIFF files of 8 and 16 bits, with metadata.

Pillow writes 8 bits only, and either EXIF or XMP, not both.
"""

import itertools
import zlib

import numpy as np
from PIL import Image, TiffImagePlugin

from zero_dce_keras.images.metadata import tiff_tags

ROWS_PER_STRIP = 64
LEVEL = 1  # of zlib; 6 takes twice as long for 0.5 % less of a noisy photograph


def write(file, pixels, exif=b"", icc_profile=b"", xmp=b"", dpi=None):
    """Write a TIFF, see `images.codecs`: strips of rows, deflated after the predictor.

    Source: Adobe, "TIFF Revision 6.0" and "TIFF Technical Note 2" (deflate).
    """
    notes = []
    if pixels.shape[2:] == (2,):
        notes.append("grey with alpha becomes RGB with alpha: few read such a TIFF")
        pixels = np.repeat(pixels, (3, 1), axis=-1)
    tags = _exif_tags(exif)
    if tags is None:
        notes.append("its EXIF is damaged and left out")
        tags = _exif_tags(b"")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    height, width, channels = pixels.shape
    tags[TiffImagePlugin.IMAGEWIDTH] = width
    tags[TiffImagePlugin.IMAGELENGTH] = height
    tags[TiffImagePlugin.BITSPERSAMPLE] = (8 * pixels.itemsize,) * channels
    tags[TiffImagePlugin.COMPRESSION] = 8
    tags[TiffImagePlugin.PHOTOMETRIC_INTERPRETATION] = 2 if channels > 2 else 1
    tags[TiffImagePlugin.SAMPLESPERPIXEL] = channels
    tags[TiffImagePlugin.ROWSPERSTRIP] = ROWS_PER_STRIP
    tags[TiffImagePlugin.PREDICTOR] = 2
    if channels == 4:
        tags[TiffImagePlugin.EXTRASAMPLES] = 2  # alpha, not premultiplied
    if icc_profile:
        tags[TiffImagePlugin.ICCPROFILE] = icc_profile
    if xmp:
        tags[TiffImagePlugin.XMP] = xmp
    if dpi:
        tags[TiffImagePlugin.RESOLUTION_UNIT] = 2
        tags[TiffImagePlugin.X_RESOLUTION], tags[TiffImagePlugin.Y_RESOLUTION] = dpi

    strips = [
        _strip(pixels[row : row + ROWS_PER_STRIP])
        for row in range(0, height, ROWS_PER_STRIP)
    ]
    sizes = [len(strip) for strip in strips]
    # Pillow counts the places of the strips from the end of the tags.
    places = [0, *itertools.accumulate(sizes[:-1])]
    tags[TiffImagePlugin.STRIPOFFSETS] = tuple(places)
    tags[TiffImagePlugin.STRIPBYTECOUNTS] = tuple(sizes)
    file.write(b"II*\0\x08\0\0\0" + tags.tobytes(8))
    file.writelines(strips)
    return notes


def _strip(rows):
    """Deflate rows as the predictor leaves them: samples minus the ones to their left."""
    differences = rows.astype(rows.dtype.newbyteorder("<"))
    differences[:, 1:] -= rows[:, :-1]
    return zlib.compress(differences, LEVEL)


def _exif_tags(exif):
    """Return an EXIF block as tags of a TIFF, None if it cannot be taken apart."""
    tags = TiffImagePlugin.ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    try:
        block = Image.Exif()
        block.load(exif)
        for tag, value in tiff_tags(block).items():
            tags[tag] = value
        tags.tobytes()
    except Exception:  # noqa: BLE001, damaged metadata raise errors of any type
        return None
    return tags
