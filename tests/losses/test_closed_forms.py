"""Values that can be worked out by hand."""

import numpy as np
import pytest

from zero_dce_keras import losses


def in_numpy(loss):
    return lambda *args, **kwargs: np.asarray(loss(*args, **kwargs))


color_constancy = in_numpy(losses.color_constancy)
exposure_control = in_numpy(losses.exposure_control)
illumination_smoothness = in_numpy(losses.illumination_smoothness)
spatial_consistency = in_numpy(losses.spatial_consistency)


def image(red, green, blue, height=32, width=48):
    return np.tile(np.float32([red, green, blue]), (1, height, width, 1))


BLACK, WHITE, GREY = image(0, 0, 0), image(1, 1, 1), image(0.5, 0.5, 0.5)


@pytest.mark.parametrize("level", [0.42, 0.6])
def test_exposure_of_black_is_the_level_squared(level):
    assert exposure_control(BLACK, level)[0] == pytest.approx(level**2)
    assert exposure_control(BLACK, level, form="paper")[0] == pytest.approx(level)
    assert exposure_control(WHITE, level)[0] == pytest.approx((1 - level) ** 2)


def test_exposure_is_judged_patch_by_patch():
    half_white = BLACK.copy()
    half_white[:, :, 16:32] = 1  # one patch column of three
    expected = (2 * 0.6**2 + 0.4**2) / 3
    assert exposure_control(half_white)[0] == pytest.approx(expected)
    # the one patch of 32 pixels is half white; it leaves out the last 16 columns
    assert exposure_control(half_white, 0.6, 32)[0] == pytest.approx(0.1**2)


def test_the_class_of_exposure_passes_its_arguments():
    striped = BLACK.copy()
    striped[:, :, 40:] = 1  # one of six columns of 8 pixels
    loss = losses.ExposureControlLoss(0.42, 8, form="paper")
    assert float(loss(BLACK, striped)) == pytest.approx((5 * 0.42 + 0.58) / 6)


def test_exposure_leaves_out_what_fills_no_patch():
    picture = image(0.6, 0.6, 0.6, 35, 50)
    picture[:, 32:] = 1
    picture[:, :, 48:] = 0
    assert exposure_control(picture)[0] == pytest.approx(0, abs=1e-12)


def test_exposure_needs_a_patch():
    with pytest.raises(ValueError, match="at least 16 pixels"):
        exposure_control(np.zeros((1, 15, 48, 3), "float32"))


@pytest.mark.parametrize(
    "color, official, paper",
    [
        ((1, 0, 0), 2**0.5, 2),
        ((0, 1, 0), 2**0.5, 2),
        ((0, 0, 1), 2**0.5, 2),
        ((1, 1, 0), 2**0.5, 2),
        ((0.5, 0.3, 0.1), (0.2**4 + 0.4**4 + 0.2**4) ** 0.5, 0.04 + 0.16 + 0.04),
        ((0.4, 0.4, 0.4), 0, 0),
    ],
)
def test_pure_colors(color, official, paper):
    assert color_constancy(image(*color))[0] == pytest.approx(official, abs=1e-6)
    assert color_constancy(image(*color), "paper")[0] == pytest.approx(paper, abs=1e-6)


def test_color_of_the_whole_batch():
    """Red, green and blue pictures are grey together: the notebook's form."""
    batch = np.concatenate([image(1, 0, 0), image(0, 1, 0), image(0, 0, 1)])
    np.testing.assert_allclose(color_constancy(batch, "notebook"), np.zeros(3))
    np.testing.assert_allclose(color_constancy(batch), np.full(3, 2**0.5), rtol=1e-6)


@pytest.mark.parametrize("form", losses.LOSS_FORMS)
def test_what_does_not_change_is_consistent_and_smooth(form):
    noise = np.random.default_rng(0).random((2, 32, 48, 3), dtype="float32")
    np.testing.assert_array_equal(spatial_consistency(noise, noise, form), [0, 0])
    flat = np.full((2, 32, 48, 24), -0.3, "float32")
    smoothness = illumination_smoothness(flat, form)
    np.testing.assert_allclose(smoothness, [0, 0], atol=1e-12)


def test_spatial_of_a_uniform_change_comes_from_the_border_alone():
    """8×12 regions: 2·8 + 2·12 neighbours lie beyond the border, where all is zero."""
    value = spatial_consistency(BLACK, GREY)[0]
    assert value == pytest.approx(0.5**2 * (2 * 8 + 2 * 12) / (8 * 12))
    assert spatial_consistency(BLACK, GREY, "notebook")[0] == pytest.approx(0)


def test_spatial_of_a_brighter_half():
    """The edge between the halves counts twice a row, once from each side."""
    brighter = BLACK.copy()
    brighter[:, :, 24:] = 0.5
    # 8 edges seen from both sides, then the border: 8 at the right, 6 + 6 above, below
    expected = 0.5**2 * (2 * 8 + 8 + 12) / (8 * 12)
    assert spatial_consistency(BLACK, brighter)[0] == pytest.approx(expected)


@pytest.mark.parametrize("axis", [1, 2])
def test_smoothness_of_a_ramp(axis):
    """Both terms are means over their pixels, so the shape does not matter."""
    ramp = np.zeros((1, 32, 48, 6), "float32")
    ramp += np.expand_dims(np.arange(ramp.shape[axis]) * 0.02, (0, 3 - axis, 3))
    assert illumination_smoothness(ramp)[0] == pytest.approx(2 * 6 * 0.02**2, rel=1e-4)
    # Sobel: (1 + 2 + 1) times a difference over two pixels, the mean over channels; at
    # both ends the reflected ramp has none.
    sobel = illumination_smoothness(ramp, "notebook")[0]
    inside = (ramp.shape[axis] - 2) / ramp.shape[axis]
    assert sobel == pytest.approx(inside * (4 * 0.04) ** 2, rel=1e-4)


def test_smoothness_sees_rows_and_columns_alike():
    maps = np.random.default_rng(0).random((1, 20, 20, 3), dtype="float32")
    turned = illumination_smoothness(maps.transpose(0, 2, 1, 3))
    np.testing.assert_allclose(illumination_smoothness(maps), turned, rtol=1e-6)


@pytest.mark.parametrize(
    "loss",
    [
        lambda form: spatial_consistency(BLACK, GREY, form),
        lambda form: exposure_control(BLACK, form=form),
        lambda form: color_constancy(BLACK, form),
        lambda form: illumination_smoothness(BLACK, form),
    ],
)
def test_unknown_form(loss):
    with pytest.raises(ValueError, match="form must be one of .*Received: 'seed'"):
        loss("seed")
