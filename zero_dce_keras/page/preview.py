"""What the sliders work on: a small copy of a picture, whose curves are ready."""

import io

from PIL import Image, ImageCms

from zero_dce_keras.images import Photograph

LONGEST_SIDE = 1024  # pixels: a slider answers in tenths of a second


class Preview:
    """A small copy of a picture, whose curves are estimated once.

    Args:
        enhancer: `Enhancer`.
        photograph: `Photograph`, of any size.
        denoise: as of an `Enhancer`.

    Attributes:
        before: uint8 array `(H, W, 3)` in sRGB, `LONGEST_SIDE` at most.

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras import Enhancer
        >>> from zero_dce_keras.images import Photograph
        >>> dark = Photograph(np.full((32, 48, 3), 20, dtype="uint8"))
        >>> preview = Preview(Enhancer.from_preset("zero_dce_lol"), dark)
        >>> [bool(preview.after(n, 1.0).mean() > 60) for n in (0, 8)]
        [False, True]
    """

    def __init__(self, enhancer, photograph, denoise=None):
        self.before = to_screen(photograph)
        self._curves = enhancer.curves(self.before, denoise)

    def after(self, iterations, strength):
        """Return the enhanced copy, without the network: uint8 array `(H, W, 3)`."""
        return self._curves.apply(iterations, strength)


def to_screen(photograph):
    """Return a `Photograph` as a screen shows it: small, 8 bits, sRGB, without alpha.

    Returns:
        uint8 array `(H, W, 3)`.
    """
    image = photograph.to_pil().convert("RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if photograph.icc_profile and photograph.pixels.ndim == 3:
        image = _to_srgb(image, photograph.icc_profile)
    return Photograph.from_pil(image).pixels


def _to_srgb(image, icc_profile):
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, profile, srgb)
    except (OSError, ImageCms.PyCMSError):  # a damaged profile: as other viewers do
        return image
