"""The network that looks at a miniature of the whole picture."""

import keras
from keras import layers, ops

from zero_dce_keras.models.bilateral_constants import DILATIONS, NODES, STEM

FIRST_CURVE = -0.15  # what an untrained network gives everywhere: a little brighter


def build_grid_net(
    num_maps=8,
    filters=40,
    miniature_size=64,
    kernel_initializer="glorot_uniform",
    dtype=None,
):
    """Build the network from a miniature of a picture to a bilateral grid of curves.

    Residual blocks of dilated convolutions at a quarter of the miniature's size, the
    first and the last of which are told what the whole picture is like (mean and maximum
    of all places).

    Args:
        num_maps: n, maps of each node.
        filters: channels of the residual blocks.
        miniature_size: S, side of the square miniature; a multiple of 4.
        kernel_initializer: Keras initialiser of the hidden kernels.
        dtype: dtype policy of the layers.

    Returns:
        `keras.Model` from float `(B, S, S, 3)` in [0, 1] to float32
        `(B, S/4, S/4, 3·n)` in [−1, 1].
    """

    def convolve(x, channels, name, **options):
        return layers.Conv2D(
            channels,
            3,
            padding="same",
            activation="relu",
            kernel_initializer=kernel_initializer,
            name=name,
            dtype=dtype,
            **options,
        )(x)

    def dense(x, activation, name):
        return layers.Dense(
            filters,
            activation=activation,
            kernel_initializer=kernel_initializer,
            name=name,
            dtype=dtype,
        )(x)

    miniature = keras.Input((miniature_size, miniature_size, 3))
    # Square roots, too: in the dark, a level more is much more light.
    features = ops.concatenate([miniature, ops.sqrt(miniature + 1e-4)], axis=-1)
    x = convolve(features, STEM, "half_size", strides=2)
    x = convolve(x, filters, "quarter_size", strides=2)
    for number, dilation in enumerate(DILATIONS, 1):
        change = convolve(x, filters, f"block_{number}", dilation_rate=dilation)
        if number in (1, len(DILATIONS)):
            whole = ops.concatenate([ops.mean(x, (1, 2)), ops.max(x, (1, 2))], axis=-1)
            whole = dense(whole, "relu", f"whole_{number}")
            whole = dense(whole, None, f"told_{number}")
            change = change + whole[:, None, None, :]
        x = x + change
    curves = layers.Conv2D(
        NODES * num_maps,
        1,
        activation="tanh",
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        bias_initializer=keras.initializers.Constant(FIRST_CURVE),
        name="curves",
        dtype="float32",
    )(x)
    return keras.Model(miniature, curves, name="grid_net")
