"""The arrays that an enhancer takes, and the same kind of array back."""

import numpy as np

from zero_dce_keras.images import to_float, to_uint8
from zero_dce_keras.images.luma import LUMA


def check_array(image):
    """Raise a `ValueError` for what is not an image or a batch."""
    is_image = isinstance(image, np.ndarray) and image.size and _is_shaped(image.shape)
    if not is_image:
        raise ValueError(
            "image must be an array (H, W), (H, W, 3), (H, W, 4), (B, H, W, 3) or "
            "(B, H, W, 4). "
            f"Received: {getattr(image, 'shape', type(image).__name__)}"
        )
    if image.dtype not in (np.uint8, np.uint16) and image.dtype.kind != "f":
        raise ValueError(
            f"image must be uint8, uint16 or float in [0, 1]. Received: {image.dtype}"
        )
    if image.dtype.kind == "f" and not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(
            "image must be in [0, 1] where it is float. "
            f"Received: values from {image.min()} to {image.max()}"
        )


def _is_shaped(shape):
    return len(shape) == 2 or (len(shape) in (3, 4) and shape[-1] in (3, 4))


def to_rgb_batch(image):
    """Return the colours `(B, H, W, 3)` of an image or a batch, of its dtype."""
    if image.ndim == 2:
        return np.repeat(image[None, ..., None], 3, axis=-1)
    colors = image[..., :3]
    return colors[None] if image.ndim == 3 else colors


def restore_layout(colors, image):
    """Return colours `(B, H, W, 3)` in the shape of `image`, with its alpha, or grey."""
    if image.ndim == 2:
        return to_dtype(colors[0] @ LUMA / _white(image.dtype), image.dtype)
    if image.ndim == 3:
        colors = colors[0]
    if image.shape[-1] == 4:
        return np.concatenate([colors, image[..., 3:]], axis=-1)
    return colors


def to_dtype(image, dtype):
    """Return float images in [0, 1] as `dtype`; floats as they are."""
    if dtype == np.uint8:
        return to_uint8(image)
    if dtype == np.uint16:
        image = np.float32(image)  # of 16 bits, they would overflow
        return np.rint(np.clip(image, 0, 1) * 65535).astype(np.uint16)
    return image.astype(dtype)


def to_integers(image):
    """Return uint8 and uint16 images as they are, floats as uint16, in one piece."""
    if image.dtype.kind == "f":
        image = to_dtype(image, np.uint16)
    return np.ascontiguousarray(image)


def from_integers(image, dtype):
    """Return what `to_integers` gave as `dtype` again; of that dtype, as it is."""
    return image if image.dtype == dtype else to_dtype(to_float(image), dtype)


def _white(dtype):
    return np.iinfo(dtype).max if dtype.kind == "u" else 1
