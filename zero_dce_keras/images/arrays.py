"""Arrays of pixels: their type, their size."""

import numpy as np
from PIL import Image


def to_float(image):
    """Scale an image of 8 or 16 bits to [0, 1].

    Args:
        image: array of any shape: uint8, uint16, or float (which is only cast).

    Returns:
        float32 array of the same shape, in [0, 1].

    Raises:
        ValueError: another type.

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras.images import to_float
        >>> float(to_float(np.uint8([255]))[0])
        1.0
    """
    image = np.asarray(image)
    if image.dtype.kind == "u" and image.dtype.itemsize <= 2:
        return image.astype("float32") / np.float32(np.iinfo(image.dtype).max)
    if not np.issubdtype(image.dtype, np.floating):
        raise ValueError(
            f"image must be uint8, uint16 or float. Received: {image.dtype}"
        )
    return image.astype("float32")


def to_uint8(image):
    """Clip an image to [0, 1], scale it to 8 bits and round.

    Args:
        image: array of any shape: float, whose white is 1, uint16, or uint8 (which is
            returned as it is).

    Returns:
        uint8 array of the same shape.

    Raises:
        ValueError: another type, or NaN.

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras.images import to_uint8
        >>> to_uint8(np.array([-0.1, 0.5, 2.0])).tolist()
        [0, 128, 255]
    """
    image = np.asarray(image)
    if image.dtype == np.uint8:
        return image
    image = to_float(image)
    if np.isnan(image).any():
        raise ValueError("image must not contain NaN. Received: an image with NaN")
    return np.rint(np.clip(image, 0.0, 1.0) * np.float32(255)).astype("uint8")


def resize_image(image, height, width):
    """Resize with Pillow's Lanczos filter, as the official loader does.

    Args:
        image: uint8 array of shape (H, W, 3) or (H, W).
        height: positive int, in pixels.
        width: positive int, in pixels.

    Returns:
        uint8 array of shape (height, width, 3) or (height, width).

    Raises:
        ValueError: a size that is not positive, or an array of another type or shape.

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras.images import resize_image
        >>> resize_image(np.zeros((32, 48, 3), "uint8"), 16, 24).shape
        (16, 24, 3)

    Source: `dataloader.py` of the official code (`Image.ANTIALIAS`, now `LANCZOS`).
    """
    if height < 1 or width < 1:
        raise ValueError(
            f"height and width must be positive. Received: {height}, {width}"
        )
    image = Image.fromarray(check_pixels(image))
    return np.array(image.resize((width, height), Image.Resampling.LANCZOS))


def check_pixels(image):
    """Return a uint8 array (H, W, 3) or (H, W) as it is, raise for any other."""
    image = np.asarray(image)
    if image.dtype != np.uint8:
        raise ValueError(
            f"image must be uint8 (use to_uint8 for floats). Received: {image.dtype}"
        )
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)) or not image.size:
        raise ValueError(
            f"image must have shape (H, W, 3) or (H, W). Received: {image.shape}"
        )
    return image
