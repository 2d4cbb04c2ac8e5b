"""The default preset's compiled path: time, memory, and the first use on a machine.

    .venv/bin/python benchmarks/compiled.py

Photographs are uint8 in and out. "Published" is Zero-DCE at full size as it was published
(79,416 parameters, its curves at every pixel), by this package's Keras model, in the
same rounds at 1920×1080. Memory is the peak above what the imports and a small photograph
take, in a process of its own; the first use is in a process of its own with no stored code.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from machine import alternate, parse_options, photo, report

SIZES = {
    "1920×1080": (1080, 1920),
    "3840×2160": (2160, 3840),
    "6000×4000": (4000, 6000),
}
COMPARED = "1920×1080"


def main():
    parser = parse_options(__doc__.splitlines()[0], repeats=3)
    parser.add_argument("--weights", default="zero_dce_general", help="(%(default)s)")
    parser.add_argument(
        "--in-child", choices=["memory", "first"], help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    if options.in_child:
        print(json.dumps(CHILDREN[options.in_child](options.weights)))
        return
    report(times(options), options, part="time", weights=options.weights)
    print()
    rows = [
        {"what": "peak memory of 6000×4000, MB", **in_child("memory", options.weights)},
        {"what": "first use on a machine, s", **in_child("first", options.weights)},
    ]
    report(rows, options, part="memory, first use", weights=options.weights)


def times(options):
    from zero_dce_keras import Enhancer, ZeroDCE

    enhancer = Enhancer.from_preset(options.weights)
    published = Enhancer(ZeroDCE())
    rows = []
    for name, size in SIZES.items():
        image = photo(*size)
        functions = {
            "filtered": lambda image=image: enhancer(image),
            "unfiltered": lambda image=image: enhancer(image, denoise=False),
        }
        seconds = alternate(functions, 10, options.clock, warm_up=3)
        row = {
            "size": name,
            "ms": f"{1e3 * seconds['filtered']:.1f}",
            "ms, --no-denoise": f"{1e3 * seconds['unfiltered']:.1f}",
            "published, ms": "",
            "published / this": "",
        }
        if name == COMPARED:
            functions = {
                "this": functions["filtered"],
                "published": lambda image=image: published(image),
            }
            seconds = alternate(functions, options.repeats, options.clock)
            row["published, ms"] = f"{1e3 * seconds['published']:.0f}"
            row["published / this"] = f"{seconds['published'] / seconds['this']:.0f}"
        rows.append(row)
    return rows


def in_child(what, weights):
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ}
        if what == "first":
            environment["NUMBA_CACHE_DIR"] = cache
        command = [sys.executable, __file__, "--weights", weights, "--in-child", what]
        done = subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        )
    return json.loads(done.stdout.splitlines()[-1])


def memory(weights):
    from machine import peak_memory

    from zero_dce_keras import Enhancer

    enhancer = Enhancer.from_preset(weights)
    enhancer(photo(64, 64))
    before = peak_memory()
    image = photo(*SIZES["6000×4000"])
    with_image = peak_memory()
    enhancer(image)
    peak = peak_memory()
    return {
        "value": f"{peak - before:.0f}",
        "of which the image": f"{with_image - before:.0f}",
    }


def first(weights):
    from zero_dce_keras import Enhancer

    enhancer, image = Enhancer.from_preset(weights), photo(400, 600)
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        enhancer(image)
        seconds.append(time.perf_counter() - start)
    return {"value": f"{seconds[0]:.1f}", "of which the image": f"{seconds[1]:.3f}"}


CHILDREN = {"memory": memory, "first": first}


if __name__ == "__main__":
    main()
