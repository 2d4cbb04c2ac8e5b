"""The files of `zero-dce export --format`: size, difference, scores, speed; and pruning.

    .venv-export/bin/python benchmarks/portable.py --data-dir ../shared/data/lol

All rows are of one run, 600×400, float32 in and out, alternated. "Difference" is the
largest one to the Keras model, over LOL's 15 test photographs; PSNR and SSIM are means over
them, by the protocol of docs/metrics.md. "Without the network" is the input itself, or what
filter and exposure normalisation make of it.

The pruned rows set the smallest half of each kernel's weights to 0 (magnitude pruning), with
no training after it.
"""

import functools
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from machine import alternate, parse_options, report

from zero_dce_keras import export_portable, load_model
from zero_dce_keras.data import find_test_pairs
from zero_dce_keras.evaluation import mean_scores, score_image
from zero_dce_keras.images import read_image, to_float, to_uint8
from zero_dce_keras.inference import without_network

PRUNED = 0.5  # the share of a kernel's weights that becomes 0
FILES = {
    "LiteRT": ("litert", "none"),
    "LiteRT, float16": ("litert", "float16"),
    "LiteRT, int8 weights": ("litert", "int8"),
    "ONNX Runtime": ("onnx", "none"),
    "OpenVINO, float32": ("openvino", "none"),
    "OpenVINO, as it comes": ("openvino", "none"),
}


def main():
    parser = parse_options(__doc__.splitlines()[0], repeats=5)
    parser.add_argument("--weights", default="zero_dce_general", help="(%(default)s)")
    parser.add_argument("--data-dir", metavar="DIR", help="where LOL lies")
    options = parser.parse_args()
    pairs = [
        [to_float(read_image(path))[None] for path in pair[:2]]
        for pair in find_test_pairs("lol", options.data_dir)
    ]
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(options, pairs, Path(folder))
    report(rows, options, weights=options.weights)


def measure(options, pairs, folder):
    model = load_model(options.weights)
    runs = {"TensorFlow": tf.function(model.enhance)}
    sizes = {"TensorFlow": None}
    for name, (format, quantize) in FILES.items():
        runs[name], sizes[name] = exported(model, folder, name, format, quantize)
    pruned = load_model(options.weights)
    prune(pruned.network)
    for name in ("LiteRT", "LiteRT, int8 weights"):
        label = f"{name}, half of the weights 0"
        runs[label], sizes[label] = exported(pruned, folder, label, *FILES[name])
    image = pairs[0][0]
    functions = {name: functools.partial(run, image) for name, run in runs.items()}
    seconds = alternate(functions, options.repeats, options.clock)
    expected = [np.asarray(runs["TensorFlow"](low)) for low, _ in pairs]
    rows = []
    for name, run in runs.items():
        outputs = [np.asarray(run(low)) for low, _ in pairs]
        rows.append(
            {
                "file": name,
                "KB": sizes[name] and f"{sizes[name] / 1e3:.0f}",
                "difference": f"{max(map(distance, outputs, expected)):.1e}",
                **scores(outputs, pairs),
                "ms": f"{1e3 * seconds[name]:.1f}",
                "× TensorFlow": f"{seconds['TensorFlow'] / seconds[name]:.2f}",
            }
        )
    outputs = [
        to_float(without_network(model, to_uint8(low[0])))[None] for low, _ in pairs
    ]
    rows.append({"file": "without the network", **scores(outputs, pairs)})
    return rows


def exported(model, folder, label, format, quantize):
    """Write a file; return a function that runs it, and its size in bytes."""
    suffix = {"litert": ".tflite", "onnx": ".onnx", "openvino": ".xml"}[format]
    path = folder / f"{len(list(folder.iterdir()))}{suffix}"
    export_portable(model, path, format, quantize)
    size = sum(each.stat().st_size for each in folder.glob(f"{path.stem}.*"))
    return RUNTIMES[format](str(path), label), size


def litert(path, label):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=2)
    (taken,), (given,) = (
        interpreter.get_input_details(),
        interpreter.get_output_details(),
    )
    shapes = []

    def run(image):
        if shapes != [image.shape]:
            interpreter.resize_tensor_input(taken["index"], image.shape)
            interpreter.allocate_tensors()
            shapes[:] = [image.shape]
        interpreter.set_tensor(taken["index"], image)
        interpreter.invoke()
        return interpreter.get_tensor(given["index"])

    return run


def onnx(path, label):
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    return lambda image: session.run(["enhanced"], {"images": image})[0]


def openvino(path, label):
    from openvino import Core

    exact = {"INFERENCE_PRECISION_HINT": "f32"} if "float32" in label else {}
    network = Core().compile_model(path, "CPU", exact)
    return lambda image: network({"images": image})[0]


RUNTIMES = {"litert": litert, "onnx": onnx, "openvino": openvino}


def prune(network):
    """Set the weights of each kernel that are closest to 0 to 0."""
    for weight in network.trainable_weights:
        if len(weight.shape) > 1:
            values = np.array(weight)
            values[np.abs(values) < np.quantile(np.abs(values), PRUNED)] = 0
            weight.assign(values)


def distance(one, other):
    return np.abs(one - other).max()


def scores(outputs, pairs):
    """Return the mean scores over the pairs, of pictures of 8 bits."""
    each = [
        score_image(to_uint8(reference[0]), to_uint8(output[0]))
        for output, (_, reference) in zip(outputs, pairs, strict=True)
    ]
    means = mean_scores(each)
    return {
        "PSNR": f"{means['psnr']:.3f}",
        "SSIM": f"{means['ssim']:.4f}".lstrip("0"),
    }


if __name__ == "__main__":
    main()
