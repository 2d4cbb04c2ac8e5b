import keras
import numpy as np
import pytest

from zero_dce_keras import build_dce_net_plus_plus


def separable(x, depthwise, depthwise_bias, pointwise, bias):
    """Depthwise 3×3 with zero padding, then pointwise, in float64; x is (H, W, C)."""
    height, width, _ = x.shape
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    x = depthwise_bias + sum(
        padded[i : i + height, j : j + width] * depthwise[i, j, :, 0]
        for i in range(3)
        for j in range(3)
    )
    return bias + x @ pointwise[0, 0]


def test_forward_against_numpy():
    """The skips of DCE-Net: layer 5 reads [3, 4], 6 reads [2, 5], 7 reads [1, 6]."""
    network = build_dce_net_plus_plus(filters=4)
    rng = np.random.default_rng(0)
    for variable in network.weights:
        variable.assign(rng.normal(0.05, 0.3, variable.shape))
    weights = network.get_weights()
    layers = [weights[4 * i : 4 * i + 4] for i in range(7)]
    image = rng.random((9, 13, 3), dtype="float32")
    x = [np.float64(image)]
    for k in range(1, 8):
        skip = {5: x[3:4], 6: x[2:3], 7: x[1:2]}.get(k, [])
        inputs = np.concatenate([*skip, x[-1]], axis=-1)
        out = separable(inputs, *layers[k - 1])
        x.append(np.tanh(out) if k == 7 else np.maximum(out, 0))
    assert x[-1].std() > 0.02 and np.abs(x[-1]).max() < 0.99
    found = keras.ops.convert_to_numpy(network(image[None]))[0]
    np.testing.assert_allclose(found, x[-1], atol=1e-5)


def test_a_seeded_initializer_gives_every_layer_its_own_weights():
    initializer = keras.initializers.GlorotUniform(seed=3)
    one, other = (build_dce_net_plus_plus(4, 5, initializer) for _ in range(2))
    kernels = one.get_weights()[::2]
    for a, b in zip(kernels, other.get_weights()[::2], strict=True):
        np.testing.assert_array_equal(a, b)
    assert kernels[2].shape == kernels[4].shape and (kernels[2] != kernels[4]).all()


@pytest.mark.parametrize("arguments", [{"filters": 0}, {"num_layers": 2}])
def test_errors(arguments):
    name = next(iter(arguments))
    with pytest.raises(ValueError, match=f"{name} must be"):
        build_dce_net_plus_plus(**arguments)
