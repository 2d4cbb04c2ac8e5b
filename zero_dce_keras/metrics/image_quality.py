"""MSE, MAE, PSNR and SSIM of batches, one value per image, on any Keras backend."""

import keras
import numpy as np
from keras import ops

WINDOW_SIZE = 11
WINDOW_SIGMA = 1.5
C1 = 0.01**2  # (k1 · max_val)², with max_val = 1
C2 = 0.03**2


def mean_squared_error(reference, enhanced):
    """Compute the mean of (reference − enhanced)² over the pixels and channels of each image.

    Args:
        reference: float tensor (B, H, W, C) in [0, 1].
        enhanced: float tensor of the same shape, in [0, 1].

    Returns:
        float32 tensor (B,), in [0, 1].

    Raises:
        ValueError: if the two are not float batches of the same shape.

    Example:
        >>> import numpy as np
        >>> black, grey = np.zeros((2, 32, 48, 3)), np.full((2, 32, 48, 3), 0.5)
        >>> [float(value) for value in mean_squared_error(black, grey)]
        [0.25, 0.25]
    """
    reference, enhanced = as_batches(reference, enhanced)
    return ops.mean(ops.square(reference - enhanced), axis=(1, 2, 3))


def mean_absolute_error(reference, enhanced):
    """Compute the mean of |reference − enhanced| over the pixels and channels of each image.

    Tables show it times 255, in 8-bit levels, as the Zero-DCE paper does.

    Args:
        reference: float tensor (B, H, W, C) in [0, 1].
        enhanced: float tensor of the same shape, in [0, 1].

    Returns:
        float32 tensor (B,), in [0, 1].

    Raises:
        ValueError: if the two are not float batches of the same shape.

    Example:
        >>> import numpy as np
        >>> black, grey = np.zeros((2, 32, 48, 3)), np.full((2, 32, 48, 3), 0.5)
        >>> [float(value) for value in mean_absolute_error(black, grey)]
        [0.5, 0.5]
    """
    reference, enhanced = as_batches(reference, enhanced)
    return ops.mean(ops.abs(reference - enhanced), axis=(1, 2, 3))


def psnr(reference, enhanced):
    """Compute the peak signal-to-noise ratio of each image: −10 · log10(MSE), in dB.

    `keras.ops.psnr` pools the whole batch into one value, whose mean over batches
    is not the mean over images; this one does not.

    Args:
        reference: float tensor (B, H, W, C) in [0, 1].
        enhanced: float tensor of the same shape, in [0, 1].

    Returns:
        float32 tensor (B,), 0 or more; infinite where the images are identical.

    Raises:
        ValueError: if the two are not float batches of the same shape.

    Example:
        >>> import numpy as np
        >>> black, tenth = np.zeros((1, 32, 48, 3)), np.full((1, 32, 48, 3), 0.1)
        >>> round(float(psnr(black, tenth)[0]), 3)
        20.0
    """
    return -10.0 * ops.log10(mean_squared_error(reference, enhanced))


def ssim(reference, enhanced):
    """Compute the structural similarity of each image, as `tf.image.ssim(max_val=1)`.

        (2·μx·μy + C1) · (2·σxy + C2) / ((μx² + μy² + C1) · (σx² + σy² + C2))

    with moments under an 11×11 Gaussian window of σ 1.5 that stays inside the
    image ("valid"), averaged over pixels and channels.

    Args:
        reference: float tensor (B, H, W, C) in [0, 1], H and W at least 11.
        enhanced: float tensor of the same shape, in [0, 1].

    Returns:
        float32 tensor (B,), in [−1, 1]; 1 where the images are identical.

    Raises:
        ValueError: if the two are not float batches of the same shape, or smaller
            than the window.

    Example:
        >>> import numpy as np
        >>> images = np.random.default_rng(0).random((1, 32, 48, 3))
        >>> round(float(ssim(images, images)[0]), 5)
        1.0

    Source: Wang et al., "Image quality assessment: from error visibility to
    structural similarity", 2004, section III.
    """
    x, y = as_batches(reference, enhanced)
    for size in x.shape[1:3]:
        if size is not None and size < WINDOW_SIZE:
            raise ValueError(
                f"ssim needs images of at least {WINDOW_SIZE}×{WINDOW_SIZE} pixels. "
                f"Received: shape {tuple(x.shape)}"
            )
    moments = ops.concatenate([x, y, x * x + y * y, x * y], axis=-1)
    mean_x, mean_y, mean_squares, mean_xy = ops.split(_blur(moments), 4, axis=-1)
    products = mean_x * mean_y
    squares = mean_x * mean_x + mean_y * mean_y
    luminance = (2 * products + C1) / (squares + C1)
    structure = (2 * (mean_xy - products) + C2) / (mean_squares - squares + C2)
    # Channels last and apart: one float32 sum over everything loses a digit.
    return ops.mean(ops.mean(luminance * structure, axis=(1, 2)), axis=-1)


def _blur(images):
    """Apply a Gaussian window to (B, H, W, C), "valid": columns, then rows.

    The kernel is an ordinary convolution's, diagonal in its channels: hardly slower
    than a depthwise one in plain TensorFlow, and several times faster under XLA.
    """
    offsets = np.arange(WINDOW_SIZE) - WINDOW_SIZE // 2
    window = np.exp(-(offsets**2) / (2 * WINDOW_SIGMA**2))
    channels = images.shape[-1]
    kernel = (window / window.sum())[:, None, None] * np.eye(channels)  # (11, C, C)
    kernel = kernel.astype("float32")
    images = ops.conv(
        images, kernel[:, None], padding="valid", data_format="channels_last"
    )
    return ops.conv(images, kernel[None], padding="valid", data_format="channels_last")


def as_batches(reference, enhanced):
    """Return the two as float32; check that they are float, of one 4-D shape."""
    for name, images in {"reference": reference, "enhanced": enhanced}.items():
        if len(images.shape) != 4:
            raise ValueError(
                f"{name} must be a batch of images (B, H, W, C). "
                f"Received: shape {tuple(images.shape)}"
            )
        dtype = keras.backend.standardize_dtype(images.dtype)
        if not keras.backend.is_float_dtype(dtype):
            raise ValueError(f"{name} must be float in [0, 1]. Received: {dtype}")
    for size, other in zip(reference.shape, enhanced.shape):
        if None not in (size, other) and size != other:
            raise ValueError(
                "reference and enhanced must have the same shape. "
                f"Received: {tuple(reference.shape)} and {tuple(enhanced.shape)}"
            )
    return ops.cast(reference, "float32"), ops.cast(enhanced, "float32")
