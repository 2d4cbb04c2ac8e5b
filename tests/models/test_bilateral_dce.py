"""Curves from a miniature: what holds by construction, and against NumPy."""

import checks
import keras
import numpy as np
import pytest

from zero_dce_keras import BilateralDCE, Recipe
from zero_dce_keras.models.bilateral_dce.grid import (
    apply_shared_curves,
    curve_disorder,
    node_shares,
    slice_grid,
)
from zero_dce_keras.models.bilateral_dce.noise import (
    AdaptiveDenoisingFilter,
    measure_noise,
)
from zero_dce_keras.models.miniature import miniature
from zero_dce_keras.models.registry import get_model_class

to_numpy = keras.ops.convert_to_numpy


def strong_model(**kwargs):
    """A small model whose curves differ from place to place."""
    keras.utils.set_random_seed(5)
    model = BilateralDCE(num_iterations=3, filters=4, miniature_size=16, **kwargs)
    curves = model.network.get_layer("curves")
    kernel, bias = curves.get_weights()
    curves.set_weights([20 * kernel, bias])
    return model


def enhance(model, images, **options):
    return to_numpy(model.enhance(np.float32(images), **options))


def photo(height=37, width=50):
    rng = np.random.default_rng(0)
    image = rng.random((1, height, width, 3), dtype="float32") ** 3
    image[:, :, width // 2 :] *= 0.2
    return image


# By construction


@pytest.mark.parametrize("level", [0.0, 0.02, 0.5, 0.93, 1.0])
def test_grey_stays_grey(level):
    rows = np.linspace(0, level, 40, dtype="float32")[:, None, None]
    grey = np.broadcast_to(rows, (40, 33, 3))[None]
    enhanced = enhance(strong_model(denoising_filter={}), grey)
    assert np.ptp(enhanced, axis=-1).max() < 1e-5
    assert level == 0 or np.abs(enhanced - grey).max() > 0.05 * level


def test_black_and_white_stay():
    image = photo()
    image[0, 5:9, 5:9], image[0, 20:24, 30:34] = 0, 1
    enhanced = enhance(strong_model(), image)
    assert np.abs(enhanced - image).mean() > 0.02
    np.testing.assert_allclose(enhanced[0, 5:9, 5:9], 0, atol=1e-6)
    np.testing.assert_allclose(enhanced[0, 20:24, 30:34], 1, atol=1e-6)


@pytest.mark.parametrize("share, expected", [(0.0, None), (1.0, [0.75, 0.375, 0.0])])
def test_ratios(share, expected):
    colour = np.float32([0.5, 0.25, 0.0])[None, None, None]
    maps = -np.ones((1, 1, 1, 1), "float32")
    enhanced = to_numpy(apply_shared_curves(colour, maps, 1, share))[0, 0, 0]
    each = 2 * colour[0, 0, 0] - colour[0, 0, 0] ** 2
    np.testing.assert_allclose(enhanced, each if expected is None else expected)


def test_more_iterations_than_maps():
    image, maps = photo(5, 7), np.full((1, 5, 7, 2), -0.3, "float32")
    maps[..., 1] = 0.4
    x = image
    for alpha in (-0.3, 0.4, -0.3):
        x = x + np.float32(alpha) * (x * x - x)
    np.testing.assert_allclose(apply_shared_curves(image, maps, 3, 0.0), x, atol=1e-6)
    np.testing.assert_array_equal(apply_shared_curves(image, maps, 0, 0.5), image)


# Against NumPy


@pytest.mark.parametrize("height, width", [(16, 16), (37, 50), (5, 3), (1, 1)])
def test_miniature_is_area_means(height, width):
    image = photo(height, width)
    fine = image[0].repeat(8, axis=0).repeat(8, axis=1)  # 8 of its pixels: one of 8×8
    expected = fine.reshape(8, height, 8, width, 3).mean((1, 3))
    np.testing.assert_allclose(to_numpy(miniature(image, 8))[0], expected, atol=1e-5)


@pytest.mark.parametrize("length, size", [(37, 8), (3, 8), (8, 8)])
def test_node_shares(length, size):
    shares = to_numpy(node_shares(length, size))
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    centres = (np.arange(length) + 0.5) / length * size - 0.5
    found = shares @ np.arange(size)
    np.testing.assert_allclose(found, np.clip(centres, 0, size - 1), atol=1e-5)


def test_slices_follow_the_brightness():
    """In a grid that is the same everywhere, a pixel's curve depends on its brightness."""
    nodes = np.float32([-1.0, 0.5, 0.25])  # at brightest channels of 0, ¼ and 1
    grid = np.broadcast_to(nodes, (1, 4, 4, 3))
    image = np.zeros((1, 1, 3, 3), "float32")
    image[0, 0, :, 1] = [0, 0.25, 0.5625]
    maps = to_numpy(slice_grid(grid, image, num_maps=1))
    np.testing.assert_allclose(maps[0, 0, :, 0], [-1.0, 0.5, 0.375], atol=1e-6)


def test_disorder():
    brightening = np.full((1, 2, 2, 3 * 2), -0.5, "float32")
    assert float(curve_disorder(brightening, 2)[0]) == 0
    turning = brightening.copy()
    turning[..., :2], turning[..., 2:4] = -1, 1  # the dark is lifted above the middle
    assert float(curve_disorder(turning, 2)[0]) > 0.01


# Noise


def noisy(level, sigma, size=(96, 128)):
    rng = np.random.default_rng(1)
    image = rng.normal(level, sigma, (1, *size, 3)) / 255
    return np.clip(image, 0, 1).astype("float32")


@pytest.mark.parametrize("sigma", [1.0, 3.0])
def test_noise_is_found(sigma):
    noise = to_numpy(measure_noise(noisy(24, sigma)))[0]
    expected = sigma * np.sqrt(0.25**2 + 0.5**2 + 0.25**2)  # of the guide
    assert noise[1] == pytest.approx(expected, rel=0.2)


def test_texture_is_no_noise():
    """A stripe pattern beside a flat, quiet part does not open the filter."""
    image = noisy(24, 0.5)
    image[:, :, 64::4] += 60 / 255
    noise = to_numpy(measure_noise(image))[0]
    assert noise.max() < 1
    denoised = to_numpy(AdaptiveDenoisingFilter()(image))
    assert np.abs(denoised - image)[:, :, 66:].max() < 3 / 255


@pytest.mark.parametrize("level", [0, 60, 255])
def test_without_noise_nothing_is_filtered(level):
    image = np.full((1, 40, 50, 3), level / 255, "float32")
    image[:, :, 25:, 0] = 0.5
    noise = measure_noise(image)
    assert to_numpy(noise).max() == 0
    np.testing.assert_array_equal(AdaptiveDenoisingFilter()(image), image)


# Training


def test_it_learns_from_pairs(low_light, reference):
    model = BilateralDCE(**checks.MODELS[BilateralDCE].small, window=16)
    eagerly = keras.backend.backend() != "jax"  # there a step without XLA takes seconds
    model.compile(learning_rate=3e-2, run_eagerly=eagerly)
    history = model.fit(low_light, reference, epochs=12, verbose=0).history
    assert history["charbonnier_loss"][-1] < 0.9 * history["charbonnier_loss"][0]
    assert "psnr" not in history  # the losses saw windows
    assert "psnr" in model.evaluate(low_light, reference, verbose=0, return_dict=True)


def test_pairs_are_needed(low_light):
    model = checks.small_model(BilateralDCE)
    model.compile(run_eagerly=True)
    with pytest.raises(ValueError, match=r"need batches of \(low_light, reference\)"):
        model.fit(low_light, verbose=0)


def test_references_reach_no_gradient_without_a_weight(low_light, reference):
    """By default it learns as `ZeroDCE` does: references feed metrics only."""
    ends = []
    for pairs in ((low_light, reference), (low_light, 1 - reference)):
        keras.utils.set_random_seed(2)
        model = BilateralDCE(num_iterations=2, filters=4, miniature_size=16)
        model.compile(learning_rate=1e-2, run_eagerly=True)
        history = model.fit(*pairs, shuffle=False, verbose=0).history
        assert {"exposure_loss", "spatial_consistency_loss", "psnr"} <= set(history)
        ends.append(model.network.get_weights())
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


def test_permuted_channels_stay_pairs(low_light):
    """Both pictures get the same order, another one for every batch."""
    model = strong_model(permute_channels=True, reference_weight=1.0, order_weight=0)
    batch = np.float32(low_light)
    orders, expected = set(), model.losses_and_output(batch, batch, False)
    for _ in range(12):
        found, enhanced = model.losses_and_output(batch, batch, True)
        assert float(found["total_loss"]) < 1.5 * float(expected[0]["total_loss"])
        means = to_numpy(enhanced).mean(axis=(0, 1, 2))
        orders.add(tuple(np.argsort(means)))
    assert len(orders) > 1


def test_node_smoothness():
    model = strong_model(order_weight=0, node_smoothness_weight=2.0)
    nodes = np.float32([0.0, 0.1, -0.2]).repeat(3)  # of three maps each
    grid = np.broadcast_to(nodes, (1, 4, 4, 9))
    value = model._own_loss("node_smoothness_loss", grid, None, None)
    assert np.mean(to_numpy(value)) == pytest.approx((0.01 + 0.09) / 2)
    losses, _ = model.losses_and_output(photo(32, 48), None, True)
    assert float(losses["node_smoothness_loss"]) > 0


def test_a_recipe_makes_the_model():
    fields = {
        "reference_weight": 1.0,
        "ssim_weight": 0.3,
        "ratio_share": 0.4,
        "window": 32,
        "permute_channels": True,
        "node_smoothness_weight": 0.1,
    }
    recipe = Recipe(model="bilateral_dce", filters=4, denoising_filter=True, **fields)
    assert recipe.learns_from_pairs
    model = get_model_class("bilateral_dce").from_recipe(recipe, "mixed_bfloat16")
    config = model.get_config()
    assert {name: config[name] for name in fields} == fields
    assert model.can_denoise and config["denoising_filter"] == {}


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"miniature_size": 30}, "miniature_size must be a multiple of 4"),
        ({"ratio_share": 1.5}, "ratio_share must be"),
        ({"ssim_weight": -1}, "ssim_weight must"),
        (
            {"exposure_normalization": {}},
            "exposure_normalization is not for BilateralDCE",
        ),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        BilateralDCE(**arguments)
