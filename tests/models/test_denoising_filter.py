import re

import keras
import numpy as np
import pytest

from zero_dce_keras import DenoisingFilter, Enhancer, ZeroDCE


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def denoise(images, **kwargs):
    return numpy(DenoisingFilter(**kwargs)(np.float32(images)))


def oracle(image, ranges=(3.0, 1.5)):
    """The formula, pixel by pixel, of one image (H, W, 3)."""
    height, width, _ = image.shape

    def at(x, i, j):
        return x[np.clip(i, 0, height - 1), np.clip(j, 0, width - 1)]

    guide = image @ [0.25, 0.5, 0.25]
    smooth = np.empty_like(guide)
    for i in range(height):
        for j in range(width):
            smooth[i, j] = sum(
                at(guide, i + di, j + dj) * (2 - abs(di)) * (2 - abs(dj)) / 16
                for di in (-1, 0, 1)
                for dj in (-1, 0, 1)
            )
    guide = smooth
    for step, width_of, levels in zip((1, 2), (1.2, 3.0), ranges, strict=True):
        result = np.empty_like(image)
        for i in range(height):
            for j in range(width):
                total, weights = np.zeros(3), 0
                for di in (-step, 0, step):
                    for dj in (-step, 0, step):
                        d = (at(guide, i + di, j + dj) - guide[i, j]) * 255 / levels
                        distance = np.exp(-(di**2 + dj**2) / (2 * width_of**2))
                        weight = distance * max(0, 1 - d**2) ** 2
                        total += weight * at(image, i + di, j + dj)
                        weights += weight
                result[i, j] = total / weights
        image, guide = result, result @ [0.25, 0.5, 0.25]
    return image


def noisy(height, width, seed=0):
    rng = np.random.default_rng(seed)
    steps = 0.1 + 0.1 * (np.arange(width) > width // 2)[None, :, None]
    return np.clip(steps + rng.normal(0, 0.004, (height, width, 3)), 0, 1)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 3), (9, 14)])
def test_the_formula(size):
    image = noisy(*size)
    expected = oracle(image)
    np.testing.assert_allclose(denoise(image[None])[0], expected, atol=1e-6)


def test_other_ranges():
    image = noisy(8, 10)
    expected = oracle(image, ranges=(1.0, 5.0))
    actual = denoise(image[None], ranges=(1.0, 5.0))[0]
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_noise_goes_and_edges_stay():
    image = noisy(32, 48)[None]
    denoised = denoise(image)
    for part in (slice(0, 23), slice(27, 48)):
        assert denoised[:, :, part].std() < 0.4 * image[:, :, part].std()
    step = denoised[0, :, 27].mean() - denoised[0, :, 22].mean()
    assert step == pytest.approx(0.1, abs=0.003)


def test_a_flat_image_is_left_as_it_is():
    flat = np.full((2, 7, 5, 3), 0.3, "float32")
    np.testing.assert_allclose(denoise(flat), flat, atol=1e-6)


def test_what_the_context_says():
    """A pixel further away than the context changes nothing, one within it does."""
    image = noisy(20, 20)
    other = image.copy()
    other[10, 10] += 0.002
    changed = np.abs(denoise(image[None]) - denoise(other[None]))[0].max(axis=-1) > 0
    rows, columns = np.nonzero(changed)
    reach = max(np.abs(rows - 10).max(), np.abs(columns - 10).max())
    assert 3 <= reach <= DenoisingFilter.context


def test_a_model_denoises_unless_told_otherwise():
    arguments = {"num_iterations": 2, "filters": 4, "num_layers": 3}
    plain = ZeroDCE(**arguments)
    model = ZeroDCE(**arguments, denoising_filter={"ranges": (4.0, 2.0)})
    model.set_weights(plain.get_weights())
    copy = ZeroDCE.from_config(model.get_config())
    assert copy.denoising_filter.ranges == [4.0, 2.0]
    image = noisy(16, 24)[None].astype("float32")
    enhancer, without = Enhancer(model), Enhancer(plain)
    unfiltered, filtered = without(image), without(denoise(image, ranges=(4.0, 2.0)))
    assert np.abs(filtered - unfiltered).max() > 1e-3
    np.testing.assert_allclose(enhancer(image), filtered, atol=1e-6)
    np.testing.assert_allclose(enhancer(image, denoise=True), filtered, atol=1e-6)
    np.testing.assert_allclose(enhancer(image, denoise=False), unfiltered, atol=1e-6)
    np.testing.assert_array_equal(enhancer(image, strength=0.0), image)
    with pytest.raises(
        ValueError, match="denoise needs a model with a denoising filter"
    ):
        without(image, denoise=True)


def test_well_exposed_images_are_not_filtered():
    model = ZeroDCE(
        num_iterations=1,
        filters=4,
        num_layers=1,
        exposure_normalization={"well_exposed": (0.1, 0.2)},
        denoising_filter={},
    )
    bright = (noisy(16, 24) + 0.5)[None].astype("float32")
    images, _ = model.estimate(bright)
    np.testing.assert_allclose(numpy(images), bright, atol=1e-6)


@pytest.mark.parametrize("ranges", [(1.0,), (1.0, 0.0), (1.0, float("nan"))])
def test_errors(ranges):
    with pytest.raises(ValueError, match=f"ranges must .*{re.escape(str(ranges))}"):
        DenoisingFilter(ranges=ranges)
