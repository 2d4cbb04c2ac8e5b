"""The benchmark of any backend and device runs, at tiny sizes."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import keras

BACKEND = keras.backend.backend()
SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu.py"


def benchmark(*options):
    """(exit code, stdout, stderr) of the benchmark, on the CPU wherever it runs."""
    on_the_cpu = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, SCRIPT, *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **on_the_cpu, "PYTHONPATH": str(SCRIPT.parents[1])},
    )
    return done.returncode, done.stdout, done.stderr


def test_quick():
    code, out, err = benchmark("--quick", "--json", "--repeats", "1")
    assert code == 0, err
    assert "no GPU: this is the CPU" in err.splitlines()
    result = json.loads(out)
    assert BACKEND in result["machine"]
    assert result["device"] == f"{BACKEND} on the CPU"
    assert result.get("compilations in timed rounds", 0) == 0
    assert [(row["work"], row["dtype"]) for row in result["rows"]] == [
        (f"{work}, 1×48×32", dtype)
        for work in ("training step", "forward", "Enhancer uint8 → uint8")
        for dtype in ("float32", "mixed_bfloat16")
    ]
    for row in result["rows"]:
        assert row.pop("note") == ""
        numbers = list(row.values())[2:]
        assert len(numbers) == 7
        assert all(math.isfinite(number) and number > 0 for number in numbers), row


def test_what_would_take_too_long_is_left_out():
    options = ("--quick", "--repeats", "1", "--only", "forward", "--max-seconds", "0")
    code, out, err = benchmark(*options)
    assert code == 0, err
    rows = [line for line in out.splitlines() if line.startswith("| forward")]
    assert len(rows) == 2
    assert all("| skipped: would take about " in row for row in rows), out


def test_a_gpu_asked_for_and_absent():
    code, out, err = benchmark("--quick", "--device", "gpu")
    assert (code, out) == (1, "")
    assert err.startswith(f"error: --device gpu, but {BACKEND} sees no GPU: ")
    assert err.count("\n") == 1
