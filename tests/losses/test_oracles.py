"""Each form of each loss against its source, written in NumPy's float64."""

import numpy as np
import pytest

from zero_dce_keras.losses import (
    color_constancy,
    exposure_control,
    illumination_smoothness,
    spatial_consistency,
)

# Not square; no side is a multiple of 4 or of 16.
SHAPE = (3, 37, 53)


@pytest.fixture(scope="module")
def batch():
    """Low light, enhanced and curve maps, float32."""
    rng = np.random.default_rng(0)
    low_light = 0.2 * rng.random((*SHAPE, 3), dtype="float32")
    enhanced = rng.random((*SHAPE, 3), dtype="float32") * np.float32([1, 0.8, 0.5])
    maps = 2 * rng.random((*SHAPE, 24), dtype="float32") - 1
    return low_light, enhanced, maps


def assert_close(values, expected):
    assert values.shape == (SHAPE[0],)
    assert len(expected) == SHAPE[0]
    np.testing.assert_allclose(values, expected, rtol=1e-5)


def pooled(picture, size):
    """`torch.nn.AvgPool2d(size)` of one channel."""
    height, width = picture.shape[0] // size, picture.shape[1] // size
    result = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            window = picture[y * size : (y + 1) * size, x * size : (x + 1) * size]
            result[y, x] = window.mean()
    return result


def test_spatial_official(batch):
    """`L_spa`: four 3×3 kernels with zero padding, on each image, then compared."""

    def differences(picture):
        padded = np.pad(pooled(picture.mean(-1), 4), 1)
        middle = padded[1:-1, 1:-1]
        neighbours = (
            padded[1:-1, :-2],
            padded[1:-1, 2:],
            padded[:-2, 1:-1],
            padded[2:, 1:-1],
        )
        return [middle - neighbour for neighbour in neighbours]

    expected = [
        sum(
            (a - b) ** 2
            for a, b in zip(differences(old), differences(new), strict=True)
        ).mean()
        for old, new in zip(np.float64(batch[0]), np.float64(batch[1]), strict=True)
    ]
    assert_close(spatial_consistency(*batch[:2]), expected)
    assert_close(spatial_consistency(*batch[:2], form="paper"), expected)


def test_exposure_official_and_paper(batch):
    """`L_exp`: 16×16 average pooling of the mean over channels."""
    patches = [pooled(picture.mean(-1), 16) for picture in np.float64(batch[1])]
    squares = [((patch - 0.42) ** 2).mean() for patch in patches]
    assert_close(exposure_control(batch[1], 0.42), squares)
    assert_close(exposure_control(batch[1], 0.42, form="notebook"), squares)
    absolutes = [np.abs(patch - 0.42).mean() for patch in patches]
    assert_close(exposure_control(batch[1], 0.42, form="paper"), absolutes)
    eights = [((pooled(p.mean(-1), 8) - 0.6) ** 2).mean() for p in np.float64(batch[1])]
    assert_close(exposure_control(batch[1], patch_size=8), eights)


def colors(means):
    """The squared differences of the three channel means."""
    red, green, blue = means
    return np.array([(red - green) ** 2, (red - blue) ** 2, (blue - green) ** 2])


def test_color_official_paper_and_notebook(batch):
    """`L_color`: the root of the sum of squares of squared differences."""
    means = np.float64(batch[1]).mean(axis=(1, 2))
    official = [np.sqrt((colors(mean) ** 2).sum()) for mean in means]
    assert_close(color_constancy(batch[1]), official)
    paper = [colors(mean).sum() for mean in means]
    assert_close(color_constancy(batch[1], form="paper"), paper)
    whole = np.sqrt((colors(means.mean(axis=0)) ** 2).sum())
    assert_close(color_constancy(batch[1], form="notebook"), [whole] * SHAPE[0])


def test_smoothness_official(batch):
    """`L_TV` of a batch of one."""

    def total_variation(maps):
        height, width, _ = maps.shape
        vertical = ((maps[1:] - maps[:-1]) ** 2).sum()
        horizontal = ((maps[:, 1:] - maps[:, :-1]) ** 2).sum()
        return 2 * (
            vertical / ((height - 1) * width) + horizontal / (height * (width - 1))
        )

    expected = [total_variation(maps) for maps in np.float64(batch[2])]
    assert_close(illumination_smoothness(batch[2]), expected)
    assert_close(illumination_smoothness(batch[2], form="paper"), expected)


def bilinear(size_in, size_out):
    """Matrix that resizes one axis, pixel centres at half pixels, no antialiasing."""
    matrix = np.zeros((size_out, size_in))
    for i in range(size_out):
        place = np.clip((i + 0.5) * size_in / size_out - 0.5, 0, size_in - 1)
        low = int(place)
        high = min(low + 1, size_in - 1)
        matrix[i, low] += 1 - (place - low)
        matrix[i, high] += place - low
    return matrix


def test_spatial_notebook(batch):
    """Gradients of both images, resized to 32×32."""

    def gradients(picture):
        small = bilinear(SHAPE[1], 32) @ picture.mean(-1) @ bilinear(SHAPE[2], 32).T
        return np.diff(small, axis=0), np.diff(small, axis=1)

    expected = []
    for old, new in zip(np.float64(batch[0]), np.float64(batch[1]), strict=True):
        pairs = zip(gradients(old), gradients(new), strict=True)
        expected.append(sum(((a - b) ** 2).mean() for a, b in pairs))
    assert_close(spatial_consistency(*batch[:2], form="notebook"), expected)


def test_smoothness_notebook(batch):
    """Sobel responses where the 3×3 kernel lies inside the maps."""
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])

    def responses(maps, kernel):
        height, width, _ = maps.shape
        return sum(
            kernel[y, x] * maps[y : height - 2 + y, x : width - 2 + x]
            for y in range(3)
            for x in range(3)
        )

    expected = [
        (responses(maps, kernel) ** 2 + responses(maps, kernel.T) ** 2).mean()
        for maps in np.float64(batch[2])
    ]
    assert_close(illumination_smoothness(batch[2], form="notebook"), expected)


@pytest.mark.large
def test_official_outputs(shared):
    """Batch means of what the official PyTorch code printed."""
    with np.load(shared / "data" / "official" / "zero_dce.npz") as file:
        official = dict(file)
    low_light, enhanced = official["low_light"], official["enhanced"]
    colors = np.asarray(color_constancy(enhanced))
    np.testing.assert_allclose(colors, official["loss_color_per_image"], rtol=1e-4)
    for values, name in (
        (spatial_consistency(low_light, enhanced), "loss_spatial"),
        (exposure_control(enhanced), "loss_exposure"),
        (colors, "loss_color"),
    ):
        assert np.mean(values) == pytest.approx(float(official[name]), rel=1e-4)
    smoothness = np.mean(illumination_smoothness(official["curve_maps"]))
    # loss_tv is of the same run; that its weight is 200 is the model's business.
    assert smoothness == pytest.approx(float(official["loss_tv"]), rel=1e-4)
