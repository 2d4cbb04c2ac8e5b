"""Training steps and enhancing on any backend and device, beside the device's ceilings.

KERAS_BACKEND=jax python benchmarks/gpu.py
KERAS_BACKEND=jax python benchmarks/gpu.py --only training   (or forward, or Enhancer)

A training step is the function that `fit` calls, a forward pass the one that `predict`
calls; both on a batch that stays on the device, where the output stays too. Steps are
given to the device one after the other; the host waits once, at the end of a run. `host
ms` is what the host took to hand a step out: where it comes near `ms`, the host is what
is measured, or the device is the CPU and works in the call.
"""

import argparse
import statistics
import sys
from typing import NamedTuple

import numpy as np
from ceilings import convolution_error, make_ceilings
from cost import forward_gbyte, forward_gflop, training_gbyte, training_gflop
from machine import Repeated, alternate, report
from steps import (
    can_torch_compile,
    compiler,
    count_compilations,
    forget_compilations,
    keras_step,
)

import zero_dce_keras
from zero_dce_keras import cli, devices

DTYPES = {"float32": 4, "mixed_bfloat16": 2}  # bytes of an activation
TRAINING, FORWARD, WHOLE_WAY = "training step", "forward", "Enhancer uint8 → uint8"


class Work(NamedTuple):
    kind: str
    batch: int
    width: int
    height: int

    def __str__(self):
        return f"{self.kind}, {self.batch}×{self.width}×{self.height}"

    def gflop(self):
        count = training_gflop if self.kind == TRAINING else forward_gflop
        return count(self.batch * self.height * self.width)

    def gbyte(self, dtype):
        count = training_gbyte if self.kind == TRAINING else forward_gbyte
        return count(self.batch * self.height * self.width, DTYPES[dtype])


WORKS = [
    *(Work(TRAINING, batch, 256, 256) for batch in (1, 8, 16, 64)),
    Work(TRAINING, 8, 128, 128),
    *(Work(FORWARD, 2**i, 600, 400) for i in range(7)),
    Work(FORWARD, 1, 1200, 900),
    Work(FORWARD, 1, 1920, 1080),
    Work(FORWARD, 1, 3840, 2160),
    Work(WHOLE_WAY, 1, 1200, 900),
]
QUICK_WORKS = [Work(kind, 1, 48, 32) for kind in (TRAINING, FORWARD, WHOLE_WAY)]


def main(argv=None):
    options = parse(argv)
    cli.start_backend(options.device)
    on_gpu = bool(devices.list_gpus())
    if not on_gpu:
        print("no GPU: this is the CPU", file=sys.stderr)
    if options.max_seconds is None:
        options.max_seconds = 20 if on_gpu else 2
    tf32 = convolution_error() > 1e-5
    bench = Benchmark(options, make_ceilings(options.quick, on_gpu, tf32))
    works = QUICK_WORKS if options.quick else WORKS
    rows = [row for w in works if options.only in str(w) for row in bench.rows(w)]
    report(
        rows,
        options,
        device=devices.describe_device(),
        float32_convolutions="in TF32" if tf32 else "in float32",
        **bench.facts(),
        GB="estimated: a layer reads its inputs once and writes its output once",
        skipped=f"what the bound, times the slowness of the row of its kind before, "
        f"puts above {options.max_seconds:g} s a call",
    )
    return 0


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__,
        parents=[cli.device_option()],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny images: a smoke test"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, not a table")
    parser.add_argument("--only", default="", help="measure the work with this in it")
    parser.add_argument(
        "--repeats", type=cli.positive, default=5, help="rounds to time (%(default)s)"
    )
    parser.add_argument(
        "--max-seconds",
        type=float,
        help="leave out what would take longer a call (20 on a GPU, 2 on the CPU)",
    )
    parser.set_defaults(clock="wall")
    return parser.parse_args(argv)


