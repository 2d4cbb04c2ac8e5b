"""A model as one file for runtimes without TensorFlow: LiteRT, ONNX, OpenVINO."""

import os
import shutil
import tempfile
from pathlib import Path

import keras

from zero_dce_keras.extras import require
from zero_dce_keras.models.image_model import ANY_SIZE
from zero_dce_keras.serving.formats import FORMATS, check_format

INPUT, OUTPUT = "images", "enhanced"


def export_portable(model, path, format, quantize="none", denoise=True):
    """Write a model as a `.tflite`, `.onnx` or `.xml` file.

    Images, float32 `(B, H, W, 3)` in [0, 1] of any number and size, go in and come out
    enhanced; with LiteRT, after `resize_tensor_input`. OpenVINO has its weights in a
    `.bin` file beside the `.xml`.

    Args:
        model: a `ZeroDCE`, or another zero_dce_keras model, in float32.
        path: of the file; it is replaced if it is there.
        format: `"litert"`, `"onnx"` or `"openvino"`.
        quantize: of LiteRT alone: `"float16"`, weights of 16 bits, or `"int8"`, weights
            of 8 bits, where all else stays float. Default: `"none"`.
        denoise: False leaves out the denoising filter, where the model has one.

    Returns:
        `pathlib.Path` of the file.

    Raises:
        ValueError: if path and format do not fit, or the format is not quantised so.
        ImportError: on another backend than TensorFlow, or if the format's extra is not
            installed.

    Source: `keras.Model.export`.
    """
    path = Path(path)
    check_format(format, path, quantize)
    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            f"{format} needs the TensorFlow backend: KERAS_BACKEND=tensorflow. Weights "
            "are the same on every backend"
        )
    for module in FORMATS[format].modules:
        require(module)
    options = _litert_options(quantize) if format == "litert" else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    # OpenVINO writes two files, named alike: they appear together.
    folder = Path(tempfile.mkdtemp(prefix=".export-", dir=path.parent))
    try:
        _inference_network(model, denoise).export(
            str(folder / path.name),
            format=format,
            input_signature=[keras.InputSpec("float32", ANY_SIZE, name=INPUT)],
            verbose=False,
            **options,
        )
        if format == "onnx":
            _name_output(folder / path.name)
        # The one that names the other comes last.
        for file in sorted(folder.iterdir(), key=lambda file: file.suffix):
            os.replace(file, path.parent / file.name)
    finally:
        shutil.rmtree(folder)
    return path


def _inference_network(model, denoise):
    """Return a Keras model of images alone, with or without the filter."""
    if denoise or not model.can_denoise:
        return model
    images = keras.Input(ANY_SIZE[1:], name=INPUT)
    return keras.Model(images, model.enhance(images, denoise=False))


def _litert_options(quantize):
    """Return what Keras hands on to the converter of LiteRT."""
    tf = require("tensorflow")
    # Operations of TensorFlow itself would need its runtime.
    target = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    if quantize == "none":
        return {"target_spec": target}
    if quantize == "float16":
        target["supported_types"] = [tf.float16]
    return {"target_spec": target, "optimizations": [tf.lite.Optimize.DEFAULT]}


def _name_output(path):
    """Name the output of an ONNX file, which the converter numbers."""
    onnx = require("onnx")
    graph_model = onnx.load(path)
    graph = graph_model.graph
    name = graph.output[0].name
    for node in graph.node:
        node.output[:] = [OUTPUT if each == name else each for each in node.output]
        node.input[:] = [OUTPUT if each == name else each for each in node.input]
    graph.output[0].name = OUTPUT
    onnx.save(graph_model, path)
