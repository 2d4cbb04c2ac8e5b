"""The samples of a PIL image as an array, without loss."""

import io

import numpy as np
from PIL import ImageCms

from zero_dce_keras.images.unsupported_image_error import UnsupportedImageError


def samples_of(image):
    """Return the samples of a decoded PIL image.

    Args:
        image: PIL image of any mode. A palette becomes RGB, and so does CMYK.

    Returns:
        Array of shape (H, W), or (H, W, 2 to 4) with alpha or colours, not yet upright;
        uint8, or uint16 of grey.

    Raises:
        UnsupportedImageError: float samples, or integers beyond 16 bits.
    """
    if image.mode == "F":
        raise UnsupportedImageError("32-bit float samples have no defined white")
    if image.mode.startswith("I"):
        grey = np.asarray(image)
        if grey.min() < 0 or grey.max() > 65535:
            raise UnsupportedImageError(
                f"samples from {grey.min()} to {grey.max()}, more than 16 bits, have no "
                "defined white"
            )
        return grey.astype("uint16")
    is_grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        return np.asarray(image.convert("LA" if is_grey else "RGBA"))
    return np.asarray(image.convert("L" if is_grey else "RGB"))


def lab_to_srgb(image):
    """Convert a CIELAB image."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")


def cmyk_to_srgb(image):
    """Convert a CMYK image by its own profile, if it has one that can be used."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB")
    except (KeyError, TypeError, OSError, ImageCms.PyCMSError):
        return image.convert("RGB")
