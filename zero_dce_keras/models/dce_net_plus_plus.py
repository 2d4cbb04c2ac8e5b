"""The network of Zero-DCE++, which estimates one curve map for all iterations."""

import keras

from zero_dce_keras.models.dce_net import connect_layers, own_initializer


def build_dce_net_plus_plus(
    filters=32, num_layers=7, kernel_initializer="glorot_uniform", dtype=None
):
    """Build the network of Zero-DCE++: DCE-Net of depthwise separable convolutions.

    Each layer is a depthwise 3×3 convolution and a pointwise one, both with a bias;
    layers read the same concatenations as those of `build_dce_net`. ReLU everywhere,
    tanh at the end. Any height and width. 10,561 parameters at the defaults.

    Args:
        filters: channels of the hidden layers; at least 1.
        num_layers: number of separable convolutions; odd, at least 1.
        kernel_initializer: a Keras initialiser for all kernels.
        dtype: dtype or dtype policy of the layers. The map is float32 in any case.

    Returns:
        A `keras.Model` from `(B, H, W, 3)` in [0, 1] to a curve map `(B, H, W, 3)` in
        [−1, 1].

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> build_dce_net_plus_plus().count_params()
        10561

    Source: section 3.4 of https://arxiv.org/abs/2103.00860; `enhance_net_nopool` in
    `Zero-DCE++/model.py` of https://github.com/Li-Chongyi/Zero-DCE_extension.
    """

    def separable_convolution(k, x):
        is_last = k == num_layers
        x = keras.layers.DepthwiseConv2D(
            3,
            padding="same",
            depthwise_initializer=own_initializer(kernel_initializer, 2 * k),
            data_format="channels_last",
            dtype=dtype,
            name=f"depthwise_{k}",
        )(x)
        return keras.layers.Conv2D(
            3 if is_last else filters,
            1,
            activation=None if is_last else "relu",
            kernel_initializer=own_initializer(kernel_initializer, 2 * k + 1),
            data_format="channels_last",
            dtype=dtype,
            name=f"pointwise_{k}",
        )(x)

    name = "dce_net_plus_plus"
    return connect_layers(name, separable_convolution, filters, num_layers, dtype)
