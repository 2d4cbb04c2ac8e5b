"""`model.export(path)` in every format, by `make test-export`; shapes and pictures."""

import shutil

import checks
import keras
import numpy as np
import PIL.Image
import pytest

from zero_dce_keras import ZeroDCE, ZeroDCEPlusPlus

TENSORFLOW = keras.backend.backend() == "tensorflow"
needs_tensorflow = pytest.mark.skipif(not TENSORFLOW, reason="TensorFlow exports")


@pytest.fixture(scope="module", params=[ZeroDCE, ZeroDCEPlusPlus])
def model(request):
    """A small model, never called."""
    return checks.small_model(request.param)


@pytest.fixture
def images(low_light):
    return low_light


def expect(model, images, served):
    assert served.shape == images.shape
    np.testing.assert_allclose(served, checks.predict(model, images), atol=1e-4)
    assert np.abs(served - images).max() > 1e-3


@needs_tensorflow
def test_saved_model(model, images, tmp_path):
    import tensorflow as tf

    model.export(str(tmp_path / "model"), verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    for each in (images, images[:1, :20, :28]):
        expect(model, each, loaded.serve(tf.constant(each)).numpy())


@needs_tensorflow
def test_onnx(model, images, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    path = str(tmp_path / "model.onnx")
    model.export(path, format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(path)
    name = session.get_inputs()[0].name
    for each in (images, images[:1, :20, :28]):
        expect(model, each, session.run(None, {name: each})[0])


@needs_tensorflow
def test_openvino(model, images, tmp_path):
    openvino = pytest.importorskip("openvino")
    path = str(tmp_path / "model.xml")
    model.export(path, format="openvino", verbose=False)
    exact = {"INFERENCE_PRECISION_HINT": "f32"}  # it would take bfloat16 where it can
    compiled = openvino.Core().compile_model(path, "CPU", exact)
    for each in (images, images[:1, :20, :28]):
        expect(model, each, compiled(each)[0])


def run_tflite(interpreter, image):
    """Enhance one image; the interpreter is one of TensorFlow or of LiteRT."""
    place = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(place, image.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(place, image)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


@needs_tensorflow
def test_litert(images, tmp_path):
    """A DCE-Net needs the builtin operations alone."""
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    model = checks.small_model(ZeroDCE)
    path = str(tmp_path / "model.tflite")
    model.export(path, format="litert", verbose=False)
    interpreter = litert.Interpreter(path)
    expect(model, images[:1], run_tflite(interpreter, images[:1]))


@needs_tensorflow
def test_tflite_converter(images):
    import tensorflow as tf

    model = checks.small_model(ZeroDCE)
    content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    interpreter = tf.lite.Interpreter(model_content=content)
    expect(model, images[:1], run_tflite(interpreter, images[:1]))


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
