"""PNG and TIFF of 16 bits a channel, which Pillow reduces to 8.

No further package is needed: Pillow unpacks 16-bit samples to their high bytes, or, told
that they lie in the other byte order, to their low bytes; and a PNG is simple to write
(a TIFF too: `write_tiff`). OpenCV would weigh 61 MB, imagecodecs 26 MB, and tifffile
cannot read LZW without it.
"""

import struct
import sys
import zlib

import numpy as np
from PIL import TiffImagePlugin

from zero_dce_keras.images.open_image import Refused, open_image

BAND = 64  # rows that are compressed at once: memory stays small
LEVEL = 1  # of zlib; 6 takes twice as long for 0.5 % less of a noisy photograph
OTHER_ORDER = {
    "B": "L",
    "L": "B",
    "N": "B" if sys.byteorder == "little" else "L",
}


def read_sixteen_bits(file, image):
    """The samples of a PNG or TIFF of 16 bits, as stored.

    Args:
        file: the binary file that `image` was opened from.
        image: what `open_image` made of it, not yet decoded.

    Returns:
        uint16 array of shape (H, W, 2), (H, W, 3) or (H, W, 4), not yet upright; None
        if the image is something else, which Pillow reads in full depth.

    Raises:
        Refused: 16-bit samples in an arrangement that Pillow cannot unpack.
    """
    raw_mode = _raw_mode(image)
    if raw_mode in tuple("RGBA") and _bits(image) > 8:
        raise Refused("its 16-bit channels lie apart; save it again with them together")
    if raw_mode == "LA;16B":  # a pixel of 4 bytes is as good as RGBA of 8 bits
        return _unpack(file, "RGBA", "RGBA").view(">u2").astype("uint16")
    colors, _, order = raw_mode.partition(";16")
    if colors == "RGBa":
        raise Refused("its alpha is premultiplied; save it again with straight alpha")
    if colors not in ("RGB", "RGBX", "RGBA") or order not in OTHER_ORDER:
        return None
    pixels = _unpack(file, image.mode, raw_mode).astype("uint16") << 8
    pixels |= _unpack(file, image.mode, f"{colors};16{OTHER_ORDER[order]}")
    return pixels


def _raw_mode(image):
    """How Pillow means to unpack the samples, "RGB;16B" say."""
    arguments = image.tile[0].args if image.tile else ""
    raw_mode = arguments if isinstance(arguments, str) else arguments[0]
    return raw_mode if isinstance(raw_mode, str) else ""


def _bits(image):
    return max(image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (8,)))


def _unpack(file, mode, raw_mode):
    """Decode the file once more, its samples unpacked in another way."""
    image = open_image(file)
    image._mode = mode
    image.tile = [
        tile._replace(
            args=raw_mode if isinstance(tile.args, str) else (raw_mode, *tile.args[1:])
        )
        for tile in image.tile
    ]
    return np.asarray(image)


def write_sixteen_bit_png(file, pixels, exif=b"", icc_profile=b"", xmp=b"", dpi=None):
    """Writes a PNG of 16 bits.

    Args:
        file: binary file to write to.
        pixels: uint16 array of shape (H, W) or (H, W, 1 to 4): grey, grey with alpha,
            RGB, RGB with alpha.
        exif, icc_profile, xmp, dpi: as in `Photograph`.

    Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)".
    """

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
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    compressor = zlib.compressobj(LEVEL)
    for start in range(0, height, BAND):
        chunk(b"IDAT", compressor.compress(_filtered(pixels, start)))
    chunk(b"IDAT", compressor.flush())
    chunk(b"IEND", b"")


def _filtered(pixels, start):
    """A band of rows as PNG stores them: minus the bytes of the row above."""
    band = pixels[max(start - 1, 0) : start + BAND].astype(">u2")
    rows = band.reshape(len(band), -1).view("uint8")
    above = rows[:-1] if start else np.concatenate([0 * rows[:1], rows[:-1]])
    up = np.full((len(above), 1), 2, "uint8")  # the filter's number
    return np.hstack([up, rows[-len(above) :] - above]).tobytes()
