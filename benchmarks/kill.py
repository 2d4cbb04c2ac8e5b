"""A folder run that is killed (`kill -9`) at random moments and started again.

After each kill every output that can be seen must be, byte by byte, that of a run that
nobody disturbed; the run that is let through at last must have them all.

    python benchmarks/kill.py [--kills 200] [--seed 0]
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from zero_dce_keras import cli, enhance
from zero_dce_keras.files import TEMPORARY
from zero_dce_keras.images import Photograph

PHOTOGRAPHS = 60
WINDOW = 1.0  # seconds after its first output in which a run is killed


def write_folder(directory, rng):
    """Dark noise, which takes long to compress, of 8 and 16 bits."""
    for number in range(PHOTOGRAPHS):
        dtype, white = [("uint8", 255), ("uint16", 65535)][number % 2]
        pixels = rng.integers(0, white // 4, (200, 300, 3)).astype(dtype)
        ending = ("png", "tif", "jpg", "tif")[number % 4]
        Photograph(pixels).write(directory / f"{number}.{ending}")


def save_model(path):
    """In a process of its own: after a fork, TensorFlow computes no more."""
    code = (
        f"import zero_dce_keras as z; z.ZeroDCE(filters=4, num_layers=3).save({path!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def start(photos, output, weights):
    """(process id, file of its stdout) of `zero_dce_keras.enhance`.

    Forked, so that not every run has to import Keras; this process never computes.
    """
    command = [photos, "-o", output, "--weights", weights, "--device", "cpu"]
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        sys.stdout = os.fdopen(writer, "w")
        log = os.open(output.parent / "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, sys.stderr.fileno())
        os._exit(cli.run(enhance.main, [str(part) for part in command]))
    os.close(writer)
    return process, os.fdopen(reader, "rb")


def finish(photos, output, weights):
    process, stdout = start(photos, output, weights)
    stdout.read()
    if os.waitpid(process, 0)[1]:
        said = (output.parent / "stderr").read_text()
        raise SystemExit(f"a run that nobody disturbed has failed: {said}")


def kill_once(photos, output, weights, rng):
    """Whether a run was still at work when it was killed."""
    process, stdout = start(photos, output, weights)
    stdout.readline()
    time.sleep(rng.random() * WINDOW)
    os.kill(process, signal.SIGKILL)
    stdout.close()
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


def contents(directory):
    """{name: bytes} of what can be seen; names of what is hidden."""
    names = os.listdir(directory)
    seen = {n: (directory / n).read_bytes() for n in names if not n.startswith(".")}
    return seen, [name for name in names if name.startswith(".")]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    rng = np.random.default_rng(args.seed)
    cli.start_backend("cpu")
    import zero_dce_keras.inference  # noqa: F401, once for all runs

    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        photos, weights = directory / "photos", directory / "small.keras"
        write_folder(photos, rng)
        save_model(str(weights))
        finish(photos, directory / "expected", weights)
        expected, _ = contents(directory / "expected")
        kills = torn = strangers = leftovers = folders = 0
        while kills < args.kills:
            output = directory / f"output_{folders}"
            folders += 1
            running = True
            while running and kills < args.kills:
                running = kill_once(photos, output, weights, rng)
                kills += running
                seen, hidden = contents(output)
                torn += sum(content != expected[n] for n, content in seen.items())
                strangers += sum(not TEMPORARY.fullmatch(name) for name in hidden)
            leftovers += len(hidden)
            finish(photos, output, weights)
            seen, _ = contents(output)
            torn += seen != expected
    print(
        f"{kills} kills in {folders} folders of {PHOTOGRAPHS}: {torn} outputs torn or "
        f"missing; {leftovers} hidden temporary files, {strangers} of them not to be "
        "recognised"
    )
    return 1 if torn or strangers else 0


if __name__ == "__main__":
    sys.exit(main())
