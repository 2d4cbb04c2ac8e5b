"""The arrays that an enhancer takes, and the same kind of array back."""

import numpy as np

from zero_dce_keras.images import to_uint8

LUMA = np.float32([0.299, 0.587, 0.114])  # Rec. 601


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


def as_colour(image):
    """The colours `(B, H, W, 3)` of an image or a batch, of its dtype."""
    if image.ndim == 2:
        return np.repeat(image[None, ..., None], 3, axis=-1)
    colour = image[..., :3]
    return colour[None] if image.ndim == 3 else colour


def as_given(colour, image):
    """Colours `(B, H, W, 3)` in the shape of `image`, with its alpha; grey for grey."""
    if image.ndim == 2:
        return like(colour[0] @ LUMA / _white(image.dtype), image.dtype)
    if image.ndim == 3:
        colour = colour[0]
    if image.shape[-1] == 4:
        return np.concatenate([colour, image[..., 3:]], axis=-1)
    return colour


def like(enhanced, dtype):
    """Float images in [0, 1] as `dtype`; floats as they are."""
    if dtype == np.uint8:
        return to_uint8(enhanced)
    if dtype == np.uint16:
        enhanced = np.float32(enhanced)  # of 16 bits, they would overflow
        return np.rint(np.clip(enhanced, 0, 1) * 65535).astype(np.uint16)
    return enhanced.astype(dtype)


def _white(dtype):
    return np.iinfo(dtype).max if dtype.kind == "u" else 1
