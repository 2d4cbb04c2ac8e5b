"""What the sliders work on: a small copy of a picture, whose curves are ready."""

import io

from PIL import Image, ImageCms

from zero_dce_keras.images import Photograph

LONGEST_SIDE = 1024  # pixels: a slider answers in tenths of a second
THUMBNAIL_SIDE = 160


class Preview:
    """A small copy of a picture, whose curves are estimated once.

    A model without curves enhances it once, and the sliders change nothing.

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
        self._curves = self._enhanced = None
        if enhancer.has_curves:
            self._curves = enhancer.curves(self.before, denoise)
        else:
            self._enhanced = enhancer(self.before)

    def after(self, iterations, strength):
        """Return the enhanced copy, without the network: uint8 array `(H, W, 3)`."""
        if self._curves is None:
            return self._enhanced
        return self._curves.apply(iterations, strength)


def to_thumbnail(screen):
    """Return a yet smaller copy of what `to_screen` returned."""
    image = Image.fromarray(screen)
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return image


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
