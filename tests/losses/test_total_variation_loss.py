import numpy as np
import pytest

from zero_dce_keras.losses import total_variation


def test_closed_forms():
    ramp = np.zeros((2, 9, 11, 3), "float32") + np.arange(11, dtype="float32")[:, None]
    ramp[1] += np.arange(9, dtype="float32")[:, None, None]  # rises along both axes
    np.testing.assert_allclose(total_variation(ramp), [1, 2**0.5], rtol=1e-4)


def test_channels_are_averaged_before_the_root():
    red = np.zeros((1, 9, 11, 3), "float32")
    red[..., 0] = np.arange(11)
    assert float(total_variation(red)[0]) == pytest.approx((1 / 3) ** 0.5, rel=1e-4)


def test_a_flat_picture_has_almost_none():
    flat = np.ones((1, 9, 11, 3), "float32")
    assert 0 < float(total_variation(flat)[0]) < 0.004
