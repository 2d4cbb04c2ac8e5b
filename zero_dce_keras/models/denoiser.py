"""The network that takes the noise out of an enhanced image."""

import keras
from keras import ops


def build_denoiser(filters=20, num_layers=7, dtype=None):
    """Build a small residual network that denoises an image, told how it was amplified.

    A plain stack of 3×3 convolutions with ReLU, whose output is subtracted from the
    image. Enhancement amplifies the noise of the shadows more than that of the lights;
    the logarithm of the local gain comes as a fourth channel. 19,383 parameters at the
    defaults. The last layer starts small, so that a new denoiser changes next to
    nothing.

    Args:
        filters: channels of the hidden layers; at least 1.
        num_layers: number of convolutions; at least 2.
        dtype: dtype or dtype policy of the layers. The result is float32 in any case.

    Returns:
        A `keras.Model` from `[images (B, H, W, 3) in [0, 1], gains (B, H, W, 1)]`, the
        gains positive, to denoised images `(B, H, W, 3)` in [0, 1].

    Raises:
        ValueError: if an argument is out of its range.

    Example:

    >>> build_denoiser().count_params()
    19383
    """
    if filters < 1:
        raise ValueError(f"filters must be positive. Received: {filters}")
    if num_layers < 2:
        raise ValueError(f"num_layers must be at least 2. Received: {num_layers}")
    images = keras.Input((None, None, 3), name="images")
    gains = keras.Input((None, None, 1), name="gains")
    log_gains = ops.log(ops.maximum(gains, 1e-3)) / 4  # about −1 … 1
    x = ops.concatenate([images, log_gains], axis=-1)
    for k in range(1, num_layers):
        x = keras.layers.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            data_format="channels_last",
            dtype=dtype,
            name=f"conv_{k}",
        )(x)
    noise = keras.layers.Conv2D(
        3,
        3,
        padding="same",
        kernel_initializer=keras.initializers.RandomNormal(stddev=1e-3),
        data_format="channels_last",
        dtype=dtype,
        name=f"conv_{num_layers}",
    )(x)
    noise = keras.layers.Activation("linear", dtype="float32", name="noise")(noise)
    denoised = ops.clip(images - noise, 0, 1)
    return keras.Model([images, gains], denoised, name="denoiser")
