import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from zero_dce_keras.metrics import calculate_psnr

PHOTO = arrays(np.uint8, (4, 6, 3))


def python_psnr(original, enhanced):
    """The definition in Python's integers, which cannot wrap."""
    pairs = zip(original.ravel().tolist(), enhanced.ravel().tolist())
    squares = [(a - b) ** 2 for a, b in pairs]
    if not any(squares):
        return math.inf
    return 10 * math.log10(255**2 * len(squares) / sum(squares))


@settings(max_examples=30, deadline=None)
@given(PHOTO, PHOTO)
def test_uint8_never_wraps(original, enhanced):
    expected = python_psnr(original, enhanced)
    assert calculate_psnr(original, enhanced) == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(PHOTO, PHOTO, st.sampled_from([np.float32, np.float64]))
def test_float_and_pil_agree_with_uint8(original, enhanced, dtype):
    expected = python_psnr(original, enhanced)
    floats = [(image / 255).astype(dtype) for image in (original, enhanced)]
    assert calculate_psnr(*floats) == pytest.approx(expected, rel=1e-4)
    photos = [Image.fromarray(image) for image in (original, enhanced)]
    assert calculate_psnr(*photos) == calculate_psnr(original, enhanced)


def test_equals_skimage():
    rng = np.random.default_rng(0)
    original, enhanced = rng.integers(0, 256, (2, 32, 48, 3), dtype="uint8")
    expected = peak_signal_noise_ratio(original, enhanced)
    assert calculate_psnr(original, enhanced) == pytest.approx(expected)


def test_closed_forms():
    black = np.zeros((32, 48, 3), np.uint8)
    assert calculate_psnr(black, black) == math.inf
    assert calculate_psnr(black, np.full_like(black, 255)) == 0
    assert calculate_psnr(np.zeros((32, 48)), np.full((32, 48), 0.1)) == pytest.approx(
        20
    )


BYTES = np.zeros((32, 48, 3), np.uint8)
FLOATS = np.zeros((32, 48, 3), np.float32)


@pytest.mark.parametrize(
    "original, enhanced, message",
    [
        (BYTES, BYTES[:1], "same shape"),  # would broadcast
        (BYTES, BYTES[..., :1], "same shape"),
        (BYTES, FLOATS, "both"),
        (BYTES, FLOATS + 255, r"must be in \[0, 1\]"),
        (FLOATS, FLOATS * np.nan, r"must be in \[0, 1\]"),
        (BYTES, BYTES.astype(np.int32), "uint8 or float"),
        (BYTES, BYTES.astype(bool), "uint8 or float"),
        (BYTES[None], BYTES[None], "one image"),
        (BYTES[:0], BYTES[:0], "one image"),
        (Image.new("RGBA", (48, 32)), BYTES, "mode RGBA"),
    ],
)
def test_refuses_what_it_would_score_wrongly(original, enhanced, message):
    with pytest.raises(ValueError, match=message):
        calculate_psnr(original, enhanced)
