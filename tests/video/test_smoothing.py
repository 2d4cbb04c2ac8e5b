"""Curves over time: shots, flashes, fades, black frames."""

import numpy as np

from zero_dce_keras.video.smoothing import SmoothedCurves, SmoothedGains

FRAME = 1 / 25


def picture(seed=0, light=1.0):
    rng = np.random.default_rng(seed)
    cells = rng.integers(20, 200, (8, 8, 3)).repeat(12, axis=0).repeat(16, axis=1)
    return np.clip(cells * light, 0, 255).astype("uint8")


def run(frames, curves):
    smooth = SmoothedCurves()
    times = [0.0] + [FRAME] * (len(frames) - 1)
    return [
        float(smooth(np.float32([value]), frame, seconds)[0])
        for value, frame, seconds in zip(curves, frames, times, strict=True)
    ]


def test_noise_of_the_curves_is_averaged():
    curves = -0.3 + 0.1 * np.random.default_rng(0).standard_normal(60)
    found = run([picture()] * 60, curves)
    assert np.std(found[20:]) < 0.15 * np.std(curves)


def test_a_flash_is_no_shot():
    frames = [picture(light=3 if i == 10 else 1) for i in range(20)]
    found = run(frames, [0.9 if i == 10 else -0.3 for i in range(20)])
    assert max(found) < -0.15


def test_light_that_changes_is_followed_slowly():
    frames = [picture(light=0.25 if i < 25 else 1) for i in range(200)]
    found = run(frames, [-0.8 if i < 25 else -0.2 for i in range(200)])
    assert found[26] < -0.7 and found[-1] > -0.25
    assert np.all(np.diff(found[25:]) > 0)


def test_a_cut_starts_anew():
    frames = [picture(seed=i // 10) for i in range(30)]
    found = run(frames, [[-0.8, 0.4, -0.1][i // 10] for i in range(30)])
    np.testing.assert_allclose(found, np.repeat([-0.8, 0.4, -0.1], 10), atol=1e-6)


def test_a_lamp_that_blinks_in_a_corner_begins_no_shot():
    """However bright in the dark it is; most of the picture is as it was."""
    dark, lit = picture(light=0.1), picture(light=0.1)
    lit[:24, -32:] = 255
    found = run([dark, lit] * 20, [-0.5, -0.1] * 20)
    assert np.abs(np.diff(found[4:])).max() < 0.1
    assert np.abs(np.diff(found[20:])).max() < 0.03


def test_frames_without_structure_begin_no_shots():
    """A foggy wall, whose miniature is noise."""
    rng = np.random.default_rng(0)
    frames = [rng.integers(90, 110, (96, 128, 3)).astype("uint8") for _ in range(40)]
    found = run(frames, [-0.5, -0.3] * 20)
    assert np.abs(np.diff(found[20:])).max() < 0.02


def test_black_frames_change_nothing():
    frames = [picture() if not 10 <= i < 20 else 0 * picture() for i in range(30)]
    found = run(frames, [0.7 if 10 <= i < 20 else -0.4 for i in range(30)])
    np.testing.assert_allclose(found, -0.4, atol=1e-6)


def test_black_at_the_start():
    frames = [0 * picture()] * 5 + [picture()] * 5
    found = run(frames, [0.7] * 5 + [-0.4] * 5)
    np.testing.assert_allclose(found[5:], -0.4, atol=1e-6)


def test_black_frames_do_not_change_gains():
    smooth, gains = SmoothedGains(), np.float32([4, 4, 4, 1, 0, 0, 0, 0.6])
    first = smooth(gains, picture(), FRAME)
    held = smooth(30 * gains, 0 * picture(), FRAME)
    np.testing.assert_array_equal(held[3:], first[3:])
    np.testing.assert_allclose(smooth(gains, picture(), FRAME), first, rtol=1e-6)


def test_gains_lift_no_black():
    """They add a pedestal before they multiply: black would be grey."""
    smooth, gains = SmoothedGains(), np.float32([4, 4, 4, 1, 0, 0, 0, 0.6])
    assert smooth(gains, 0 * picture(), FRAME)[0] == 0
    first = smooth(gains, picture(), FRAME)
    assert first[0] == 4
    levels = [1.5, 1.2, 0.9, 0.6, 0.3, 0]
    factors = [smooth(gains, np.full((32, 48, 3), k), FRAME)[0] for k in levels]
    assert factors[0] == 4 and factors[-1] == 0 and (np.diff(factors) <= 0).all()


def test_gains_wait_while_the_light_changes():
    smooth, gains = SmoothedGains(), np.float32([4, 4, 4, 1, 0, 0, 0, 0.6])
    fade = [0.25, 0.2, 0.15, 0.1, 0.05]
    lights = [0.3] * 20 + [1.0, 0.3, *fade, 0, 0, *fade[::-1]]
    factors = [gains / max(k, 0.03) for k in lights]
    pairs = zip(lights, factors, strict=True)
    found = np.array([smooth(g, picture(light=k), FRAME)[0] for k, g in pairs])
    lit = np.array(lights) > 0
    np.testing.assert_allclose(found[lit], found[0], rtol=1e-5)
