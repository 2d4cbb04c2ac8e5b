"""Photographs of noise, and the metadata that files say about them."""

import struct

import numpy as np
from PIL import ExifTags, Image, ImageCms

HEIGHT, WIDTH = 32, 48
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6" xmp:Rating="5"/></x:xmpmeta>'

IPTC = b"".join(
    struct.pack(">BBBH", 0x1C, 2, number, len(value)) + value
    for number, value in (
        (5, b"Night market"),
        (25, b"lanterns"),
        (120, "Café".encode()),
    )
)


def noise(dtype="uint8", channels=3, height=HEIGHT):
    shape = (height, WIDTH, channels)[: 2 if channels == 1 else 3]
    white = np.iinfo(dtype).max
    return np.random.default_rng(0).integers(0, white + 1, shape).astype(dtype)


def exif(orientation=1, thumbnail=b""):
    """An EXIF block as cameras write it: big-endian, with a maker's note."""
    block = Image.Exif()
    block.endian = ">"
    block[ExifTags.Base.Make] = "Nikon"
    block[ExifTags.Base.Orientation] = orientation
    block[ExifTags.IFD.Exif] = {
        ExifTags.Base.ExposureTime: 0.5,
        ExifTags.Base.ExifImageWidth: 1,
        ExifTags.Base.MakerNote: b"a note of the maker",
    }
    block[ExifTags.IFD.GPSInfo] = {1: "N"}
    content = bytearray(block.tobytes()[6:])
    if thumbnail:
        # A second directory: where the thumbnail lies, and how long it is.
        (first,) = struct.unpack_from(">I", content, 4)
        (count,) = struct.unpack_from(">H", content, first)
        struct.pack_into(">I", content, first + 2 + 12 * count, len(content))
        place = len(content) + 2 + 24 + 4
        content += struct.pack(">HHHIIHHIII", 2, 0x201, 4, 1, place, 0x202, 4, 1, 9, 0)
        content += thumbnail
    return bytes(content)


def tags(block):
    loaded = Image.Exif()
    loaded.load(block)
    return loaded


def split_alpha(pixels):
    """Colour and alpha of an array (H, W) or (H, W, 2 to 4)."""
    if pixels.ndim == 3 and pixels.shape[-1] in (2, 4):
        color, alpha = pixels[..., :-1], pixels[..., -1]
        return color[..., 0] if color.shape[-1] == 1 else color, alpha
    return pixels, None
