"""TIFFs that Pillow cannot read, through the extra `tiff` (tifffile, imagecodecs).

Samples of 10, 14 and 32 bits and floats, 16 bits in planes, rarer compressions. Pillow
reads the others without it.
"""

import importlib.util
import logging

import numpy as np
from PIL import Image

from zero_dce_keras.errors import one_line
from zero_dce_keras.extras import require
from zero_dce_keras.images.open_image import check_pixels
from zero_dce_keras.images.sixteen_bits import straight, to_sixteen_bits
from zero_dce_keras.images.unsupported_image_error import UnsupportedImageError

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ASSOCIATED = 1  # alpha that the colours are multiplied by
PHOTOMETRICS = ("MINISWHITE", "MINISBLACK", "RGB")


def can_read(file):
    """Return whether a binary file begins as a TIFF."""
    file.seek(0)
    return file.read(4) in SIGNATURES


def read(file, error):
    """Read the first image of a TIFF.

    Args:
        file: binary file.
        error: why Pillow could not read it, raised again where the extra is missing.

    Returns:
        uint8 or uint16 array `(H, W)` or `(H, W, 2 to 4)`, not yet upright; list of
        notes.

    Raises:
        ImportError: the extra is missing.
        UnsupportedImageError: samples that mean no photograph.
    """
    if not importlib.util.find_spec("tifffile"):
        raise UnsupportedImageError(
            f"Pillow cannot read such a TIFF ({one_line(error)}); tifffile can: pip "
            "install '.[tiff]' in the package's checkout"
        )
    tifffile = require("tifffile")
    logging.getLogger("tifffile").setLevel("CRITICAL")  # its lines do not name the file
    file.seek(0)
    try:
        with tifffile.TiffFile(file) as content:
            page, pages = content.pages[0], len(content.pages)
            check_pixels(page.imagewidth, page.imagelength)
            samples, axes = page.asarray(), page.axes
            kind = page.photometric.name if page.photometric in range(32768) else ""
            extra = [int(each) for each in page.extrasamples]
            bits = page.bitspersample
    except Image.DecompressionBombError:
        raise
    except Exception as other:  # noqa: BLE001, damaged files raise errors of any type
        raise UnsupportedImageError(
            f"it is damaged or of a rare kind ({one_line(other)})"
        ) from None
    if kind not in PHOTOMETRICS or set(axes) - set("YXS"):
        raise UnsupportedImageError(
            f"its samples are no photograph's ({kind or 'unknown'}, axes {axes})"
        )
    if axes.startswith("S"):
        samples = np.moveaxis(samples, 0, -1)
    samples, notes = to_sixteen_bits(samples, bits)
    if kind == "MINISWHITE":
        colors = slice(None) if samples.ndim == 2 else np.s_[..., : -len(extra) or None]
        samples[colors] = np.iinfo(samples.dtype).max - samples[colors]
    if pages > 1:
        notes.append(f"of its {pages} pages the first is taken")
    samples, others = _with_alpha(samples, extra)
    return samples, notes + others


def _with_alpha(samples, extra):
    """Return colours with their alpha, straight, and without further channels."""
    if samples.ndim == 2 or not extra:
        return samples, []
    colors = samples.shape[-1] - len(extra)
    notes = [f"of its {len(extra)} further channels alpha alone is read"] * (
        len(extra) > 1 or extra[0] not in (1, 2)
    )
    if extra[0] not in (1, 2):
        return samples[..., :colors], notes
    samples = samples[..., : colors + 1]
    return (straight(samples) if extra[0] == ASSOCIATED else samples), notes
