import keras
import numpy as np
import pytest

from zero_dce_keras.models.resampling import ShrinkImages, StretchMaps


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def shrink(images, scale_factor, resampling="official"):
    return numpy(ShrinkImages(scale_factor, resampling)(images))


def stretch(maps, height, width, scale_factor, resampling="official"):
    images = np.zeros((len(maps), height, width, 3), "float32")
    return numpy(StretchMaps(scale_factor, resampling)(maps, images))


def ramp(height, width):
    """Red counts the rows, green the columns."""
    rows, columns = np.mgrid[:height, :width]
    return np.float32(np.stack([rows, columns, 0 * rows], -1))[None]


@pytest.mark.parametrize("resampling", ["official", "area"])
@pytest.mark.parametrize("scale_factor", [1, 2, 3, 4, 12])
def test_a_ramp_shrinks_to_the_centres_of_its_blocks(scale_factor, resampling):
    s = scale_factor
    small = shrink(ramp(2 * s, 3 * s), s, resampling)
    assert small.shape == (1, 2, 3, 3)
    np.testing.assert_allclose(
        small, s * ramp(2, 3) + np.array([1, 1, 0]) * (s - 1) / 2, 1e-6
    )


def test_official_shrinking_reads_four_pixels_of_a_block_and_area_all():
    block = np.zeros((1, 4, 4, 1), "float32")
    block[0, 1:3, 1:3] = 1
    assert shrink(block, 4) == 1
    assert shrink(block, 4, "area") == 0.25
    assert shrink(1 - block, 4) == 0


@pytest.mark.parametrize("resampling", ["official", "area"])
def test_what_is_not_divisible_is_continued_by_its_border(resampling):
    images = np.random.default_rng(0).random((2, 10, 13, 3), dtype="float32")
    small = shrink(images, 4, resampling)
    assert small.shape == (2, 3, 4, 3)
    if resampling == "official":
        padded = np.pad(images, ((0, 0), (0, 2), (0, 3), (0, 0)), mode="edge")
        np.testing.assert_array_equal(small, shrink(padded, 4))
    else:
        np.testing.assert_allclose(
            small[:, 2, 3], images[:, 8:, 12:].mean(axis=(1, 2)), rtol=1e-5
        )
    whole = stretch(small, 12, 16, 4, resampling)
    part = stretch(small, 10, 13, 4, resampling)
    np.testing.assert_allclose(part, whole[:, :10, :13], atol=1e-6)


def test_official_stretching_aligns_corners():
    maps = np.random.default_rng(0).random((1, 3, 5, 3), dtype="float32")
    large = stretch(maps, 12, 20, 4)
    np.testing.assert_allclose(large[:, ::11, ::19], maps[:, ::2, ::4], atol=1e-6)
    expected = 2 / 11 * ramp(12, 20)[..., :1] + 4 / 19 * ramp(12, 20)[..., 1:2]
    found = stretch(ramp(3, 5).sum(-1, keepdims=True), 12, 20, 4)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_area_stretching_keeps_the_centres():
    """A ramp stays where it was, except in the outer half of the outer blocks."""
    images = ramp(12, 20)
    found = stretch(shrink(images, 4, "area"), 12, 20, 4, "area")
    np.testing.assert_allclose(found[:, 2:-2, 2:-2], images[:, 2:-2, 2:-2], atol=1e-5)
    moved = stretch(shrink(images, 4), 12, 20, 4)
    assert np.abs(moved - images)[:, 2:-2, 2:-2].max() > 0.5


@pytest.mark.parametrize("resampling", ["official", "area"])
def test_a_constant_stays_a_constant(resampling):
    flat = np.full((1, 11, 17, 3), 0.3, "float32")
    for s in (1, 5, 12, 40):
        small = shrink(flat, s, resampling)
        np.testing.assert_allclose(small, np.full_like(small, 0.3), rtol=1e-6)
        large = stretch(small, 11, 17, s, resampling)
        np.testing.assert_allclose(large, flat, rtol=1e-6)


@pytest.mark.parametrize("scale_factor", [0, 1.5, -2])
def test_errors(scale_factor):
    with pytest.raises(ValueError, match="scale_factor must be"):
        ShrinkImages(scale_factor)
    with pytest.raises(ValueError, match="resampling must be .*'cubic'"):
        StretchMaps(2, "cubic")
