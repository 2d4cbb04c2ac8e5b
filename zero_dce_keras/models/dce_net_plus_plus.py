"""The network of Zero-DCE++, which estimates one curve map for all iterations."""

import keras

from zero_dce_keras.models.dce_net import own_initializer


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
    if filters < 1:
        raise ValueError(f"filters must be positive. Received: {filters}")
    if num_layers < 1 or num_layers % 2 == 0:
        raise ValueError(f"num_layers must be odd and positive. Received: {num_layers}")

    def separable_convolution(k, channels, x, activation=None):
        x = keras.layers.DepthwiseConv2D(
            3,
            padding="same",
            depthwise_initializer=own_initializer(kernel_initializer, 2 * k),
            data_format="channels_last",
            dtype=dtype,
            name=f"depthwise_{k}",
        )(x)
        return keras.layers.Conv2D(
            channels,
            1,
            kernel_initializer=own_initializer(kernel_initializer, 2 * k + 1),
            activation=activation,
            data_format="channels_last",
            dtype=dtype,
            name=f"pointwise_{k}",
        )(x)

    low_light = keras.Input((None, None, 3), name="low_light")
    outputs = [low_light]  # outputs[k] is what layer k gives
    for k in range(1, num_layers + 1):
        x = outputs[-1]
        if k > (num_layers + 1) // 2:
            mirrored = outputs[num_layers + 1 - k]
            x = keras.layers.Concatenate(name=f"skip_{k}", dtype=dtype)([mirrored, x])
        if k < num_layers:
            x = separable_convolution(k, filters, x, "relu")
        else:
            x = separable_convolution(k, 3, x)
            # float32 from here on, whatever the policy: errors in the curves compound.
            x = keras.layers.Activation("tanh", dtype="float32", name="curve_maps")(x)
        outputs.append(x)
    return keras.Model(low_light, outputs[-1], name="dce_net_plus_plus")
