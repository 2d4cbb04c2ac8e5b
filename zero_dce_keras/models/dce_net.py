"""DCE-Net, the network that estimates the curves."""

import keras

from zero_dce_keras.errors import check_odd, check_positive


def build_dce_net(
    num_iterations=8,
    filters=32,
    num_layers=7,
    kernel_initializer="glorot_uniform",
    dtype=None,
):
    """Build DCE-Net: a plain stack of 3×3 convolutions with symmetric skip connections.

    Of the layers 1 … l, layer k > (l+1)/2 reads the concatenation of the outputs of
    layers l+1−k and k−1, in that order. ReLU everywhere, tanh at the end. Any height
    and width. 79,416 parameters at the defaults; each output pixel depends on the
    input pixels at most `num_layers` away.

    Args:
        num_iterations: number of curve maps n; at least 1.
        filters: channels of the hidden layers; at least 1.
        num_layers: number of convolutions; odd, at least 1.
        kernel_initializer: a Keras initialiser for all kernels. The official code draws
            from N(0, 0.02) (`keras.initializers.RandomNormal(stddev=0.02)`).
        dtype: dtype or dtype policy of the layers. The maps are float32 in any case.

    Returns:
        A `keras.Model` from `(B, H, W, 3)` in [0, 1] to curve maps `(B, H, W, 3·n)` in
        [−1, 1].

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> build_dce_net().count_params()
        79416
        >>> build_dce_net(num_iterations=8, filters=32, num_layers=3).count_params()
        23992

    Source: section 3.2 of https://arxiv.org/abs/2001.06826; `enhance_net_nopool` in
    `Zero-DCE_code/model.py` of https://github.com/Li-Chongyi/Zero-DCE.
    """
    check_positive("num_iterations", num_iterations)

    def convolution(k, x):
        is_last = k == num_layers
        return keras.layers.Conv2D(
            3 * num_iterations if is_last else filters,
            3,
            padding="same",
            activation=None if is_last else "relu",
            kernel_initializer=own_initializer(kernel_initializer, k),
            data_format="channels_last",
            dtype=dtype,
            name=f"conv_{k}",
        )(x)

    return connect_layers("dce_net", convolution, filters, num_layers, dtype)


def connect_layers(name, layer, filters, num_layers, dtype=None):
    """Connect layers by DCE-Net's skip connections, with tanh at the end.

    Args:
        name: str, of the model.
        layer: function of a layer's number, from 1, and its input; gives its output.
        filters, num_layers, dtype: as of `build_dce_net`, and checked here.

    Returns:
        A `keras.Model` from `(B, H, W, 3)` to curve maps.
    """
    check_positive("filters", filters)
    check_odd("num_layers", num_layers)
    low_light = keras.Input((None, None, 3), name="low_light")
    outputs = [low_light]  # outputs[k] is what layer k gives
    for k in range(1, num_layers + 1):
        x = outputs[-1]
        if k > (num_layers + 1) // 2:
            mirrored = outputs[num_layers + 1 - k]
            x = keras.layers.Concatenate(name=f"skip_{k}", dtype=dtype)([mirrored, x])
        outputs.append(layer(k, x))
    # float32 from here on, whatever the policy: errors in the curves compound.
    tanh = keras.layers.Activation("tanh", dtype="float32", name="curve_maps")
    return keras.Model(low_light, tanh(outputs[-1]), name=name)


def own_initializer(initializer, number):
    """Copy an initialiser, and give it a seed of its own.

    One seed for all layers would give layers of equal shape equal weights.
    """
    initializer = keras.initializers.get(initializer)
    if not isinstance(initializer, keras.initializers.Initializer):
        return initializer
    config = initializer.get_config()
    if isinstance(config.get("seed"), int):
        config["seed"] += number
    return type(initializer).from_config(config)
