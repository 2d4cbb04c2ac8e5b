import checks
import numpy as np
import pytest

from zero_dce_keras.losses import SelfAdaptiveLoss, self_adaptive


def test_closed_forms():
    grey = np.full((2, 8, 12, 3), 0.4, "float32")
    # 0 but for the rounding of the mean
    np.testing.assert_allclose(self_adaptive(grey), [0, 0], atol=1e-6)
    split = grey.copy()
    split[1, :, :3, 0] += 0.4  # a quarter is 0.3 above the mean red, the rest 0.1 below
    expected = [0, 0.25 * 0.3 + 0.75 * 0.1]
    np.testing.assert_allclose(self_adaptive(split), expected, rtol=1e-5, atol=1e-6)


def test_against_numpy():
    images = np.random.default_rng(0).random((3, 9, 13, 3), dtype="float32")
    wide = np.float64(images)
    deviations = wide - wide.mean(axis=(1, 2), keepdims=True)
    expected = np.sqrt((deviations**2).sum(-1)).mean(axis=(1, 2))
    np.testing.assert_allclose(self_adaptive(images), expected, rtol=1e-5)
    loss = SelfAdaptiveLoss()(np.zeros_like(images), images)
    assert float(loss) == pytest.approx(expected.mean(), rel=1e-5)


@pytest.mark.parametrize("level", [0, 0.5, 1])
def test_gradient_is_finite_on_a_flat_image(level):
    flat = np.full((1, 4, 6, 3), level, "float32")
    assert np.isfinite(checks.gradient(self_adaptive, flat)).all()


def test_gradient_where_it_is_defined():
    """Of a pixel that differs: towards the mean."""
    images = np.zeros((1, 1, 4, 3), "float32")
    images[0, 0, 0, 1] = 1
    step = 1e-2
    moved = images.copy()
    moved[0, 0, 0, 1] += step
    slope = (float(self_adaptive(moved)[0]) - float(self_adaptive(images)[0])) / step
    gradient = checks.gradient(self_adaptive, images)[0, 0, 0, 1]
    assert gradient == pytest.approx(slope, rel=1e-3)


@pytest.mark.large
def test_official_output(shared):
    with np.load(shared / "data" / "official" / "zero_dce.npz") as file:
        enhanced, official = file["enhanced"], float(file["loss_sa"])
    assert np.mean(self_adaptive(enhanced)) == pytest.approx(official, rel=1e-5)
