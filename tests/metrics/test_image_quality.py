import keras
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from zero_dce_keras.metrics import (
    mean_absolute_error,
    mean_squared_error,
    psnr,
    ssim,
)

METRICS = [mean_squared_error, mean_absolute_error, psnr, ssim]


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.fixture
def batch():
    """A smooth reference and a dark noisy version; the images differ in quality."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:32, 0:48]
    waves = np.stack([np.sin(rows / k) * np.cos(columns / 5) for k in (3, 5, 9)], -1)
    reference = np.stack([0.5 + 0.4 * waves, 0.5 - 0.3 * waves, 0.6 + 0.2 * waves])
    noise = (
        rng.normal(0, 1, reference.shape)
        * np.array([0.01, 0.1, 0.3])[:, None, None, None]
    )
    enhanced = np.clip(0.7 * reference + noise, 0, 1)
    return reference.astype("float32"), enhanced.astype("float32")


@pytest.mark.parametrize("metric", METRICS)
def test_one_float32_per_image_whatever_the_batch(metric, batch):
    together = to_numpy(metric(*batch))
    alone = [to_numpy(metric(x[None], y[None]))[0] for x, y in zip(*batch)]
    assert together.shape == (3,) and together.dtype == np.float32
    np.testing.assert_allclose(together, alone, rtol=1e-6)


def test_errors_equal_float64_numpy(batch):
    difference = batch[0].astype("float64") - batch[1].astype("float64")
    mse = np.mean(difference**2, axis=(1, 2, 3))
    np.testing.assert_allclose(mean_squared_error(*batch), mse, rtol=1e-5)
    mae = np.mean(np.abs(difference), axis=(1, 2, 3))
    np.testing.assert_allclose(mean_absolute_error(*batch), mae, rtol=1e-5)
    np.testing.assert_allclose(psnr(*batch), 10 * np.log10(1 / mse), rtol=1e-5)


def test_psnr_is_not_pooled_over_the_batch(batch):
    pooled = float(keras.ops.psnr(*batch, max_val=1.0))
    assert abs(to_numpy(psnr(*batch)).mean() - pooled) > 0.5


def test_psnr_of_identical_images_is_infinite(batch):
    assert np.isposinf(to_numpy(psnr(batch[0], batch[0]))).all()


def test_ssim_equals_tensorflow(batch):
    tf = pytest.importorskip("tensorflow")
    expected = tf.image.ssim(*batch, max_val=1.0)
    np.testing.assert_allclose(ssim(*batch), expected, atol=1e-6)
    assert np.ptp(expected) > 0.1


def test_ssim_equals_tensorflow_at_photo_size():
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(0)
    reference = rng.random((1, 200, 300, 3), dtype="float32")
    enhanced = np.clip(reference + 0.1, 0, 1)
    expected = tf.image.ssim(reference, enhanced, max_val=1.0)
    np.testing.assert_allclose(ssim(reference, enhanced), expected, atol=1e-6)


def test_ssim_equals_skimage_inside_its_border(batch):
    for x, y, value in zip(*batch, to_numpy(ssim(*batch))):
        _, full = structural_similarity(
            x.astype("float64"),
            y.astype("float64"),
            data_range=1.0,
            channel_axis=-1,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            full=True,
        )
        assert value == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-5)


def test_ssim_closed_forms():
    black, white = np.zeros((1, 11, 11, 3)), np.ones((1, 11, 11, 3))
    assert float(ssim(white, white)[0]) == pytest.approx(1)
    assert float(ssim(black, white)[0]) == pytest.approx(1e-4 / (1 + 1e-4), rel=1e-3)


@pytest.mark.parametrize("metric", METRICS)
def test_inside_a_compiled_function_of_any_size(metric, batch):
    tf = pytest.importorskip("tensorflow")
    sizes = tf.TensorSpec((None, None, None, 3), tf.float32)
    compiled = tf.function(metric, input_signature=[sizes, sizes])
    np.testing.assert_allclose(compiled(*batch), metric(*batch), rtol=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_half_precision_images_are_scored_in_float32(metric, batch):
    half = [images.astype("float16") for images in batch]
    widened = [images.astype("float32") for images in half]
    np.testing.assert_allclose(metric(*half), metric(*widened), rtol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_refuses_what_it_would_score_wrongly(metric, batch):
    reference, enhanced = batch
    with pytest.raises(ValueError, match="same shape"):
        metric(reference, enhanced[:1])  # would broadcast
    with pytest.raises(ValueError, match="batch of images"):
        metric(reference[0], enhanced[0])
    with pytest.raises(ValueError, match="float"):
        metric((reference * 255).astype("uint8"), (enhanced * 255).astype("uint8"))


def test_images_are_channels_last_whatever_keras_prefers(batch):
    expected = to_numpy(ssim(*batch))
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        found = to_numpy(ssim(*batch))
    finally:
        keras.config.set_image_data_format(before)
    np.testing.assert_array_equal(found, expected)


def test_ssim_refuses_images_smaller_than_its_window():
    small = np.zeros((1, 32, 10, 3), "float32")
    with pytest.raises(ValueError, match="11×11"):
        ssim(small, small)
