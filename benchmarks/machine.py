"""What the benchmarks share: the machine and its rates, alternated timing, the table.

Keras is imported by the functions that use it, so that a benchmark can choose its
device first.
"""

import argparse
import contextlib
import importlib
import json
import os
import platform
import re
import statistics
import time
from pathlib import Path

import numpy as np

from zero_dce_keras import devices
from zero_dce_keras.version import __version__

GEMM_SIZE = 2048
GEMM_GFLOP = 2 * GEMM_SIZE**3 / 1e9
CORES = (
    len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
)
# What other processes take is in the first and not in the second.
CLOCKS = {"wall": time.perf_counter, "cpu": lambda: time.process_time() / CORES}


def parse_options(description, repeats):
    """The options of every benchmark; a benchmark may add its own before parsing."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--repeats", type=int, default=repeats, help="rounds to time (%(default)s)"
    )
    parser.add_argument(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="wall time, or for a busy machine CPU time ÷ cores (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, not a table")
    return parser


def backend():
    """The name of the backend that Keras runs on."""
    import keras

    return keras.backend.backend()


def photo(height, width, seed=0):
    """A dark photograph: smooth light with a camera's noise, repeated to the size."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:400, :600] / 600
    light = 12 + 25 * (np.sin(7 * x) * np.cos(5 * y)) ** 2
    noise = rng.normal(0, 2, (400, 600, 3))
    part = np.clip(light[..., None] * [1.1, 1, 0.8] + noise, 0, 255).astype("uint8")
    image = np.tile(part, (-(-height // 400), -(-width // 600), 1))
    return np.ascontiguousarray(image[:height, :width])


def describe_machine():
    """The machine and the versions, as a dict of strings."""
    import keras

    gpus = devices.list_gpus()
    gpu = {"gpu": ", ".join(gpus) + nvidia_driver()} if gpus else {}
    return {
        **gpu,
        "cpu": cpu_name(),
        "cores": CORES,
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        backend(): importlib.import_module(backend()).__version__,
        "keras": keras.__version__,
        "zero_dce_keras": __version__,
    }


def cpu_name():
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()


def nvidia_driver():
    version = Path("/proc/driver/nvidia/version")
    found = version.is_file() and re.search(r"\d+\.\d+(\.\d+)?", version.read_text())
    return f" (driver {found[0]})" if found else ""


def compiled(function):
    """A function of tensors as one compiled function; on PyTorch, without autograd."""
    if backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    if backend() == "jax":
        import jax

        return jax.jit(function)
    import torch

    return torch.inference_mode()(function)


def wait(result=None):
    """Wait for the device: on JAX for `result`, else for all it was given to do."""
    if backend() == "tensorflow":
        import tensorflow as tf

        tf.test.experimental.sync_devices()
    elif backend() == "jax":
        import jax

        jax.block_until_ready(result)
    else:
        import torch
        from keras.src.backend.torch.core import get_device

        getattr(torch, get_device().partition(":")[0]).synchronize()


def gemm(size=GEMM_SIZE, dtype="float32", tf32=None):
    """A callable that multiplies two square matrices, by default `GEMM_GFLOP` a call.

    Args:
        size: rows and columns.
        dtype: `"float32"` or `"bfloat16"`.
        tf32: whether a GPU may round float32 factors to TF32, 10 bits of mantissa; what
            the backend does unasked by default.
    """
    import keras

    # An argument, because XLA would multiply constants once, when it compiles.
    matrix = keras.ops.cast(keras.random.normal((size, size), seed=0), dtype)
    product = compiled(keras.ops.matmul)

    def run():
        with matrix_products(tf32):
            return product(matrix, matrix)

    return run


@contextlib.contextmanager
def matrix_products(tf32):
    """Let float32 matrix products use TF32, or not; leave it as it is for `None`."""
    if tf32 is None:
        yield
    elif backend() == "jax":
        import jax

        with jax.default_matmul_precision("tensorfloat32" if tf32 else "highest"):
            yield
    else:
        get, put = _tf32_setting()
        before = get()
        put(tf32)
        try:
            yield
        finally:
            put(before)


def _tf32_setting():
    if backend() == "tensorflow":
        from tensorflow.config import experimental

        return (
            experimental.tensor_float_32_execution_enabled,
            experimental.enable_tensor_float_32_execution,
        )
    import torch

    return (
        lambda: torch.get_float32_matmul_precision() != "highest",
        lambda tf32: torch.set_float32_matmul_precision("high" if tf32 else "highest"),
    )


def alternate(functions, repeats, clock="wall", warm_up=1):
    """Time callables in turn, A B A B …, so that the machine's moods hit them alike.

    Args:
        functions: dict from names to callables without arguments. On JAX they return
            what there is to wait for.
        repeats: how many times to time each.
        clock: `"wall"` or `"cpu"`.
        warm_up: how many times to call each before.

    Returns:
        dict from the names to medians in seconds.
    """
    for function in functions.values():
        for _ in range(warm_up):
            wait(function())
    now = CLOCKS[clock]
    seconds = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            wait()
            start = now()
            wait(function())
            seconds[name].append(now() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def peak_memory():
    """MB that this process took at its peak (Linux).

    Not getrusage's figure, which a new process inherits from the one that started it.
    """
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


class Repeated:
    """A step `count` times in a row, long enough to time; waits for none of them."""

    def __init__(self, step, least_seconds):
        for _ in range(2):  # JAX may compile again for the state that a step returns
            wait(step())
        start = time.perf_counter()
        wait(step())
        self.first = time.perf_counter() - start
        self.step = step
        self.count = min(100, int(least_seconds / self.first) + 1)
        self.host = []  # seconds that the host took to hand the steps out

    def __call__(self):
        start = time.perf_counter()
        for _ in range(self.count):
            result = self.step()
        self.host.append((time.perf_counter() - start) / self.count)
        return result


def report(rows, options, **facts):
    """Print machine, facts and rows (dicts with equal keys) as Markdown, or as JSON."""
    machine = describe_machine()
    facts = {"clock": options.clock, "repeats": options.repeats, **facts}
    if options.json:
        print(json.dumps({"machine": machine, **facts, "rows": rows}, indent=2))
        return
    print("- " + ", ".join(f"{name} {value}" for name, value in machine.items()))
    for name, value in facts.items():
        print(f"- {name.replace('_', ' ')}: {value}")
    print()
    print(table(rows))


def table(rows):
    """Equal dicts as a Markdown table."""
    lines = [list(rows[0]), ["---"] * len(rows[0])]
    lines += [["" if cell is None else str(cell) for cell in r.values()] for r in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
