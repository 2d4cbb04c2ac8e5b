"""In tiles inside a graph, a picture becomes what it becomes whole."""

import checks
import numpy as np
import pytest

from zero_dce_keras import BilateralDCE, MIRNet, ZeroDCE, ZeroDCEPlusPlus

tf = pytest.importorskip("tensorflow")
pictures = pytest.importorskip("zero_dce_keras.serving.pictures")

CURVES = {"num_iterations": 2, "filters": 4}
NORMALIZED = {"exposure_normalization": {}, "denoising_filter": {}}
MODELS = {
    "ZeroDCE": lambda: ZeroDCE(**CURVES, num_layers=3, **NORMALIZED),
    "ZeroDCEPlusPlus": lambda: ZeroDCEPlusPlus(
        **CURVES, num_layers=3, scale_factor=4, resampling="area", **NORMALIZED
    ),
    "BilateralDCE": lambda: BilateralDCE(**CURVES, denoising_filter={}),
}


@pytest.fixture
def picture():
    rng = np.random.default_rng(0)
    smooth = np.linspace(0, 0.3, 150)[:, None, None] * np.linspace(0.3, 1, 131)[:, None]
    noisy = smooth + rng.normal(0, 0.01, (150, 131, 3))
    return np.clip(noisy, 0, 1).astype("float32")


def enhance(model, picture, iterations, strength=1.0, white=1.0):
    @tf.function
    def run(picture):
        settings = pictures.Settings(tf.constant(iterations), strength, True)
        return pictures.enhance_picture(model, picture, white, settings)

    return run(tf.constant(picture)).numpy()


@pytest.mark.parametrize("name", MODELS)
def test_tiles_are_exact(name, picture, monkeypatch):
    monkeypatch.setattr(pictures, "TILE", 64)
    model = MODELS[name]()
    expected = model.enhance(picture[None], num_iterations=3, strength=[0.7])[0]
    found = enhance(model, picture, 3, 0.7)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(found - picture).max() > 0.02


@pytest.mark.parametrize("dtype, white", [("uint8", 255.0), ("uint16", 65535.0)])
def test_integers(dtype, white, picture, monkeypatch):
    monkeypatch.setattr(pictures, "TILE", 64)
    model = BilateralDCE(**CURVES)
    levels = np.rint(picture * white).astype(dtype)
    found = enhance(model, levels, 2, white=white)
    assert found.dtype == dtype
    expected = white * checks.predict(model, (levels / white)[None].astype("float32"))
    assert np.abs(found - expected[0]).max() < 0.51


@pytest.mark.large  # seconds; `make test-all` runs it
def test_tiles_of_a_model_that_sees_everything(monkeypatch):
    """Approximate, and without seams: no jump where tiles meet."""
    monkeypatch.setattr(pictures, "TILE", 96)
    monkeypatch.setattr(pictures, "OVERLAP", 32)
    rows, columns = np.mgrid[:161, :203] / 40
    image = np.stack([np.sin(rows + k) * np.cos(columns) for k in range(3)], -1)
    image = (0.1 + 0.05 * image).astype("float32")
    model = checks.small_model(MIRNet)
    tiled, whole = enhance(model, image, 1), checks.predict(model, image[None])[0]
    assert 0 < np.abs(tiled - whole).max() < 0.02
    steps = [
        np.abs(np.diff(x, axis=axis)).max() for x in (tiled, whole) for axis in (0, 1)
    ]
    assert max(steps[:2]) < 1.5 * max(steps[2:])


@pytest.mark.parametrize("length", [1, 64, 65, 500])
def test_spans_fade_evenly(length):
    """Spans that differ by 10 show no edge; those that agree change nothing."""

    @tf.function
    def join(values):
        def grey(start, stop):
            return tf.zeros((stop - start, 1, 1)) + 10 * tf.cast(
                start // 7 % 2, "float32"
            )

        spans = tf.constant(length), 64, 16, 1
        exact = lambda start, stop: values[start:stop]
        return (
            pictures.join_spans(*spans, grey),
            pictures.join_spans(*spans, exact),
        )

    values = np.random.default_rng(0).random((length, 2, 3), dtype="float32")
    greys, joined = join(tf.constant(values))
    np.testing.assert_allclose(joined, values, atol=1e-6)
    assert greys.shape[0] == length
    assert np.abs(np.diff(greys, axis=0)).max(initial=0) < 1.5 * 10 / 32
