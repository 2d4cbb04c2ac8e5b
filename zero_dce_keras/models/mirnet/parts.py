"""The convolutions and activations that all blocks of MIRNet are made of."""

import keras


def pytorch_uniform():
    """U(−1/√fan_in, 1/√fan_in), which the official code's convolutions start from."""
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def convolution(filters, size, dtype=None, use_bias=False, **kwargs):
    """A convolution that keeps height and width; without a bias, as in MIRNet."""
    return keras.layers.Conv2D(
        filters,
        size,
        padding="same",
        use_bias=use_bias,
        kernel_initializer=pytorch_uniform(),
        data_format="channels_last",
        dtype=dtype,
        **kwargs,
    )


def build_all(channels, *layers):
    """Build layers for features of so many channels, but those that were built before.

    Left to themselves, nested layers build by tracing one another: minutes for MIRNet.
    """
    for layer in layers:
        if not layer.built:
            layer.build((None, None, None, channels))


def learnt_slope(dtype=None):
    """PReLU with one slope for all channels, from 0.25 on, as PyTorch's."""
    return keras.layers.PReLU(
        alpha_initializer=keras.initializers.Constant(0.25),
        shared_axes=[1, 2, 3],
        dtype=dtype,
    )


def shared_slope(activation, dtype=None):
    """The activation that a block was given to share with others, or one of its own.

    Args:
        activation: a layer, its configuration (from `get_config`), or `None`.
        dtype: dtype policy of a new one.
    """
    if activation is None:
        return learnt_slope(dtype)
    if isinstance(activation, dict):
        return keras.saving.deserialize_keras_object(activation)
    return activation
