import keras
import numpy as np
import pytest

from zero_dce_keras import apply_curves, build_dce_net


def run(network, images):
    return keras.ops.convert_to_numpy(network(images, training=False))


def convolution(x, kernel, bias):
    """3×3, zero padding, in float64; x is (H, W, C)."""
    height, width, _ = x.shape
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    return bias + sum(
        padded[i : i + height, j : j + width] @ kernel[i, j]
        for i in range(3)
        for j in range(3)
    )


def official_forward(weights, image):
    """`enhance_net_nopool.forward` for seven layers; weights in the order of layers."""
    layers = [(weights[2 * i], weights[2 * i + 1]) for i in range(7)]

    def relu(k, x):
        return np.maximum(convolution(x, *layers[k - 1]), 0)

    x1 = relu(1, image)
    x2 = relu(2, x1)
    x3 = relu(3, x2)
    x4 = relu(4, x3)
    x5 = relu(5, np.concatenate([x3, x4], axis=-1))
    x6 = relu(6, np.concatenate([x2, x5], axis=-1))
    return np.tanh(convolution(np.concatenate([x1, x6], axis=-1), *layers[6]))


def test_forward_against_the_official_one_in_numpy():
    network = build_dce_net(num_iterations=2, filters=4)
    rng = np.random.default_rng(0)
    for variable in network.weights:
        variable.assign(rng.normal(0.02, 0.15, variable.shape))
    assert [w.path.split("/")[0] for w in network.weights[::2]] == [
        f"conv_{k}" for k in range(1, 8)
    ]
    image = rng.random((9, 13, 3), dtype="float32")
    expected = official_forward(network.get_weights(), np.float64(image))
    assert expected.std() > 0.05 and np.abs(expected).max() < 0.99
    np.testing.assert_allclose(run(network, image[None])[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    "num_layers, skips",
    [
        (1, {}),
        (3, {3: (1, 2)}),
        (5, {4: (2, 3), 5: (1, 4)}),
        (7, {5: (3, 4), 6: (2, 5), 7: (1, 6)}),
        (9, {6: (4, 5), 7: (3, 6), 8: (2, 7), 9: (1, 8)}),
    ],
)
def test_which_layer_reads_what(num_layers, skips):
    network = build_dce_net(num_iterations=1, filters=2, num_layers=num_layers)

    def sources(layer):
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        return tuple(tensor._keras_history.operation.name for tensor in inputs)

    found = {layer.name: sources(layer) for layer in network.layers[1:]}
    for k in range(1, num_layers + 1):
        if k in skips:
            assert found[f"conv_{k}"] == (f"skip_{k}",)
            assert found[f"skip_{k}"] == tuple(f"conv_{j}" for j in skips[k])
        else:
            assert found[f"conv_{k}"] == (f"conv_{k - 1}" if k > 1 else "low_light",)
    assert sum(name.startswith("skip") for name in found) == len(skips)


def test_a_pixel_reaches_seven_pixels_each_way_and_no_further():
    positive = keras.initializers.RandomUniform(0.01, 0.1)
    network = build_dce_net(1, filters=2, kernel_initializer=positive)
    image = np.full((1, 33, 41, 3), 0.1, "float32")
    touched = image.copy()
    touched[0, 16, 20] = 1
    changed = (run(network, touched) != run(network, image)).any(axis=-1)[0]
    expected = np.zeros((33, 41), bool)
    expected[16 - 7 : 16 + 8, 20 - 7 : 20 + 8] = True
    np.testing.assert_array_equal(changed, expected)


@pytest.mark.parametrize("height, width", [(1, 1), (1, 9), (17, 4), (32, 48)])
def test_any_height_and_width(height, width):
    network = build_dce_net(num_iterations=2, filters=4)
    images = np.random.default_rng(0).random((2, height, width, 3), dtype="float32")
    maps = run(network, images)
    assert maps.shape == (2, height, width, 6)
    assert np.abs(maps).max() <= 1


def test_layers_start_with_different_weights():
    """Layers 2, 3 and 4 have kernels of one shape: a shared seed would show."""
    for initializer in (
        "glorot_uniform",
        keras.initializers.RandomNormal(stddev=0.02),
        keras.initializers.RandomNormal(stddev=0.02, seed=1),
    ):
        network = build_dce_net(1, filters=4, kernel_initializer=initializer)
        kernels = [network.get_layer(f"conv_{k}").kernel.numpy() for k in (2, 3, 4)]
        assert (kernels[0] != kernels[1]).any() and (kernels[1] != kernels[2]).any()


def test_official_initialisation():
    normal = keras.initializers.RandomNormal(stddev=0.02)
    network = build_dce_net(kernel_initializer=normal)
    for layer in (network.get_layer(f"conv_{k}") for k in range(1, 8)):
        assert layer.kernel.numpy().std() == pytest.approx(0.02, rel=0.15)
        assert (layer.bias.numpy() == 0).all()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            {"num_iterations": 0},
            "num_iterations must be finite and positive. Received: 0",
        ),
        ({"filters": -1}, "filters must be finite and positive. Received: -1"),
        ({"num_layers": 4}, "num_layers must be odd and positive. Received: 4"),
        ({"num_layers": -1}, "num_layers must be odd and positive. Received: -1"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_dce_net(**arguments)


@pytest.mark.large
def test_official_weights_give_the_official_outputs(shared):
    with np.load(shared / "data" / "official" / "zero_dce.npz") as file:
        official = dict(file)
    network = build_dce_net()
    for k in range(1, 8):
        kernel = official[f"weights/e_conv{k}.weight"].transpose(2, 3, 1, 0)  # to HWIO
        bias = official[f"weights/e_conv{k}.bias"]
        network.get_layer(f"conv_{k}").set_weights([kernel, bias])
    low_light = official["low_light"]
    maps = run(network, low_light)
    np.testing.assert_allclose(maps, official["curve_maps"], atol=1e-5)
    enhanced = apply_curves(low_light, maps)
    np.testing.assert_allclose(enhanced, official["enhanced"], atol=1e-5)
    halfway = apply_curves(low_light, maps, 4)
    np.testing.assert_allclose(halfway, official["enhanced_after_4"], atol=1e-5)
