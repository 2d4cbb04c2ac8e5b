"""Memory and time of one large JPEG through a SavedModel's `enhance_bytes`.

    .venv/bin/python benchmarks/serve_memory.py

Each model is exported, and loaded in a process of its own, which enhances a small JPEG first.
The memory is the peak of one of 24 megapixels above what the process held then.
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
import threading
import time

from machine import parse_options, photo, report

SMALL, LARGE = (400, 600), (4000, 6000)
PRESETS = ("zero_dce_general", "zero_dce_plus_plus_lol", "zero_dce_lol", "mirnet_lol")


def main():
    parser = parse_options(__doc__.splitlines()[0], repeats=1)
    parser.add_argument("--weights", nargs="*", default=PRESETS, help="(%(default)s)")
    parser.add_argument("--in-child", metavar="MODEL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.in_child:
        print(json.dumps(measure(options.in_child)))
        return
    rows = [of_preset(weights) for weights in options.weights]
    report(rows, options, picture="×".join(map(str, LARGE)))


def of_preset(weights):
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "zero_dce_keras.export"]
        subprocess.run(
            [*command, "--weights", weights, "-o", folder],
            check=True,
            capture_output=True,
        )
        done = subprocess.run(
            [sys.executable, __file__, "--in-child", f"{folder}/1"],
            check=True,
            capture_output=True,
            text=True,
        )
    return {"preset": f"`{weights}`", **json.loads(done.stdout.splitlines()[-1])}


def measure(path):
    import tensorflow as tf
    from PIL import Image

    enhance = tf.saved_model.load(path).signatures["enhance_bytes"]
    files = []
    for size in (SMALL, LARGE):
        file = io.BytesIO()
        Image.fromarray(photo(*size)).save(file, "JPEG", quality=90)
        files.append(tf.constant([file.getvalue()]))
    enhance(image_bytes=files[0])
    before = peak = resident()
    is_done = threading.Event()

    def watch():
        nonlocal peak
        while not is_done.wait(0.005):
            peak = max(peak, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    enhance(image_bytes=files[1])
    seconds = time.perf_counter() - start
    is_done.set()
    watcher.join()
    return {"seconds": f"{seconds:.1f}", "MB": f"{(peak - before) / 1e6:.0f}"}


def resident():
    """Return the bytes of memory that this process holds."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


if __name__ == "__main__":
    main()
