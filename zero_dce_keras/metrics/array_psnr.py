"""PSNR of two images in NumPy, right on uint8."""

import math

import numpy as np
from PIL import Image

ROUNDING = 1e-4  # float images may leave [0, 1] by this much


def calculate_psnr(original, enhanced):
    """Compute the peak signal-to-noise ratio of two images in dB, in float64.

    10 · log10(peak² / mean((original − enhanced)²)), with peak 255 for 8-bit images
    and 1 for float images.

    Args:
        original: the reference: a uint8 array, a float array in [0, 1], both (H, W)
            or (H, W, C), or a PIL image (RGB or L).
        enhanced: the image to score, of the same size, and float if the other is.

    Returns:
        float, 0 or more; infinite for identical images.

    Raises:
        ValueError: if the shapes differ, one is 8-bit and the other float, or
            either is none of the above.

    Example:
        >>> import numpy as np
        >>> black = np.zeros((32, 48, 3), "uint8")
        >>> round(calculate_psnr(black, black + np.uint8(51)), 3)
        13.979
        >>> calculate_psnr(black, black)
        inf
    """
    original, peak = _pixels(original, "original")
    enhanced, other_peak = _pixels(enhanced, "enhanced")
    if original.shape != enhanced.shape:
        raise ValueError(
            "original and enhanced must have the same shape. "
            f"Received: {original.shape} and {enhanced.shape}"
        )
    if peak != other_peak:
        raise ValueError(
            "original and enhanced must both be 8-bit or both be float in [0, 1]. "
            "Received: one of each"
        )
    error = np.mean((original - enhanced) ** 2)
    return math.inf if error == 0 else float(10 * np.log10(peak**2 / error))


def _pixels(image, name):
    """Return the image as a float64 array, and its peak value."""
    if isinstance(image, Image.Image) and image.mode not in ("RGB", "L"):
        raise ValueError(
            f"{name} must be an RGB or L image: convert it first. "
            f"Received: mode {image.mode}"
        )
    pixels = np.asarray(image)
    if pixels.ndim not in (2, 3) or pixels.size == 0:
        raise ValueError(
            f"{name} must be one image, (H, W) or (H, W, C). "
            f"Received: shape {pixels.shape}"
        )
    if pixels.dtype == np.uint8:
        return pixels.astype(np.float64), 255  # in uint8 the difference would wrap
    if pixels.dtype.kind != "f":
        raise ValueError(
            f"{name} must be uint8 or float in [0, 1]. Received: {pixels.dtype}"
        )
    low, high = pixels.min(), pixels.max()
    if not (low >= -ROUNDING and high <= 1 + ROUNDING):
        raise ValueError(
            f"{name} is float and must be in [0, 1]. Received: {low:g} to {high:g}"
        )
    return pixels.astype(np.float64), 1
