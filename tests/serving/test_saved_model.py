import checks
import numpy as np
import pytest

from zero_dce_keras import ZeroDCE, export_saved_model

tf = pytest.importorskip("tensorflow")
IMAGES = ("serving_default",)  # all signatures take seconds

SERVE = """
import sys
import numpy as np, tensorflow as tf

folder = sys.argv[1]
model = tf.saved_model.load(f"{folder}/served/3")
serve = model.signatures["serving_default"]
(name, spec), = serve.structured_input_signature[1].items()
print(name, spec.dtype.name, spec.shape.as_list(), list(serve.structured_outputs))
images = np.load(f"{folder}/images.npz")
enhanced = [serve(images=tf.constant(images[k]))["enhanced"] for k in images.files]
np.savez(f"{folder}/enhanced.npz", *enhanced)
assert "zero_dce_keras" not in sys.modules
"""


def files(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture
def model():
    return ZeroDCE(num_iterations=3, filters=4, num_layers=3)


def test_plain_tensorflow_serves_it(model, tmp_path):
    """In a fresh process, without this package, at several sizes and batch sizes."""
    path = export_saved_model(model, tmp_path / "served", 3, signatures=IMAGES)
    assert path == tmp_path / "served" / "3"
    rng = np.random.default_rng(0)
    shapes = [(1, 32, 48, 3), (2, 17, 5, 3), (3, 64, 40, 3)]
    batches = [rng.random(shape, dtype="float32") for shape in shapes]
    np.savez(tmp_path / "images.npz", *batches)
    out = checks.fresh_python(SERVE, tmp_path).splitlines()[-1]
    assert out == "images float32 [None, None, None, 3] ['enhanced']"
    enhanced = np.load(tmp_path / "enhanced.npz")
    for name, images in zip(enhanced.files, batches, strict=True):
        expected = checks.predict(model, images)
        np.testing.assert_allclose(enhanced[name], expected, atol=1e-5)


def test_versions_lie_side_by_side_and_are_never_replaced(model, tmp_path):
    for version in (None, 7, None, 3):
        export_saved_model(model, tmp_path, version, signatures=IMAGES)
    assert files(tmp_path) == ["1", "3", "7", "8", "batching.config", "models.config"]
    with pytest.raises(ValueError, match="is there already"):
        export_saved_model(model, tmp_path, version=3)


def test_settings_of_the_server_stay(model, tmp_path):
    (tmp_path / "batching.config").write_text("max_batch_size { value: 2 }")
    export_saved_model(model, tmp_path, signatures=IMAGES)
    assert (tmp_path / "batching.config").read_text() == "max_batch_size { value: 2 }"


def test_a_file_in_the_way(model, tmp_path):
    (tmp_path / "served").write_text("")
    with pytest.raises(OSError, match="served"):
        export_saved_model(model, tmp_path / "served")


@pytest.mark.parametrize("version", [0, -1])
def test_version_is_positive(model, tmp_path, version):
    with pytest.raises(
        ValueError, match=f"version must be finite and positive.*{version}"
    ):
        export_saved_model(model, tmp_path, version, signatures=IMAGES)


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_version_appears_whole_or_not_at_all(model, tmp_path, monkeypatch, error):
    def fail(*_, **__):
        assert not [name for name in files(tmp_path) if name.isdecimal()]
        raise error

    monkeypatch.setattr(tf.saved_model, "save", fail)
    with pytest.raises(error):
        export_saved_model(model, tmp_path, signatures=IMAGES)
    assert files(tmp_path) == []


def test_without_the_filter(tmp_path, low_light):
    model = ZeroDCE(2, filters=4, num_layers=3, denoising_filter={})
    for version, denoise in ((1, True), (2, False)):
        path = export_saved_model(model, tmp_path, version, denoise, signatures=IMAGES)
        serve = tf.saved_model.load(str(path)).signatures["serving_default"]
        enhanced = serve(images=tf.constant(low_light))["enhanced"]
        expected = model.enhance(low_light, denoise=denoise)
        np.testing.assert_allclose(enhanced, expected, atol=1e-5)
        other = model.enhance(low_light, denoise=not denoise)
        assert np.abs(enhanced - other).max() > 1e-3


def test_mixed_precision(tmp_path, low_light):
    """What is served takes and gives float32."""
    model = ZeroDCE(2, filters=4, num_layers=3, dtype="mixed_bfloat16")
    checks.check_export(model, low_light, tmp_path)


def test_an_unknown_signature(model, tmp_path):
    with pytest.raises(ValueError, match="signatures must be one of.*'classify'"):
        export_saved_model(model, tmp_path, signatures=("classify",))
