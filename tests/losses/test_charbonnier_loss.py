import keras
import numpy as np
import pytest

from zero_dce_keras import CharbonnierLoss
from zero_dce_keras.losses import charbonnier

BLACK = np.zeros((2, 32, 48, 3), "float32")


def values(*args, **kwargs):
    return keras.ops.convert_to_numpy(charbonnier(*args, **kwargs))


def test_epsilon_is_what_is_left():
    np.testing.assert_allclose(values(BLACK, BLACK), [1e-3, 1e-3], rtol=1e-6)


def test_hypotenuse():
    """Differences of 3 and 4 (with ε = 4 and 3) make 5."""
    np.testing.assert_allclose(values(BLACK, BLACK + 3, epsilon=4), [5, 5])
    np.testing.assert_allclose(values(BLACK + 4, BLACK, epsilon=3), [5, 5])


def test_mean_over_the_pixels_of_each_image():
    enhanced = BLACK.copy()
    enhanced[0, :, :24] = 3  # half of the first image
    np.testing.assert_allclose(values(BLACK, enhanced, epsilon=4), [4.5, 4], rtol=1e-6)


def test_the_class_is_the_mean_over_images():
    enhanced = np.stack([BLACK[0], BLACK[1] + 3])
    assert float(CharbonnierLoss(epsilon=4)(BLACK, enhanced)) == pytest.approx(4.5)


@pytest.mark.parametrize("epsilon", [0, float("nan")])
def test_epsilon_must_be_positive(epsilon):
    with pytest.raises(
        ValueError, match="epsilon must be finite and positive. Received"
    ):
        CharbonnierLoss(epsilon)
    with pytest.raises(
        ValueError, match="epsilon must be finite and positive. Received"
    ):
        charbonnier(BLACK, BLACK, epsilon)
