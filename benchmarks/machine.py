"""What the benchmarks share: the machine, its GEMM rate, alternated timing, the table."""

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path

import keras
import tensorflow as tf

from zero_dce_keras.version import __version__

tf.get_logger().setLevel("ERROR")  # no warnings of many small functions

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


def describe_machine():
    """The machine and the versions, as a dict of strings."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text().splitlines()
        models = [line for line in lines if line.startswith("model name")]
        name = models[0].partition(":")[2].strip() if models else name
    return {
        "cpu": name,
        "cores": CORES,
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "zero_dce_keras": __version__,
    }


def gemm():
    """A callable that multiplies two square float32 matrices: `GEMM_GFLOP` a call."""
    matrix = tf.random.normal((GEMM_SIZE, GEMM_SIZE), seed=0)
    return tf.function(lambda: tf.matmul(matrix, matrix))


def alternate(functions, repeats, clock="wall", warm_up=1):
    """Time callables in turn, A B A B …, so that the machine's moods hit them alike.

    Args:
        functions: dict from names to callables without arguments.
        repeats: how many times to time each.
        clock: `"wall"` or `"cpu"`.
        warm_up: how many times to call each before.

    Returns:
        dict from the names to medians in seconds.
    """
    for function in functions.values():
        for _ in range(warm_up):
            function()
    now = CLOCKS[clock]
    seconds = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            tf.test.experimental.sync_devices()
            start = now()
            function()
            tf.test.experimental.sync_devices()
            seconds[name].append(now() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


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
