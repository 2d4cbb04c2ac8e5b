"""What a device can do at best: matrix products, and memory read and written."""

from typing import NamedTuple

import numpy as np
from machine import Repeated, backend, gemm


class Ceiling(NamedTuple):
    name: str
    unit: str
    amount: float  # GFLOP or GB a call
    run: Repeated


def make_ceilings(quick, on_gpu, tf32):
    """What the device can do at best, by what it bounds."""
    size = 256 if quick else 8192 if on_gpu else 2048
    count = 2**20 if quick else 2**28 if on_gpu else 2**26

    def product(name, dtype, tf32):
        run = Repeated(gemm(size, dtype, tf32), 0.05)
        return Ceiling(f"GEMM {name} n={size}", "GFLOP/s", 2 * size**3 / 1e9, run)

    ceilings = {
        "float32": product("float32", "float32", False),
        "mixed_bfloat16": product("bfloat16", "bfloat16", None),
        "memory": Ceiling(
            f"x·1.0001 in place, {count * 4 >> 20} MiB, read + written",
            "GB/s",
            count * 8 / 1e9,
            Repeated(scale_in_place(count), 0.05),
        ),
    }
    if tf32:  # then this is what bounds convolutions of float32
        ceilings["float32 proper"] = ceilings["float32"]
        ceilings["float32"] = product("TF32", "float32", True)
    return ceilings


def scale_in_place(count):
    """A callable that multiplies `count` float32 numbers by 1.0001: 8 bytes each.

    In place, because on a CPU new memory costs several times the scaling itself: its
    pages are handed out at first touch.
    """
    import keras

    numbers = keras.ops.ones((count,))
    if backend() == "tensorflow":
        import tensorflow as tf

        variable = tf.Variable(numbers)

        @tf.function(jit_compile=True)  # else the product is a tensor of its own
        def scale():
            variable.assign(variable * 1.0001)

        return scale
    if backend() == "torch":
        return lambda: numbers.mul_(1.0001)
    import jax

    scale = jax.jit(lambda numbers: numbers * 1.0001, donate_argnums=0)

    def run():
        nonlocal numbers
        numbers = scale(numbers)
        return numbers

    return run


def convolution_error():
    """Relative error of a float32 convolution: 1e-7, or 3e-4 where factors are TF32."""
    from keras import ops

    rng = np.random.default_rng(0)
    images = rng.standard_normal((1, 66, 66, 64)).astype("float32")
    kernel = rng.standard_normal((3, 3, 64, 32)).astype("float32")
    exact = sum(
        images[:, y : y + 64, x : x + 64].astype("float64") @ kernel[y, x]
        for y in range(3)
        for x in range(3)
    )
    ours = ops.convert_to_numpy(
        ops.conv(images, kernel, padding="valid", data_format="channels_last")
    )
    return np.linalg.norm(ours - exact) / np.linalg.norm(exact)
