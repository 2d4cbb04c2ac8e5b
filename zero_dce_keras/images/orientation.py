"""The EXIF orientation of an image, and turning images upright."""

import numpy as np
from PIL import ExifTags, Image

from zero_dce_keras.images.metadata import xmp_orientation


def orientation_of(image, exif=b"", xmp=b""):
    """Return the EXIF orientation of a PIL image: 1 (upright) if it is not readable.

    Args:
        image: PIL image.
        exif, xmp: bytes, of a file where Pillow does not find them.
    """
    try:
        if exif and "exif" not in image.info and not hasattr(image, "tag_v2"):
            tags = Image.Exif()
            tags.load(exif)
            return int(tags.get(ExifTags.Base.Orientation, 1))
        # Not image.getexif(): that of a PNG decodes the pixels.
        tags = Image.Image.getexif(image)
        if ExifTags.Base.Orientation not in tags:
            return xmp_orientation(xmp)
        return int(tags[ExifTags.Base.Orientation])
    except Exception:  # noqa: BLE001, damaged metadata raise errors of any type
        return 1


def turn_upright(pixels, orientation):
    """Return an array (H, W, …) turned as its EXIF orientation says."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