class Benchmark:
    """Measures works one after the other, the ceilings beside each of them."""

    def __init__(self, options, ceilings):
        self.options = options
        self.ceilings = ceilings
        self.rates = {key: [] for key in ceilings}
        self.slowness = {}  # seconds ÷ bound of the last work of a kind and dtype
        self.compilers = {}  # what compiled which kind
        self.compilations = count_compilations()
        self.compilations_in_rounds = 0
        self.torch_compiles = can_torch_compile()
        self._time({})  # a first idea of the ceilings

    def rows(self, work):
        """A row for every dtype; what is not measured says why."""
        if self.torch_compiles:
            forget_compilations()
        prepared = {dtype: self._prepare(work, dtype) for dtype in DTYPES}
        runs = {d: run for d, run in prepared.items() if isinstance(run, Repeated)}
        try:
            seconds = self._time(runs) if runs else {}
        except Exception as error:
            if not devices.is_out_of_memory(error):
                raise
            seconds, runs = {}, {}
            prepared = dict.fromkeys(DTYPES, "skipped: out of memory")
        rows = []
        for dtype, run in prepared.items():
            measured = dtype in runs
            row = {"work": str(work), "dtype": dtype}
            row |= self._figures(work, dtype, run, seconds.get(dtype))
            row["note"] = "" if measured else run
            note = f"{row['ms']} ms" if measured else run
            print(f"{work}, {dtype}: {note}", file=sys.stderr, flush=True)
            rows.append(row)
        return rows

    def _prepare(self, work, dtype):
        """A `Repeated`, or why there is none."""
        expected = self._bound(work, dtype) * self.slowness.get((work.kind, dtype), 1)
        if expected > self.options.max_seconds:
            return f"skipped: would take about {rounded(expected)} s"
        try:
            run = Repeated(self._step(work, dtype), 0 if self.options.quick else 0.2)
        except Exception as error:
            if not devices.is_out_of_memory(error):
                raise
            return "skipped: out of memory"
        self.slowness[work.kind, dtype] = run.first / self._bound(work, dtype)
        if run.first > self.options.max_seconds:
            return f"skipped: takes {rounded(run.first)} s"
        return run

    def _bound(self, work, dtype):
        """The least seconds a call can take by the ceilings."""
        return max(
            work.gflop() / self._rate(dtype), work.gbyte(dtype) / self._rate("memory")
        )

    def _rate(self, key):
        return self.rates[key][-1]

    def _time(self, runs):
        """Seconds a step, all in turn with the ceilings, whose rates are kept."""
        ceilings = {("ceiling", key): c.run for key, c in self.ceilings.items()}
        functions = {**ceilings, **runs}
        before = len(self.compilations)
        seconds = alternate(functions, self.options.repeats)
        self.compilations_in_rounds += len(self.compilations) - before
        for key, ceiling in self.ceilings.items():
            each = seconds["ceiling", key] / ceiling.run.count
            self.rates[key].append(ceiling.amount / each)
        return {dtype: seconds[dtype] / run.count for dtype, run in runs.items()}

    def _figures(self, work, dtype, run, seconds):
        names = ("ms", "host ms", "images/s", "GFLOP/s", "of GEMM", "GB/s", "of memory")
        if seconds is None:
            return dict.fromkeys(names)
        gflops, gbytes = work.gflop() / seconds, work.gbyte(dtype) / seconds
        values = (
            seconds * 1e3,
            statistics.median(run.host[-self.options.repeats :]) * 1e3,
            work.batch / seconds,
            gflops,
            gflops / self._rate(dtype),
            gbytes,
            gbytes / self._rate("memory"),
        )
        return {name: rounded(v) for name, v in zip(names, values, strict=True)}

    def _step(self, work, dtype):
        """A callable that does the work once and waits for nothing."""
        import keras

        model = zero_dce_keras.ZeroDCE(dtype=dtype)
        shape = (work.batch, work.height, work.width, 3)
        if work.kind == WHOLE_WAY:
            enhancer = zero_dce_keras.Enhancer(model)
            pixels = np.random.default_rng(0).integers(0, 60, shape[1:], "uint8")
            return lambda: enhancer(pixels)
        images = keras.random.uniform(shape, maxval=0.2, seed=0)  # on the device
        if work.kind == TRAINING:
            model.compile(learning_rate=1e-4)
        elif self.torch_compiles:
            model.jit_compile = True
        self.compilers[work.kind] = compiler(model)
        return keras_step(
            model, "train" if work.kind == TRAINING else "predict", images
        )

    def facts(self):
        """What to say above the table."""
        ceilings = "; ".join(
            f"{ceiling.name}: {min(rates):.0f}–{max(rates):.0f} {ceiling.unit}"
            for ceiling, rates in zip(
                self.ceilings.values(), self.rates.values(), strict=True
            )
        )
        facts = {
            "compiled": ", ".join(f"{k}: {how}" for k, how in self.compilers.items()),
            "ceilings, lowest and highest": ceilings,
        }
        if self.compilations:  # else the backend does not tell
            facts["compilations in timed rounds"] = self.compilations_in_rounds
        return facts


def rounded(number):
    """To three digits or all before the point."""
    return round(number) if number >= 100 else float(f"{number:.3g}")


if __name__ == "__main__":
    sys.exit(cli.run(main))
