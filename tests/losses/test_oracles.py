"""Each form of each loss against its source, written in NumPy's float64."""

import keras
import numpy as np
import pytest

from zero_dce_keras import ZeroDCE
from zero_dce_keras.losses import (
    color_constancy,
    exposure_control,
    illumination_smoothness,
    spatial_consistency,
)
from zero_dce_keras.training import RECIPES

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
    assert_close(color_constancy(batch[1], form="keras_io"), official)
    whole = colors(means.mean(axis=0)).sum()
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
    """Gradients of both images, resized to 32×32; the last row and column have none."""

    def gradients(picture):
        rows, columns = bilinear(SHAPE[1], 32), bilinear(SHAPE[2], 32)
        small = np.einsum("yh,hwc,xw->yxc", rows, picture, columns)
        return [np.diff(small, axis=a, append=np.take(small, [31], a)) for a in (0, 1)]

    expected = []
    for old, new in zip(np.float64(batch[0]), np.float64(batch[1]), strict=True):
        pairs = zip(gradients(old), gradients(new), strict=True)
        expected.append(sum(((a - b) ** 2).mean() for a, b in pairs))
    assert_close(spatial_consistency(*batch[:2], form="notebook"), expected)


def test_smoothness_notebook(batch):
    """Sobel responses of the maps, reflected at the border."""
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])

    def responses(maps, kernel):
        height, width, _ = maps.shape
        maps = np.pad(maps, ((1, 1), (1, 1), (0, 0)), mode="reflect")
        return sum(
            kernel[y, x] * maps[y : height + y, x : width + x]
            for y in range(3)
            for x in range(3)
        )

    expected = [
        ((abs(responses(maps, kernel)) + abs(responses(maps, kernel.T))) ** 2).mean()
        for maps in np.float64(batch[2])
    ]
    assert_close(illumination_smoothness(batch[2], form="notebook"), expected)


@pytest.fixture
def tf():
    """TensorFlow, whose operations are the oracle of what was written in them."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("TensorFlow's own operations are the oracle")
    import tensorflow

    return tensorflow


def notebook_losses(tf, low_light, enhanced, maps):
    """As the notebook has them: colour, smoothness, spatial consistency, exposure.

    In float64: in float32 the colour, a difference of means, is 1e-8 off.
    """
    low_light, enhanced, maps = (
        tf.cast(each, tf.float64) for each in (low_light, enhanced, maps)
    )
    red, green, blue = tf.unstack(tf.reduce_mean(enhanced, (0, 1, 2)))
    colour = (red - green) ** 2 + (red - blue) ** 2 + (green - blue) ** 2
    edges = tf.image.sobel_edges(maps)
    smooth = tf.reduce_mean(tf.square(tf.abs(edges[..., 0]) + tf.abs(edges[..., 1])))
    gradients = [
        tf.image.image_gradients(tf.image.resize(each, (32, 32)))
        for each in (low_light, enhanced)
    ]
    spatial = sum(
        tf.reduce_mean(tf.square(one - other))
        for one, other in zip(*gradients, strict=True)
    )
    grey = tf.reduce_mean(enhanced, 3, keepdims=True)
    patches = tf.nn.avg_pool2d(grey, 16, 16, "VALID")
    return colour, smooth, spatial, tf.reduce_mean(tf.square(patches - 0.6))


def test_notebook_forms_are_those_of_tensorflow(tf):
    rng = np.random.default_rng(0)
    low_light, enhanced = rng.random((2, 4, 64, 64, 3), "float32")
    maps = rng.uniform(-1, 1, (4, 64, 64, 24)).astype("float32")
    ours = (
        color_constancy(enhanced, "notebook"),
        illumination_smoothness(maps, "notebook"),
        spatial_consistency(low_light, enhanced, "notebook"),
        exposure_control(enhanced, form="notebook"),
    )
    ours = [float(np.mean(each)) for each in ours]
    theirs = [float(each) for each in notebook_losses(tf, low_light, enhanced, maps)]
    assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-8)
    assert ours[:3] == pytest.approx([2.282e-5, 12.704, 0.16617], rel=1e-3)


def test_recipe_notebook_has_the_losses_and_weights_of_the_notebook(tf):
    model = ZeroDCE.from_recipe(RECIPES["notebook"](), "float32")
    rng = np.random.default_rng(0)
    low_light = 0.2 * rng.random((2, 64, 48, 3), "float32")
    maps = rng.uniform(-1, 0, (2, 64, 48, 24)).astype("float32")
    enhanced = model.get_enhanced_image(low_light, maps)
    colour, smooth, spatial, exposure = notebook_losses(tf, low_light, enhanced, maps)
    computed = model.compute_losses(low_light, maps)
    expected = {
        "illumination_smoothness_loss": 200 * smooth,
        "spatial_consistency_loss": spatial,
        "color_constancy_loss": 5 * colour,
        "exposure_loss": 10 * exposure,
    }
    for name, value in expected.items():
        value = pytest.approx(float(value), rel=1e-5, abs=1e-7)
        assert float(computed[name]) == value, name


def test_keras_io_forms_are_those_of_tensorflow(tf, batch):
    """The kernels of the example have the shape (1, 3, 1, 3)."""
    low_light, enhanced, maps = batch
    kernels = (
        [[[[0, 0, 0]], [[-1, 1, 0]], [[0, 0, 0]]]],
        [[[[0, 0, 0]], [[0, 1, -1]], [[0, 0, 0]]]],
        [[[[0, -1, 0]], [[0, 1, 0]], [[0, 0, 0]]]],
        [[[[0, 0, 0]], [[0, 1, 0]], [[0, -1, 0]]]],
    )
    grey = [tf.reduce_mean(each, 3, keepdims=True) for each in (low_light, enhanced)]
    pooled = [tf.nn.avg_pool2d(each, 4, 4, "VALID") for each in grey]
    spatial = 0
    for kernel in kernels:
        kernel = tf.constant(kernel, tf.float32)
        one, other = (tf.nn.conv2d(each, kernel, 1, "SAME") for each in pooled)
        spatial += tf.reduce_mean(tf.square(one - other), (1, 2, 3))
    ours = spatial_consistency(low_light, enhanced, "keras_io")
    assert_close(ours, spatial.numpy())
    _, width, channels = maps.shape[1:]
    vertical = tf.reduce_sum(tf.square(maps[:, 1:] - maps[:, :-1]))
    horizontal = tf.reduce_sum(tf.square(maps[:, :, 1:] - maps[:, :, :-1]))
    vertical /= (width - 1) * channels
    horizontal /= width * (channels - 1)
    smooth = 2 * (vertical + horizontal) / SHAPE[0]
    ours = float(np.mean(illumination_smoothness(maps, "keras_io")))
    assert ours == pytest.approx(float(smooth), rel=1e-5)


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
