import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from photos import HEIGHT, WIDTH, noise
from PIL import Image

from zero_dce_keras.images import resize_image, to_float, to_uint8


def test_resize_is_pillows_lanczos():
    image = noise()
    expected = Image.fromarray(image).resize((20, 10), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(resize_image(image, 10, 20), np.array(expected))
    np.testing.assert_array_equal(resize_image(image, HEIGHT, WIDTH), image)
    assert resize_image(image[..., 0], 10, 20).shape == (10, 20)
    with pytest.raises(ValueError, match="must be positive. Received: 0, 20"):
        resize_image(image, 0, 20)


@given(
    arrays(st.sampled_from([np.uint8, np.uint16]), array_shapes(min_dims=0, max_dims=4))
)
def test_to_float_and_back(image):
    scaled = to_float(image)
    assert scaled.dtype == np.float32 and scaled.shape == image.shape
    assert scaled.min() >= 0 and scaled.max() <= 1
    expected = np.rint(image / (np.iinfo(image.dtype).max / 255)).astype("uint8")
    np.testing.assert_array_equal(to_uint8(scaled), expected)


def test_all_eight_bit_values_survive_in_every_float_type():
    values = np.arange(256, dtype="uint8")
    for dtype in ("float16", "float32", "float64"):
        np.testing.assert_array_equal(to_uint8((values / 255).astype(dtype)), values)


def test_to_uint8_clips_and_refuses():
    np.testing.assert_array_equal(
        to_uint8(np.array([-1.0, 1.5, np.inf])), [0, 255, 255]
    )
    with pytest.raises(ValueError, match="NaN"):
        to_uint8(np.array([0.5, np.nan]))
    with pytest.raises(ValueError, match="uint8, uint16 or float. Received: int64"):
        to_uint8(np.array([1]))
