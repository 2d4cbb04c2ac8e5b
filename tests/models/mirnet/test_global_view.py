"""MIRNet's look at the whole photograph, its features at half resolution, and its loss."""

import keras
import numpy as np
import pytest

from zero_dce_keras import Enhancer, MIRNet, mirnet_model
from zero_dce_keras.models.mirnet.global_view import ChangeTone
from zero_dce_keras.models.mirnet.mirnet import match_means

numpy = keras.ops.convert_to_numpy


def noise(size=(32, 48), seed=0, count=2):
    rng = np.random.default_rng(seed)
    return rng.random((count, *size, 3), dtype="float32")


def seeing(**kwargs):
    """A model that changes images by what it sees in the whole, and by nothing else."""
    model = MIRNet(1, 1, 4, "residual", global_view=True, **kwargs)
    network = model.network
    weights = network.get_layer("conv_out").weights
    for weight in weights:
        weight.assign(np.zeros(weight.shape))
    kernel = network.get_layer("global_view").changes.kernel
    kernel.assign(np.random.default_rng(1).normal(size=kernel.shape))
    return model


def test_half_resolution_is_a_convolution_of_blocks_of_pixels():
    """Kernels that take each 2×2 block apart and put it together again."""
    network = mirnet_model(1, 1, 12, block="residual", stride=2)
    for layer in network.layers:
        for weight in layer.weights:
            weight.assign(np.zeros(weight.shape))
    apart = np.zeros((6, 6, 3, 12), "float32")
    for n, (row, column, color) in enumerate(np.ndindex(2, 2, 3)):
        apart[2 + row, 2 + column, color, n] = 0.5
    network.get_layer("conv_in").kernel.assign(apart)
    network.get_layer("conv_out").kernel.assign(apart)
    for size in ((32, 48), (31, 45)):
        images = noise(size)
        np.testing.assert_allclose(numpy(network(images)), 1.25 * images, atol=1e-6)


def test_tone_by_numpy():
    rng = np.random.default_rng(2)
    changes = rng.normal(scale=0.3, size=(2, 11)).astype("float32")
    images = np.maximum(noise(), 0.001)
    found = numpy(ChangeTone()([images, changes]))
    for image, changed, (gain, gamma, *colors) in zip(images, found, changes):
        y = np.exp(gain) * image ** np.exp(gamma)
        expected = y + y @ np.reshape(colors, (3, 3))
        np.testing.assert_allclose(changed, expected, rtol=1e-3, atol=1e-4)


def test_before_the_training_nothing_is_changed():
    model = seeing()
    kernel = model.network.get_layer("global_view").changes.kernel
    kernel.assign(np.zeros(kernel.shape))
    images = np.maximum(noise(), 0.01)
    np.testing.assert_allclose(numpy(model(images)), images, atol=1e-6)


@pytest.mark.parametrize("normalization", [None, {}])
def test_parts_are_changed_as_the_whole(normalization):
    model = seeing(exposure_normalization=normalization)
    images = noise((96, 128)) / 4
    images[:, 40:] /= 3  # the parts are darker than the whole
    whole, gains = numpy(model(images)), numpy(model.gains(images))
    assert gains.shape == (2, 1, 1, model.num_gains)
    parts = images[:, 40:80, 50:90]
    np.testing.assert_array_equal(
        numpy(model.enhance(parts, gains)), whole[:, 40:80, 50:90]
    )
    np.testing.assert_array_equal(numpy(model((parts, gains))), whole[:, 40:80, 50:90])
    assert np.abs(numpy(model(parts)) - whole[:, 40:80, 50:90]).max() > 0.005
    enhancer = Enhancer(model)
    tiled = enhancer(images[0], tile=80)
    np.testing.assert_allclose(tiled, whole[0], atol=1e-5)
    np.testing.assert_allclose(
        enhancer(parts[0], gains=enhancer.gains(images[0])),
        whole[0, 40:80, 50:90],
        atol=1e-5,
    )


def test_the_loss_at_the_brightness_of_the_reference():
    reference, enhanced = noise(), noise(seed=1) / 3
    means = numpy(match_means(reference, enhanced)).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(means, reference.mean(axis=(1, 2, 3)), rtol=1e-5)
    model = seeing(gt_mean_weight=0.75, epsilon=1e-6)
    kernel = model.network.get_layer("global_view").changes.kernel
    kernel.assign(np.zeros(kernel.shape))
    low_light = np.maximum(reference, 0.01) / 2
    losses, _ = model.losses_and_output(low_light, 2 * low_light, training=True)
    assert float(losses["gt_mean_loss"]) == pytest.approx(0, abs=1e-5)
    expected = 0.25 * low_light.mean()
    assert float(losses["charbonnier_loss"]) == pytest.approx(expected, rel=1e-4)
    assert float(losses["total_loss"]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("option", [{"stride": 2}, {"global_view": True}])
def test_the_official_code_has_none_of_it(option):
    with pytest.raises(ValueError, match="the official code has no MIRNet with"):
        MIRNet(1, 1, 4, **option).torch_names()
