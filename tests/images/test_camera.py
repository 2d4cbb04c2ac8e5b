import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zero_dce_keras.images import darken, linear_to_srgb, srgb_to_linear, to_float


def rng():
    return np.random.default_rng(7)


def test_srgb_known_values():
    # The two ends, the linear branch, and 18 % grey, which is 118 of 255.
    srgb = np.array([0.0, 0.04, 118 / 255, 1.0])
    linear = np.array([0.0, 0.04 / 12.92, 0.18116, 1.0])
    np.testing.assert_allclose(srgb_to_linear(srgb), linear, atol=1e-5)
    np.testing.assert_allclose(linear_to_srgb(linear), srgb, atol=1e-5)


@given(st.floats(0, 1))
def test_srgb_functions_are_inverses(value):
    # The standard's two branches meet with a step of 2e-9.
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(value)), value, atol=1e-12)
    np.testing.assert_allclose(srgb_to_linear(linear_to_srgb(value)), value, atol=3e-9)


def test_srgb_keeps_shape_and_type():
    image = np.linspace(0, 1, 32 * 48 * 3, dtype="float32").reshape(32, 48, 3)
    for function in (srgb_to_linear, linear_to_srgb):
        assert function(image).dtype == np.float32
        assert function(image).shape == (32, 48, 3)
        assert (np.diff(function(image).ravel()) > 0).all()


def test_darken_without_noise_is_the_closed_form():
    image = np.arange(256, dtype="uint8").reshape(16, 16)
    # So many electrons that shot noise is below one level.
    dark = darken(image, 1 / 4, rng(), read_noise=0, full_well=1e12)
    expected = linear_to_srgb(srgb_to_linear(image / 255) / 4) * 255
    np.testing.assert_allclose(dark, expected, atol=0.51)
    same = darken(image, 1, rng(), read_noise=0, full_well=1e12)
    np.testing.assert_array_equal(same, image)


@pytest.mark.parametrize("exposure", [1 / 4, 1 / 40])
def test_noise_has_the_stated_variance(exposure):
    image = np.full((200, 300), 200, "uint8")
    full_well, read_noise = 2000.0, 5.0
    dark = darken(image, exposure, rng(), read_noise, full_well)
    electrons = srgb_to_linear(to_float(dark)) * full_well
    mean = srgb_to_linear(200 / 255) * exposure * full_well
    np.testing.assert_allclose(electrons.mean(), mean, rtol=0.02)
    np.testing.assert_allclose(electrons.var(), mean + read_noise**2, rtol=0.05)


def test_darken_is_deterministic_and_leaves_its_input():
    image = np.tile(np.arange(48, dtype="uint8")[:, None] * 5, (32, 1, 3))
    before = image.copy()
    first, again = darken(image, 0.1, rng()), darken(image, 0.1, rng())
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(image, before)
    assert first.dtype == np.uint8 and first.shape == image.shape
    other = darken(image, 0.1, np.random.default_rng(8))
    assert (other != first).any()


@pytest.mark.parametrize("exposure", [0, -0.5, 1.01, float("nan")])
def test_darken_refuses_exposures_out_of_range(exposure):
    with pytest.raises(ValueError, match=r"exposure must be in \(0, 1\]"):
        darken(np.zeros((4, 6, 3), "uint8"), exposure, rng())


def test_darken_refuses_floats():
    with pytest.raises(ValueError, match="must be uint8. Received: float64"):
        darken(np.zeros((4, 6, 3)), 0.5, rng())
