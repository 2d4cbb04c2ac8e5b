import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zero_dce_keras import apply_curves


def floats(low, high):
    # TensorFlow takes subnormal numbers for zero.
    return st.floats(low, high, width=32, allow_subnormal=False)


@settings(max_examples=100, deadline=None)
@given(
    images=arrays(np.float32, (1, 2, 3, 3), elements=floats(0, 1)),
    maps=arrays(np.float32, (1, 2, 3, 6), elements=floats(-1, 1)),
    num_iterations=st.one_of(st.none(), st.integers(0, 20)),
)
def test_output_stays_in_range(images, maps, num_iterations):
    enhanced = np.asarray(apply_curves(images, maps, num_iterations))
    assert enhanced.shape == images.shape and enhanced.dtype == np.float32
    assert enhanced.min() >= 0 and enhanced.max() <= 1


@given(
    image=arrays(np.float32, (1, 2, 3, 3), elements=floats(0, 1)),
    alpha=floats(-1, 1),
)
@settings(max_examples=50, deadline=None)
def test_negative_brightens_and_positive_darkens(image, alpha):
    maps = np.full((1, 2, 3, 3), alpha, "float32")
    change = np.asarray(apply_curves(image, maps)) - image
    assert (change * np.sign(alpha) <= 0).all()


def ramp():
    return np.linspace(0, 1, 32 * 48 * 3, dtype="float32").reshape(1, 32, 48, 3)


@pytest.mark.parametrize(
    "alpha, expected",
    [
        (-1, lambda x: 1 - (1 - x) ** 2),
        (0, lambda x: x),
        (1, lambda x: x**2),
        (-0.5, lambda x: x + 0.5 * (x - x**2)),
    ],
)
def test_closed_forms(alpha, expected):
    maps = np.full((1, 32, 48, 3), alpha, "float32")
    enhanced = apply_curves(ramp(), maps)
    np.testing.assert_allclose(enhanced, expected(np.float64(ramp())), atol=1e-6)


def test_eight_full_curves():
    """1 − (1 − x)^(2^8): each iteration squares what is missing to white."""
    maps = np.full((1, 32, 48, 24), -1, "float32")
    expected = 1 - (1 - np.float64(ramp())) ** 256
    np.testing.assert_allclose(apply_curves(ramp(), maps), expected, atol=1e-5)


@pytest.mark.parametrize("num_iterations", [0, 1, 2, 3, 4, 7, None])
def test_iteration_i_uses_map_i_modulo_n(num_iterations):
    """Each pixel and channel has a curve of its own, in the order of the channels."""
    rng = np.random.default_rng(0)
    images = rng.random((2, 5, 7, 3), dtype="float32")
    maps = 2 * rng.random((2, 5, 7, 9), dtype="float32") - 1
    x = np.float64(images)
    for i in range(3 if num_iterations is None else num_iterations):
        alpha = maps[..., 3 * (i % 3) : 3 * (i % 3) + 3]
        x = x + alpha * (x**2 - x)
    enhanced = apply_curves(images, maps, num_iterations)
    np.testing.assert_allclose(enhanced, x, atol=1e-6)


def test_no_iteration_is_the_identity():
    enhanced = apply_curves(ramp(), np.full((1, 32, 48, 24), -1, "float32"), 0)
    np.testing.assert_array_equal(enhanced, ramp())


@pytest.mark.parametrize("channels", [0, 1, 4])
def test_maps_come_in_threes(channels):
    maps = np.zeros((1, 32, 48, channels), "float32")
    with pytest.raises(ValueError, match="curve_maps must .*multiple of 3"):
        apply_curves(ramp(), maps)


def test_negative_iterations():
    with pytest.raises(ValueError, match="num_iterations must .*Received: -1"):
        apply_curves(ramp(), np.zeros((1, 32, 48, 3), "float32"), -1)
