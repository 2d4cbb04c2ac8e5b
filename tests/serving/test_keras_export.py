"""`model.export(path)` in every format, by `make test-export`; shapes and pictures."""

import shutil

import checks
import keras
import numpy as np
import PIL.Image
import pytest

from zero_dce_keras import BilateralDCE, MIRNet, ZeroDCE, ZeroDCEPlusPlus, load_model

# Without filter and normalisation, whose graphs take long to convert: the preset below
# has the one, the small `ZeroDCEPlusPlus` both.
SMALL = {
    ZeroDCE: checks.MODELS[ZeroDCE].small,
    ZeroDCEPlusPlus: checks.MODELS[ZeroDCEPlusPlus].small,
    BilateralDCE: {"num_iterations": 2, "filters": 4, "miniature_size": 16},
    MIRNet: {"num_rrg": 1, "num_mrb": 1, "channels": 4},
}
TENSORFLOW = keras.backend.backend() == "tensorflow"
needs_tensorflow = pytest.mark.skipif(not TENSORFLOW, reason="TensorFlow exports")


def slow(model_class):
    """MIRNet's graph takes longest to trace: `make test` leaves it to `test-export`."""
    marks = [pytest.mark.large] if model_class is MIRNet else []
    return pytest.param(model_class, marks=marks, id=model_class.__name__)


@pytest.fixture(scope="module", params=map(slow, SMALL))
def model(request):
    """A small model, never called."""
    return request.param(**SMALL[request.param])


@pytest.fixture
def images(low_light):
    return low_light


def expect(model, images, enhance, atol=1e-5):
    """Equal pixels, of any number of images and of any size."""
    for each in (images, images[:1, :21, :30]):
        served = enhance(each)
        assert served.shape == each.shape
        np.testing.assert_allclose(served, checks.predict(model, each), atol=atol)
        assert np.abs(served - each).max() > 1e-3


@needs_tensorflow
def test_saved_model(model, images, tmp_path):
    import tensorflow as tf

    model.export(str(tmp_path / "model"), verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    expect(model, images, lambda each: loaded.serve(tf.constant(each)).numpy())


def onnx(model, path):
    """Export a model; return what enhances by the file."""
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    model.export(f"{path}.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(f"{path}.onnx")
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: images})[0]


def openvino(model, path):
    openvino = pytest.importorskip("openvino")
    model.export(f"{path}.xml", format="openvino", verbose=False)
    exact = {"INFERENCE_PRECISION_HINT": "f32"}  # it would take bfloat16 where it can
    compiled = openvino.Core().compile_model(f"{path}.xml", "CPU", exact)
    return lambda images: compiled(images)[0]


def litert(model, path):
    """By the builtin operations alone."""
    interpreters = pytest.importorskip("ai_edge_litert.interpreter")
    model.export(f"{path}.tflite", format="litert", verbose=False)
    return tflite(interpreters.Interpreter(f"{path}.tflite"))


def tflite(interpreter):
    """Return what enhances by an interpreter, one of TensorFlow or of LiteRT."""

    def enhance(images):
        place = interpreter.get_input_details()[0]["index"]
        interpreter.resize_tensor_input(place, images.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(place, images)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    return enhance


@needs_tensorflow
@pytest.mark.parametrize("export", [onnx, openvino, litert])
def test_formats(export, model, images, tmp_path):
    expect(model, images, export(model, tmp_path / "model"))


@needs_tensorflow
@pytest.mark.parametrize("export", [onnx, litert])
def test_formats_of_the_default_preset(export, images, tmp_path):
    model = load_model("zero_dce_general")
    expect(model, images, export(model, tmp_path / "model"))


@needs_tensorflow
def test_tflite_converter(images):
    import tensorflow as tf

    model = checks.small_model(ZeroDCE)
    content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    expect(model, images, tflite(tf.lite.Interpreter(model_content=content)))


def summary(model, **options):
    texts = []
    model.summary(print_fn=lambda text, **_: texts.append(text), **options)
    return "".join(texts).splitlines()


@pytest.mark.parametrize("model_class", checks.MODELS)
def test_shapes_before_the_first_call(model_class):
    model = checks.small_model(model_class)
    assert model.compute_output_shape((2, 5, 7, 3)) == (2, 5, 7, 3)
    for nested in (False, True):
        rows = summary(model, expand_nested=nested)
        assert "?" not in "".join(rows), rows
        shapes = [row for row in rows if "(None, " in row]
        assert len(shapes) >= len(model.layers)


def test_a_part_of_a_functional_model(low_light, tmp_path):
    model = checks.small_model(ZeroDCE)
    images = keras.Input((32, 48, 3))
    bright = keras.Model(images, keras.layers.Rescaling(255.0)(model(images)))
    bright.save(tmp_path / "bright.keras")
    copy = keras.saving.load_model(tmp_path / "bright.keras")
    expected = 255 * checks.predict(model, low_light)
    np.testing.assert_allclose(checks.predict(copy, low_light), expected, rtol=1e-6)


def test_the_picture_of_dce_net(tmp_path):
    pytest.importorskip("pydot")
    if shutil.which("dot") is None:
        pytest.skip("plot_model needs Graphviz: apt-get install graphviz")
    model = ZeroDCE(filters=4)
    path = tmp_path / "dce_net.png"
    options = {"show_shapes": True, "show_layer_names": True}
    keras.utils.plot_model(model.dce_model, str(path), **options)
    with PIL.Image.open(path) as picture:
        assert picture.format == "PNG" and picture.height > 1000
        assert 1 < len(picture.convert("L").getcolors())  # not blank
    dot = keras.utils.model_to_dot(model.dce_model, **options).to_string()
    assert all(f"conv_{k}" in dot for k in range(1, 8))
    assert all(f"skip_{k}" in dot for k in (5, 6, 7)) and "24" in dot
    keras.utils.plot_model(model, str(path), **options)  # a box, as of other subclasses
    with PIL.Image.open(path) as picture:
        assert picture.format == "PNG"
