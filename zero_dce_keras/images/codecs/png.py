"""Writing PNG files of 8 and 16 bits, with metadata.

Pillow writes 16 bits of grey only. No further package is needed: OpenCV would weigh
61 MB, imagecodecs 26 MB.
"""

import struct
import zlib

import numpy as np
from PIL import PngImagePlugin

from zero_dce_keras.images.codecs import pillow

BAND = 64  # rows that are compressed at once: memory stays small
LEVEL = 1  # of zlib; 6 takes twice as long for 0.5 % less of a noisy photograph
XMP_KEYWORD = "XML:com.adobe.xmp"


def write(file, pixels, xmp=b"", **metadata):
    """Write a PNG, see `images.codecs`.

    Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)".
    """
    if pixels.dtype == np.uint16:
        _write_sixteen_bits(file, pixels, xmp, **metadata)
        return []
    if xmp:
        metadata["pnginfo"] = PngImagePlugin.PngInfo()
        metadata["pnginfo"].add_itxt(XMP_KEYWORD, xmp.decode("utf-8", "replace"))
    pillow.save(file, pixels, "PNG", **metadata)
    return []


def _write_sixteen_bits(file, pixels, xmp=b"", exif=b"", icc_profile=b"", dpi=None):
    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        file.write(struct.pack(">I", len(data)) + kind + data)
        file.write(struct.pack(">I", checksum))

    pixels = pixels.reshape(*pixels.shape[:2], -1)
    height, width, channels = pixels.shape
    color_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    file.write(b"\x89PNG\r\n\x1a\n")
    chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0))
    if icc_profile:
        chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc_profile))
    if dpi:
        chunk(b"pHYs", struct.pack(">IIB", *[round(x / 0.0254) for x in dpi], 1))
    if exif:
        chunk(b"eXIf", exif)
    if xmp:
        chunk(b"iTXt", XMP_KEYWORD.encode() + b"\0\0\0\0\0" + xmp)
    compressor = zlib.compressobj(LEVEL)
    for start in range(0, height, BAND):
        chunk(b"IDAT", compressor.compress(_filtered(pixels, start)))
    chunk(b"IDAT", compressor.flush())
    chunk(b"IEND", b"")


def _filtered(pixels, start):
    """Return a band of rows as PNG stores them: minus the bytes of the row above."""
    band = pixels[max(start - 1, 0) : start + BAND].astype(">u2")
    rows = band.reshape(len(band), -1).view("uint8")
    above = rows[:-1] if start else np.concatenate([0 * rows[:1], rows[:-1]])
    up = np.full((len(above), 1), 2, "uint8")  # the filter's number
    return np.hstack([up, rows[-len(above) :] - above]).tobytes()
