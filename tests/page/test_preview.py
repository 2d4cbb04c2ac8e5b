"""What the sliders show, and that they do without the network."""

import numpy as np
import pytest
from PIL import ImageCms

from zero_dce_keras import Enhancer
from zero_dce_keras.images import Photograph
from zero_dce_keras.page.preview import LONGEST_SIDE, Preview, to_screen

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="module", params=["zero_dce_lol", "zero_dce_general"])
def enhancer(request):
    return Enhancer.from_preset(request.param)


def photograph(shape=(32, 48, 3), dtype="uint8", **kwargs):
    most = np.iinfo(dtype).max // 4
    pixels = np.random.default_rng(0).integers(0, most, shape, dtype)
    return Photograph(pixels, **kwargs)


def test_sliders_give_what_a_call_gives(enhancer):
    dark = photograph()
    preview = Preview(enhancer, dark)
    np.testing.assert_array_equal(preview.before, dark.pixels)
    for iterations, strength in ((0, 1.0), (3, 0.5), (16, 1.0)):
        options = {"iterations": iterations, "strength": strength}
        expected = enhancer(dark.pixels, **options).astype(int)
        shown = preview.after(iterations, strength)
        assert shown.dtype == np.uint8
        assert np.abs(shown - expected).max() <= 1


def test_sliders_do_not_run_the_network(enhancer, monkeypatch):
    preview = Preview(enhancer, photograph())

    def run(*args, **kwargs):
        raise AssertionError("the network ran")

    if enhancer.compiled is None:
        monkeypatch.setattr(enhancer._runner, "_run", run)
    else:
        monkeypatch.setattr(enhancer.compiled, "_net", run)
    assert preview.after(9, 1.0).mean() > 2 * preview.before.mean()
    with pytest.raises(AssertionError, match="the network ran"):
        Preview(enhancer, photograph())


def test_large_photographs_are_shown_small():
    shown = to_screen(photograph((1500, 2250, 3)))
    assert shown.shape == (683, LONGEST_SIDE, 3)


@pytest.mark.parametrize("shape", [(32, 48), (32, 48, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_every_photograph_is_shown_in_colour_of_8_bits(shape, dtype):
    alpha = np.zeros(shape[:2], dtype)
    shown = to_screen(photograph(shape, dtype, alpha=alpha))
    assert shown.shape == (32, 48, 3) and shown.dtype == np.uint8
    assert shown.mean() > 20  # what is transparent is shown all the same


def test_profiles_are_shown_as_srgb():
    dark = photograph().pixels
    same = to_screen(photograph(icc_profile=SRGB)).astype(int)
    assert np.abs(same - dark).max() <= 2
    shown = to_screen(photograph(icc_profile=with_linear_light(SRGB)))
    assert shown.mean() > 2 * dark.mean()  # linear 0.12 is sRGB 0.38


def test_a_damaged_profile_is_passed_over():
    shown = to_screen(photograph(icc_profile=b"damaged"))
    np.testing.assert_array_equal(shown, photograph().pixels)


def with_linear_light(profile):
    """A profile whose tone curves are straight."""
    profile = bytearray(profile)
    count = int.from_bytes(profile[128:132])
    for place in range(132, 132 + 12 * count, 12):
        if profile[place + 1 : place + 4] == b"TRC":
            start = int.from_bytes(profile[place + 4 : place + 8])
            straight = b"curv" + bytes(8)  # without a table
            profile[start : start + len(straight)] = straight
    return bytes(profile)
