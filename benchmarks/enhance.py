"""What enhancing costs: sizes, the fast path and its stages, new sizes, memory.

.venv/bin/python benchmarks/enhance.py
.venv/bin/python benchmarks/enhance.py --only memory
"""

import argparse
import functools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import alternate, parse_options, peak_memory, report

SIZES = {"600×400": (400, 600), "1920×1080": (1080, 1920), "3840×2160": (2160, 3840)}
STAGES_OF = "1920×1080"
# What the issue asks of peak memory above the imports, in MB.
MEMORY = {"1920×1080": (1080, 1920), "6000×4000": (4000, 6000)}


def main():
    parser = parse_options(__doc__, repeats=5)
    parser.add_argument("--weights", default="zero_dce_lol", help="(%(default)s)")
    parser.add_argument(
        "--only",
        choices=["paths", "stages", "sizes", "folder", "memory"],
        help="a part",
    )
    parser.add_argument("--memory-of", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        measure_memory(options.weights, *options.memory_of)
        return
    parts = {
        "paths": paths,
        "stages": stages,
        "sizes": new_sizes,
        "folder": folder,
        "memory": memory,
    }
    for name, part in parts.items():
        if options.only in (None, name):
            report(part(options), options, part=name, weights=options.weights)
            print()


def photo(height, width, seed=0):
    """A dark photograph: smooth light with a camera's noise, repeated to the size."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:400, :600] / 600
    light = 12 + 25 * (np.sin(7 * x) * np.cos(5 * y)) ** 2
    noise = rng.normal(0, 2, (400, 600, 3))
    part = np.clip(light[..., None] * [1.1, 1, 0.8] + noise, 0, 255).astype("uint8")
    image = np.tile(part, (-(-height // 400), -(-width // 600), 1))
    return np.ascontiguousarray(image[:height, :width])


def paths(options):
    """Full resolution, the companion's layers in Keras, and the fast path."""
    from zero_dce_keras import Enhancer

    enhancer = Enhancer.from_preset(options.weights)
    companion = Enhancer(enhancer.fast.model)
    rows = []
    for name, size in SIZES.items():
        image = photo(*size)
        out = np.empty_like(image)
        functions = {
            "fast": lambda image=image, out=out: enhancer.fast(image, out=out),
            "companion in Keras": lambda image=image: companion(image, tile=0),
            "full": lambda image=image: enhancer(image),
        }
        seconds = alternate(functions, options.repeats, options.clock)
        # In its own rounds too: beside calls of seconds its memory is cold.
        alone = alternate({"fast": functions["fast"]}, 20, options.clock, warm_up=3)
        rows.append(
            {
                "size": name,
                "fast, ms": f"{1e3 * alone['fast']:.1f}",
                "fast between the others, ms": f"{1e3 * seconds['fast']:.1f}",
                "companion in Keras, ms": f"{1e3 * seconds['companion in Keras']:.0f}",
                "full, ms": f"{1e3 * seconds['full']:.0f}",
                "companion / fast": f"{seconds['companion in Keras'] / alone['fast']:.1f}",
                "full / fast": f"{seconds['full'] / alone['fast']:.0f}",
            }
        )
    batch = np.stack([photo(400, 600, seed) for seed in range(8)])
    seconds = alternate(
        {"one": lambda: enhancer(batch[0]), "eight": lambda: enhancer(batch)},
        options.repeats,
        options.clock,
    )
    eight = seconds["eight"] / 8 / seconds["one"]
    print(f"- a batch of 8 of 600×400, full: {eight:.2f} of the time of one, each\n")
    return rows


def stages(options):
    """The parts of the fast path."""
    from zero_dce_keras import EnhanceOptions, Enhancer

    fast = Enhancer.from_preset(options.weights).fast
    image = photo(*SIZES[STAGES_OF])
    out = np.empty_like(image)
    small = np.zeros((90, 160, 3), "float32")
    gains = fast.gains(image)
    curves = fast.curves(image)
    functions = {
        "metering": lambda: fast.gains(image),
        "filter, exposure, shrinking, network": lambda: fast.curves(
            image, EnhanceOptions(gains=gains)
        ),
        "of which the network": lambda: fast.network(small),
        "curves": lambda: curves.apply(out=out),
        "all": lambda: fast(image, out=out),
    }
    seconds = alternate(functions, 4 * options.repeats, options.clock, warm_up=3)
    return [
        {
            "stage": name,
            "ms": f"{1e3 * value:.1f}",
            "share": f"{value / seconds['all']:.0%}",
        }
        for name, value in seconds.items()
    ]


def new_sizes(options):
    """The first, the second and a later call of sizes that were never seen."""
    from zero_dce_keras import Enhancer

    enhancer = Enhancer.from_preset(options.weights)
    rows = []
    for fast in (True, False):
        enhancer(photo(500, 700), fast=fast)  # Numba, and a first size
        for height, width in ((541, 733), (867, 1233), (1003, 1501)):
            image = photo(height, width)
            seconds = []
            for _ in range(2 + options.repeats):
                start = time.perf_counter()
                enhancer(image, fast=fast)
                seconds.append(time.perf_counter() - start)
            steady = float(np.median(seconds[2:]))
            rows.append(
                {
                    "path": "fast" if fast else "full",
                    "size": f"{width}×{height}",
                    "first, ms": f"{1e3 * seconds[0]:.0f}",
                    "second, ms": f"{1e3 * seconds[1]:.0f}",
                    "later, ms": f"{1e3 * steady:.0f}",
                    "first / later": f"{seconds[0] / steady:.2f}",
                    "second / later": f"{seconds[1] / steady:.2f}",
                }
            )
    return rows


def folder(options):
    """A folder of 12 JPEGs of 6 megapixels: stage after stage, and all at once."""
    from zero_dce_keras import EnhanceOptions, Enhancer
    from zero_dce_keras.batch import enhance_photographs, find_jobs
    from zero_dce_keras.images import Photograph

    enhancer = Enhancer.from_preset(options.weights)
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        night = Path(directory) / "night"
        night.mkdir()
        for seed in range(12):
            Photograph(photo(2000, 3000, seed)).write(night / f"{seed}.jpg")
        jobs, _ = find_jobs([str(night)], str(Path(directory) / "out"))
        for fast in (True, False):
            chosen = jobs if fast else jobs[:3]
            enhance = functools.partial(
                enhancer.enhance_photograph, options=EnhanceOptions(fast=fast)
            )
            list(enhance_photographs(enhance, chosen[:1], overwrite=True))
            spent = dict.fromkeys(("read", "enhance", "write"), 0.0)

            def timed(name, function, *arguments, spent=spent, **options):
                start = time.perf_counter()
                result = function(*arguments, **options)
                spent[name] += time.perf_counter() - start
                return result

            for job in chosen:
                photograph = timed("read", Photograph.read, job.source)
                enhanced = timed("enhance", enhance, photograph)
                timed("write", enhanced.write, job.target)
            start = time.perf_counter()
            list(enhance_photographs(enhance, chosen, overwrite=True))
            overlapped = time.perf_counter() - start
            total = sum(spent.values())
            rows.append(
                {
                    "path": "fast" if fast else "full",
                    **{
                        f"{name}, ms": f"{1e3 * value / len(chosen):.0f}"
                        for name, value in spent.items()
                    },
                    "one after the other, ms": f"{1e3 * total / len(chosen):.0f}",
                    "all at once, ms": f"{1e3 * overlapped / len(chosen):.0f}",
                    "ratio": f"{overlapped / total:.2f}",
                }
            )
    return rows


def memory(options):
    """Peak resident memory of a process that enhances one image."""
    rows = []
    for name, (height, width) in MEMORY.items():
        for path in ("full", "fast"):
            command = [sys.executable, __file__, "--weights", options.weights]
            command += ["--memory-of", str(height), str(width), path]
            output = subprocess.run(command, check=True, capture_output=True, text=True)
            found = json.loads(output.stdout)
            rows.append({"size": name, "path": path, **found})
    return rows


def measure_memory(weights, height, width, path):
    import keras  # noqa: F401, what is imported does not count

    from zero_dce_keras import Enhancer

    if path == "fast":
        import numba  # noqa: F401
    imported = peak_memory()
    enhancer = Enhancer.from_preset(weights)
    image = photo(int(height), int(width))
    start = time.perf_counter()
    enhancer(image, fast=path == "fast")
    seconds = time.perf_counter() - start
    peak = peak_memory()
    found = {"peak above imports, MB": round(peak - imported), "s": round(seconds, 1)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
