"""What learns nothing: closed forms, and what every such way must do."""

import numpy as np
import pytest

from zero_dce_keras.evaluation.classical import (
    ALPHA,
    CLASSICAL,
    EPSILON,
    MOST_PIXELS,
    POWER,
    equalize_histogram,
    gamma,
    lime,
)

pytest.importorskip("skimage")


def dark_photo():
    """Noise under light that falls off to the right."""
    rng = np.random.default_rng(0)
    light = np.linspace(0.25, 0.02, 48)[None, :, None]
    return (rng.integers(128, 256, (32, 48, 3)) * light).astype("uint8")


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_dark_photograph_becomes_brighter_in_its_own_shape(name):
    image = dark_photo()
    result = CLASSICAL[name](image)
    assert (result.shape, result.dtype) == (image.shape, np.uint8)
    assert result.mean() > 1.5 * image.mean()
    np.testing.assert_array_equal(image, dark_photo())  # the input is left alone


@pytest.mark.parametrize("name", CLASSICAL)
def test_black_is_no_error(name):
    assert CLASSICAL[name](np.zeros((32, 48, 3), "uint8")).max() <= 255


def test_gamma_brings_the_mean_to_the_middle_or_as_near_as_it_may():
    grey = np.full((4, 6, 3), 40, "uint8")
    assert gamma(grey).mean() == pytest.approx(127.5, abs=0.6)
    bright = np.full((4, 6, 3), 200, "uint8")
    np.testing.assert_array_equal(gamma(bright), bright)  # never darker
    nearly_black = np.full((4, 6, 3), 1, "uint8")
    assert gamma(nearly_black).mean() == round(255 * (1 / 255) ** 0.3)


def test_an_equalised_value_is_spread_evenly_and_keeps_the_hue():
    image = np.zeros((1, 101, 3), "uint8")
    image[0, :, 0] = np.arange(101)
    image[0, :, 1] = np.arange(101) // 2
    result = equalize_histogram(image)
    np.testing.assert_allclose(result[0, :, 0], 2.55 * np.arange(101), atol=0.51)
    ratios = result[0, 20:, 1] / result[0, 20:, 0]
    np.testing.assert_allclose(ratios, 0.5, atol=0.03)


def test_lime_of_one_colour_is_that_colour_to_the_rest_of_its_power():
    """No gradient: the map is the largest channel itself, L / T^.8."""
    colour = np.array([60, 30, 15])
    image = np.broadcast_to(colour, (16, 24, 3)).astype("uint8")
    expected = colour / 255 / (60 / 255) ** POWER * 255
    np.testing.assert_allclose(lime(image)[3, 5], expected, atol=0.51)


def test_limes_map_solves_its_equation():
    """Two pixels: (1 + w) T1 − w T2 = L1, and the other way round, by hand."""
    from zero_dce_keras.evaluation.classical import _illumination

    low, high = 0.2, 0.6
    found = _illumination(np.array([[low, high]] * 2))
    gradient = high - low
    from skimage.filters import gaussian

    blurred = gaussian(np.array([[gradient, 0]] * 2), 2)[0, 0]
    weight = ALPHA / ((blurred + EPSILON) * (gradient + EPSILON))
    share = weight / (1 + 2 * weight)
    expected = [low + share * gradient, high - share * gradient]
    np.testing.assert_allclose(found, [expected] * 2, rtol=1e-6)


def test_the_map_of_a_large_photograph_is_a_miniatures(monkeypatch):
    image = dark_photo()
    exact = lime(image)
    monkeypatch.setattr("zero_dce_keras.evaluation.classical.MOST_PIXELS", 400)
    rough = lime(image)
    assert rough.shape == image.shape and MOST_PIXELS > image[..., 0].size
    assert 0 < np.abs(rough.astype(int) - exact).mean() < 12
