"""Exposure fusion and synthetic nights."""

import numpy as np
import pytest

from zero_dce_keras.images.exposure_fusion import fuse_exposures
from zero_dce_keras.images.night import lift_shadows, light_as_night


def scene(height=48, width=65):
    rng = np.random.default_rng(0)
    smooth = rng.random((6, 9, 3)).repeat(8, axis=0).repeat(8, axis=1)
    return smooth[:height, :width] * 0.8 + 0.1 + rng.normal(0, 0.01, (height, width, 3))


def expose(scene, light):
    return np.rint(255 * np.clip(scene * light, 0, 1)).astype("uint8")


def test_fusing_one_gives_it_back():
    image = expose(scene(), 1)
    difference = np.abs(np.int16(fuse_exposures([image, image])) - image)
    assert difference.max() <= 1


def test_a_fusion_shows_what_no_frame_does():
    """Bright parts come from the dark frame, dark ones from the bright frame."""
    steps = np.linspace(0.02, 1, 64)[None, :, None]
    light = np.float32(0.5 + 0.2 * np.sin(np.arange(40)))[:, None, None] * steps
    light = np.broadcast_to(light, (40, 64, 3))
    dark, bright = expose(light, 1), expose(light, 8)
    fused = fuse_exposures([dark, bright]).astype(float)
    details = [np.std(image[:, :8].astype(float)) for image in (dark, fused)]
    assert details[1] > 3 * details[0]  # in the shadows
    assert np.std(bright[:, -8:]) == 0 and np.std(fused[:, -8:]) > 10  # in the lights


def test_frames_of_two_sizes():
    with pytest.raises(ValueError, match="images must be of one size"):
        fuse_exposures([np.zeros((8, 8, 3), "uint8"), np.zeros((8, 9, 3), "uint8")])


@pytest.mark.parametrize("seed", range(6))
def test_nights(seed):
    day = expose(scene(), 1)
    night, lifted = light_as_night(day, np.random.default_rng(seed))
    assert night.dtype == lifted.dtype == np.uint8 and night.shape == day.shape
    assert np.median(night) < np.median(day)
    assert lifted.mean() > night.mean()
    burnt = [(image >= 250).mean() for image in (night, lifted)]
    assert burnt[1] <= burnt[0] + 0.01  # lamps stay what they are
    again, _ = light_as_night(day, np.random.default_rng(seed))
    np.testing.assert_array_equal(again, night)


def test_lifting_keeps_black_white_and_ratios():
    night = np.zeros((40, 40, 3), "uint8")
    night[10:20], night[20:30], night[30] = 3, [40, 20, 10], 255
    lifted = lift_shadows(night, toe=8)
    assert not lifted[:10].any() and (lifted[30] == 255).all()
    assert lifted[10, 0, 0] <= 8
    assert lifted[20, 0, 0] > 1.3 * 40
    np.testing.assert_allclose(
        lifted[20, 0] / lifted[20, 0, 0], [1, 0.5, 0.25], atol=0.02
    )
