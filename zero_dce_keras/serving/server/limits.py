"""Whether a server takes a request: its own size, and that of all together."""

import contextlib
import io
import math

from PIL import Image

from zero_dce_keras.serving.limits import MEGA
from zero_dce_keras.serving.server.refusal import Refusal, invalid

# What TensorFlow's decoders open.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")
# Bytes of all requests together, as a multiple of the most that one may have.
REQUESTS_OF_FULL_SIZE = 8


def check_size(limits, items, pixels):
    """Raise a `Refusal` for a request with too many pictures or pixels."""
    if items > limits.items:
        raise invalid(f"{items} items: a request may have {limits.items}")
    if pixels > limits.pixels:
        raise invalid(
            f"{pixels / MEGA:.1f} megapixels: a request may have "
            f"{limits.megapixels:g} in all"
        )


class Gate:
    """Counts the requests that are in work or waiting, and refuses what is too much."""

    def __init__(self, limits):
        self.limits = limits
        self.requests = self.bytes = 0

    @contextlib.contextmanager
    def let_in(self, size):
        """Hold a place for a request of so many bytes.

        Raises:
            Refusal: too much is waiting.
        """
        if (
            self.requests >= self.limits.requests
            or self.bytes + size > REQUESTS_OF_FULL_SIZE * self.limits.bytes
        ):
            raise Refusal("RESOURCE_EXHAUSTED", "too many requests: try again later")
        self.requests += 1
        self.bytes += size
        try:
            yield
        finally:
            self.requests -= 1
            self.bytes -= size


def count_pixels(tensors):
    """Return how many pixels the pictures of a request have, decoded.

    Args:
        tensors: dict from names to arrays: images `(…, H, W, 3)`; strings under a name
            that ends in `_bytes` are files of pictures.

    Example:
        >>> import numpy as np
        >>> count_pixels({"images": np.zeros((2, 32, 48, 3)), "strength": np.ones(())})
        3072
    """
    pixels = 0
    for name, array in tensors.items():
        if array.dtype == object and name.endswith("_bytes"):
            pixels += sum(map(_pixels_of_file, array.flat))
        elif array.ndim >= 3:
            pixels += math.prod(array.shape[:-1])
    return pixels


def _pixels_of_file(content):
    """0 for what Pillow cannot open: the graph refuses it, and names it."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            return image.width * image.height
    except Exception:  # noqa: BLE001, damaged files raise errors of any type
        return 0
