"""What enhancing in Keras costs, without a compiled form: new sizes, folders, memory.

.venv/bin/python benchmarks/enhance.py
.venv/bin/python benchmarks/enhance.py --only memory
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import parse_options, peak_memory, photo, report

FILES = 6  # of a folder
MEMORY = {"1920×1080": (1080, 1920), "6000×4000": (4000, 6000)}


def main():
    parser = parse_options(__doc__, repeats=5)
    parser.add_argument("--weights", default="zero_dce_lol", help="(%(default)s)")
    parser.add_argument(
        "--only",
        choices=["sizes", "folder", "memory"],
        help="a part",
    )
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        measure_memory(options.weights, *options.memory_of)
        return
    parts = {
        "sizes": new_sizes,
        "folder": folder,
        "memory": memory,
    }
    for name, part in parts.items():
        if options.only in (None, name):
            report(part(options), options, part=name, weights=options.weights)
            print()


def new_sizes(options):
    """The first, the second and a later call of sizes that were never seen."""
    from zero_dce_keras import Enhancer

    enhancer = Enhancer.from_preset(options.weights)
    rows = []
    enhancer(photo(500, 700))  # a first size
    for height, width in ((541, 733), (867, 1233), (1003, 1501)):
        image = photo(height, width)
        seconds = []
        for _ in range(2 + options.repeats):
            start = time.perf_counter()
            enhancer(image)
            seconds.append(time.perf_counter() - start)
        steady = float(np.median(seconds[2:]))
        rows.append(
            {
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
    """A folder of JPEGs of 6 megapixels: stage after stage, and all at once."""
    from zero_dce_keras import Enhancer
    from zero_dce_keras.batch import enhance_photographs, find_jobs
    from zero_dce_keras.images import Photograph

    enhance = Enhancer.from_preset(options.weights).enhance_photograph
    with tempfile.TemporaryDirectory() as directory:
        night = Path(directory) / "night"
        night.mkdir()
        for seed in range(FILES):
            Photograph(photo(2000, 3000, seed)).write(night / f"{seed}.jpg")
        jobs, _ = find_jobs([str(night)], str(Path(directory) / "out"))
        list(enhance_photographs(enhance, jobs[:1], overwrite=True))
        spent = dict.fromkeys(("read", "enhance", "write"), 0.0)

        def timed(name, function, *arguments):
            start = time.perf_counter()
            result = function(*arguments)
            spent[name] += time.perf_counter() - start
            return result

        for job in jobs:
            photograph = timed("read", Photograph.read, job.source)
            enhanced = timed("enhance", enhance, photograph)
            timed("write", enhanced.write, job.target)
        start = time.perf_counter()
        list(enhance_photographs(enhance, jobs, overwrite=True))
        overlapped = time.perf_counter() - start
    total = sum(spent.values())
    stages = {
        f"{name}, ms": f"{1e3 * value / FILES:.0f}" for name, value in spent.items()
    }
    return [
        {
            **stages,
            "one after the other, ms": f"{1e3 * total / FILES:.0f}",
            "all at once, ms": f"{1e3 * overlapped / FILES:.0f}",
            "ratio": f"{overlapped / total:.2f}",
        }
    ]


def memory(options):
    """Peak resident memory of a process that enhances one image."""
    rows = []
    for name, (height, width) in MEMORY.items():
        command = [sys.executable, __file__, "--weights", options.weights]
        command += ["--memory-of", str(height), str(width)]
        output = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append({"size": name, **json.loads(output.stdout)})
    return rows


def measure_memory(weights, height, width):
    import keras  # noqa: F401, what is imported does not count

    from zero_dce_keras import Enhancer

    imported = peak_memory()
    enhancer = Enhancer.from_preset(weights)
    image = photo(int(height), int(width))
    start = time.perf_counter()
    enhancer(image)
    seconds = time.perf_counter() - start
    peak = peak_memory()
    found = {"peak above imports, MB": round(peak - imported), "s": round(seconds, 1)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
