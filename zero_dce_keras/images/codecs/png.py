"""Writing PNG files of 8 and 16 bits, with metadata.

Pillow writes 16 bits of grey only. No further package is needed: OpenCV would weigh
61 MB, imagecodecs 26 MB.
"""

import io
import struct
import zlib

import numpy as np

from zero_dce_keras.images.codecs import pillow
from zero_dce_keras.images.containers.photoshop import pack_iptc

BAND = 64  # rows that are compressed at once: memory stays small
LEVEL = 1  # of zlib; 6 takes twice as long for 0.5 % less of a noisy photograph
XMP_KEYWORD = b"XML:com.adobe.xmp"


def write(file, pixels, comment=b"", iptc=b"", text=(), xmp=b"", **metadata):
    """Write a PNG, see `images.codecs`; `text` are chunks as they shall be written.

    Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)". IPTC is
    written as ImageMagick does.
    """
    chunks = [(b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + xmp)] if xmp else []
    if iptc:
        data = pack_iptc(iptc)
        lines = f"\niptc\n{len(data):8}\n{data.hex()}\n".encode()
        profile = b"Raw profile type iptc\0\0" + zlib.compress(lines)
        chunks.append((b"zTXt", profile))
    if comment:
        try:
            words = comment.decode()
        except UnicodeDecodeError:
            words = comment.decode("latin-1")
        words = words.replace("\0", " ")
        try:
            chunks.append((b"tEXt", b"Comment\0" + words.encode("latin-1")))
        except UnicodeError:
            chunks.append((b"iTXt", b"Comment\0\0\0\0\0" + words.encode()))
    chunks += text
    if pixels.dtype == np.uint16:
        _write_sixteen_bits(file, pixels, chunks, **metadata)
        return []
    made = io.BytesIO()
    pillow.save(made, pixels, "PNG", **metadata)
    content = made.getvalue()
    end = 8 + 25  # of the signature and the chunk IHDR
    file.write(content[:end])
    for kind, data in chunks:
        _write_chunk(file, kind, data)
    file.write(content[end:])
    return []


def _write_chunk(file, kind, data):
    checksum = zlib.crc32(kind + data)
    file.write(struct.pack(">I", len(data)) + kind + data)
    file.write(struct.pack(">I", checksum))


def _write_sixteen_bits(file, pixels, chunks, exif=b"", icc_profile=b"", dpi=None):
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    height, width, channels = pixels.shape
    color_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    file.write(b"\x89PNG\r\n\x1a\n")
    size = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    _write_chunk(file, b"IHDR", size)
    if icc_profile:
        name = b"ICC Profile\0\0"
        _write_chunk(file, b"iCCP", name + zlib.compress(icc_profile))
    if dpi:
        pixels_a_metre = [round(x / 0.0254) for x in dpi]
        _write_chunk(file, b"pHYs", struct.pack(">IIB", *pixels_a_metre, 1))
    if exif:
        _write_chunk(file, b"eXIf", exif)
    for kind, data in chunks:
        _write_chunk(file, kind, data)
    compressor = zlib.compressobj(LEVEL)
    for start in range(0, height, BAND):
        _write_chunk(file, b"IDAT", compressor.compress(_filtered(pixels, start)))
    _write_chunk(file, b"IDAT", compressor.flush())
    _write_chunk(file, b"IEND", b"")


def _filtered(pixels, start):
    """Return a band of rows as PNG stores them: minus the bytes of the row above."""
    band = pixels[max(start - 1, 0) : start + BAND].astype(">u2")
    rows = band.reshape(len(band), -1).view("uint8")
    above = rows[:-1] if start else np.concatenate([0 * rows[:1], rows[:-1]])
    up = np.full((len(above), 1), 2, "uint8")  # the filter's number
    return np.hstack([up, rows[-len(above) :] - above]).tobytes()
