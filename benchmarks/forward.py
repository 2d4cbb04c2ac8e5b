"""Enhancing: the package, a plain `tf.function`, the GEMM bound; `--parts`: each layer.

.venv/bin/python benchmarks/forward.py
.venv/bin/python benchmarks/forward.py --parts
"""

import keras
import numpy as np
import tensorflow as tf
from cost import CHANNELS, convolution_gflop, forward_gflop
from machine import GEMM_GFLOP, alternate, gemm, parse_options, report
from plain import PlainZeroDCE, apply_curves

from zero_dce_keras import Enhancer, ZeroDCE

tf.get_logger().setLevel("ERROR")  # no warnings of many small functions

SHAPES = [(1, 400, 600), (1, 1080, 1920), (8, 256, 256)]
PARTS_SHAPE = (1, 400, 600)


def main():
    parser = parse_options(__doc__, repeats=5)
    parser.add_argument("--parts", action="store_true", help="time each layer alone")
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    model = ZeroDCE()
    # Weights as of a new network would give curves of almost nothing.
    model.dce_model.set_weights([3 * w for w in model.dce_model.get_weights()])
    if options.parts:
        parts(model, options)
    else:
        whole(model, options)


def whole(model, options):
    rows = []
    for shape in SHAPES:
        seconds, rate = time_forward(model, shape, options)
        gflop = forward_gflop(np.prod(shape))
        plain = seconds["plain tf.function"]
        seconds[f"GEMM bound ({gflop:.0f} GFLOP at {rate:.0f} GFLOP/s)"] = gflop / rate
        for name, s in seconds.items():
            rows.append(
                {
                    "images": "×".join(map(str, shape)),
                    "forward": name,
                    "ms": round(s * 1e3, 1),
                    "× plain": f"{s / plain:.3f}",
                    "× GEMM bound": f"{s * rate / gflop:.2f}",
                }
            )
    report(rows, options)


def time_forward(model, shape, options):
    """Medians in seconds, and GFLOP/s of the matrix product between them."""
    images = tf.random.uniform((*shape, 3))
    plain = PlainZeroDCE(model)
    ours_function = tf.function(lambda images: model(images, training=False))
    plain_function = tf.function(plain.enhance)
    np.testing.assert_allclose(ours_function(images), plain_function(images), atol=1e-5)
    functions = {
        "this package, tf.function": lambda: ours_function(images),
        "plain tf.function": lambda: plain_function(images),
    }
    if shape == PARTS_SHAPE:
        enhancer = Enhancer(model)
        pixels = np.rint(images[0] * 255).astype("uint8")
        functions["this package, Enhancer uint8 → uint8"] = lambda: enhancer(pixels)
    seconds = alternate({**functions, "gemm": gemm()}, options.repeats, options.clock)
    return seconds, GEMM_GFLOP / seconds.pop("gemm")


def parts(model, options):
    """Time of each part alone at 600×400, beside the whole, and of other ways."""
    plain = PlainZeroDCE(model)
    images = tf.random.uniform((*PARTS_SHAPE, 3))
    features = tf.random.uniform((*PARTS_SHAPE, 32))
    raw_maps = tf.random.normal((*PARTS_SHAPE, 24))
    maps = tf.tanh(raw_maps)

    functions, gflops = {}, {}
    for k, (channels_in, channels_out) in enumerate(CHANNELS, start=1):
        name = f"conv {k}: {channels_in} → {channels_out}"
        x = tf.random.uniform((*PARTS_SHAPE, channels_in))
        functions[name] = call(convolve(plain, k), x)
        gflops[name] = convolution_gflop(np.prod(PARTS_SHAPE), *CHANNELS[k - 1])
    functions["concatenation (one of 3)"] = call(
        lambda x, y: tf.concat([x, y], -1), features, features
    )
    functions["tanh"] = call(tf.tanh, raw_maps)
    functions["apply curves"] = call(apply_curves, images, maps)
    counts = {"concatenation (one of 3)": 3}
    names = list(functions)
    others = {
        "whole": call(plain.enhance, images),
        "other way: conv 5 on 2 halves": call(
            lambda x, y: halves(plain, x, y), features, features
        ),
        "other way: tanh and curves, XLA": tf_jit(
            lambda images, x: apply_curves(images, tf.tanh(x)), images, raw_maps
        ),
        "other way: whole, XLA": tf_jit(plain.enhance, images),
        "gemm": gemm(),
    }
    seconds = alternate({**functions, **others}, options.repeats, options.clock)
    rate = GEMM_GFLOP / seconds.pop("gemm")
    whole_gflop = forward_gflop(np.prod(PARTS_SHAPE))
    gflops["whole"] = gflops["other way: whole, XLA"] = whole_gflop
    gflops["other way: conv 5 on 2 halves"] = gflops["conv 5: 64 → 32"]
    seconds["sum of the parts"] = sum(seconds[n] * counts.get(n, 1) for n in names)
    gflops["sum of the parts"] = whole_gflop
    rows = [
        {
            "part": name,
            "ms": f"{s * 1e3:.1f}",
            "share of the sum": f"{s * counts.get(name, 1) / total:.0%}"
            if name in names
            else None,
            "GFLOP/s": round(gflops[name] / s) if name in gflops else None,
            "× GEMM bound": f"{s * rate / gflops[name]:.2f}"
            if name in gflops
            else None,
        }
        for total in [seconds["sum of the parts"]]
        for name, s in seconds.items()
    ]
    report(rows, options, gemm_gflops=round(rate, 1))


def call(function, *arguments):
    compiled = tf.function(function)
    return lambda: compiled(*arguments)


def tf_jit(function, *arguments):
    compiled = tf.function(function, jit_compile=True)
    return lambda: compiled(*arguments)


def convolve(plain, k):
    if k == len(CHANNELS):  # no ReLU
        return lambda x: plain.convolve(x, k)
    return lambda x: tf.nn.relu(plain.convolve(x, k))


def halves(plain, x, y):
    """conv 5 without concatenating its two inputs."""
    kernel, bias = plain.layers[4]
    top, bottom = tf.split(kernel.value, 2, axis=2)
    total = tf.nn.conv2d(x, top, 1, "SAME") + tf.nn.conv2d(y, bottom, 1, "SAME")
    return tf.nn.relu(tf.nn.bias_add(total, bias.value))


if __name__ == "__main__":
    main()
