"""Files for other runtimes, by `make test-export`, which has the runtimes."""

import re
import runpy
import shlex
from pathlib import Path

import checks
import keras
import numpy as np
import pytest

from zero_dce_keras import BilateralDCE, ZeroDCE, export, export_portable
from zero_dce_keras.serving.formats import FORMATS

needs_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow exports"
)
PAGE = Path(__file__).parents[2] / "docs" / "serving.md"
RUNTIMES = {
    "litert": "ai_edge_litert.interpreter",
    "onnx": "onnxruntime",
    "openvino": "openvino",
}
# In a process of its own: no TensorFlow, no Keras, and nothing of this package.
RUN = """
import sys
import numpy as np

for name in ("tensorflow", "keras", "zero_dce_keras"):
    sys.modules[name] = None
format, path, folder = sys.argv[2:]
images = np.load(f"{folder}/images.npz")

def litert(path):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path)
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(images):
        interpreter.resize_tensor_input(taken["index"], images.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(taken["index"], images)
        interpreter.invoke()
        return interpreter.get_tensor(given["index"])

    return run

def onnx(path):
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    return lambda images: session.run(["enhanced"], {"images": images})[0]

def openvino(path):
    from openvino import Core

    exact = {"INFERENCE_PRECISION_HINT": "f32"}  # here it would take bfloat16
    network = Core().compile_model(path, "CPU", exact)
    return lambda images: network({"images": images})[0]

run = globals()[format](path)
np.savez(f"{folder}/enhanced.npz", *[run(images[name]) for name in images.files])
"""


@pytest.fixture(scope="module")
def model():
    return BilateralDCE(num_iterations=3, filters=4, denoising_filter={})


@pytest.fixture
def batches(tmp_path):
    """Dark images in three sizes, also on the disk."""
    rng = np.random.default_rng(0)
    shapes = [(1, 32, 48, 3), (2, 33, 47, 3), (1, 70, 41, 3)]
    batches = [rng.random(shape, dtype="float32") / 5 for shape in shapes]
    np.savez(tmp_path / "images.npz", *batches)
    return batches


def run(format, path, tmp_path):
    """Enhance the batches on the disk by the runtime of a format."""
    pytest.importorskip(RUNTIMES[format])
    checks.fresh_python(RUN, tmp_path, format, path, tmp_path)
    enhanced = np.load(tmp_path / "enhanced.npz")
    return [enhanced[name] for name in enhanced.files]


@needs_tensorflow
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("denoise", [True, False])
def test_without_tensorflow(model, batches, tmp_path, format, denoise):
    for module in FORMATS[format].modules:
        pytest.importorskip(module)
    path = tmp_path / f"model{FORMATS[format].suffix}"
    assert export_portable(model, path, format, denoise=denoise) == path
    for found, images in zip(run(format, path, tmp_path), batches, strict=True):
        expected = model.enhance(images, denoise=denoise)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    names = {path.name, "model.bin"} if format == "openvino" else {path.name}
    written = {each.name for each in tmp_path.iterdir() if each.suffix != ".npz"}
    assert written == names


@needs_tensorflow
@pytest.mark.parametrize("quantize, error", [("float16", 2e-3), ("int8", 2e-2)])
def test_quantized(batches, tmp_path, quantize, error):
    pytest.importorskip("tensorflow")
    model = ZeroDCE(filters=16)
    path = tmp_path / "model.tflite"
    export_portable(model, path, "litert")
    size = path.stat().st_size
    export_portable(model, path, "litert", quantize)
    assert path.stat().st_size < {"float16": 0.65, "int8": 0.5}[quantize] * size
    for found, images in zip(run("litert", path, tmp_path), batches, strict=True):
        np.testing.assert_allclose(found, checks.predict(model, images), atol=error)
        assert np.abs(found - images).max() > 1e-2


@pytest.mark.parametrize(
    "options, message",
    [
        (["-o", "a.onnx", "--format", "litert"], "a file for litert ends in .tflite"),
        (["-o", "a.onnx", "--format", "onnx", "--quantize", "int8"], "must be one of"),
        (
            ["-o", "a.tflite", "--format", "litert", "--quantize", "full_int8"],
            "cost 3.2 dB",
        ),
    ],
)
def test_refused(options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        export.main(options)
    assert list(tmp_path.iterdir()) == []


@needs_tensorflow
def test_a_missing_extra_is_named(model, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openvino", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[openvino\]'"):
        export_portable(model, tmp_path / "model.xml", "openvino")
    assert list(tmp_path.iterdir()) == []


@needs_tensorflow
def test_the_page(tmp_path, monkeypatch):
    """The commands and the Python of docs/serving.md, "Portable files"."""
    for module in ("onnx", "openvino", "onnxruntime", "ai_edge_litert"):
        pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    text = (
        PAGE.read_text("utf-8").partition("## Portable files")[2].partition("\n## ")[0]
    )
    commands = re.findall(r"^zero-dce export (.*)$", text, re.MULTILINE)
    for options in commands:
        assert export.main(shlex.split(options)) == 0
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(commands) == 3 and len(blocks) == 2
    for block in blocks:
        Path("block.py").write_text(block, "utf-8")
        assert runpy.run_path("block.py")["enhanced"].mean() > 0.15  # the input: 0.1
