"""Kills a training 50 times at random moments, and looks at what is left and what comes.

    python benchmarks/resume.py

Every kill is a SIGKILL to `python -m zero_dce_keras.fit --resume`. After each, every file
of the run must be whole and no epoch lost or doubled; a run that gets to its end must end
as one that was never killed. Prints the counts; exit code 1 if anything was wrong.
"""

import argparse
import csv
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

from zero_dce_keras import load_model

EPOCHS = 12
FIT = [sys.executable, "-m", "zero_dce_keras.fit", "--dataset", "sample"]
FIT += ["--recipe", "demo", "--image-size", "32", "--crop", "--flip", "--ema", "0.9"]
FIT += [
    "--filters",
    "4",
    "--num-layers",
    "1",
    "--num-iterations",
    "2",
    "--denoising-weight",
    "300",
]
FIT += ["--epochs", str(EPOCHS), "--cosine-decay", "--monitor", "psnr", "--resume"]


def fit(run_dir, seconds=None):
    """Train, and kill the process after so many seconds; whether it came to its end."""
    command = [*FIT, "--output", str(run_dir)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return False
    if process.returncode:
        raise SystemExit(errors.splitlines()[-1])
    return True


def epochs_of(run_dir):
    """How many epochs the history has; each once, in order, or an `AssertionError`."""
    path = run_dir / "history.csv"
    if not path.exists():
        return 0
    with open(path, newline="") as file:
        numbers = [row["epoch"] for row in csv.DictReader(file)]
    assert numbers == [str(number) for number in range(len(numbers))], numbers
    return len(numbers)


def check_files(run_dir):
    """Everything that has a name can be read to its end."""
    for path in run_dir.glob("[!.]*"):
        if path.suffix == ".h5":
            with h5py.File(path) as file:
                file.visititems(lambda _, item: hasattr(item, "shape") and item[...])
        elif path.suffix == ".npz":
            with np.load(path) as file:
                assert all(file[name] is not None for name in file.files)
        elif path.suffix == ".keras":
            load_model(path)


def largest_difference(one, other):
    """Between the last weights of two runs."""
    weights = [load_model(run / "last.keras").get_weights() for run in (one, other)]
    return max(np.abs(a - b).max() for a, b in zip(*weights, strict=True))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50, help="default: %(default)s")
    args = parser.parse_args()
    chance = random.Random(time.time())
    counts = dict.fromkeys(
        ("before an epoch was done", "later", "with a file half written"), 0
    )
    differences, kills = [], 0
    with tempfile.TemporaryDirectory() as directory:
        whole, began = Path(directory) / "whole", time.monotonic()
        assert fit(whole)
        longest = time.monotonic() - began
        print(f"uninterrupted: {EPOCHS} epochs in {longest:.0f} s")
        while kills < args.kills:
            run_dir, before = Path(directory) / f"killed_{len(differences)}", 0
            while kills < args.kills:
                if fit(run_dir, chance.uniform(0.3, 1) * longest):
                    break
                kills += 1
                now = epochs_of(run_dir)
                assert now >= before, f"{before} epochs became {now}"
                check_files(run_dir)
                counts["later" if now else "before an epoch was done"] += 1
                hidden = [path for path in run_dir.rglob(".*") if path.name != ".lock"]
                counts["with a file half written"] += bool(hidden)
                print(f"kill {kills}: {now} epochs done", file=sys.stderr, flush=True)
                before = now
            fit(run_dir)
            assert epochs_of(run_dir) == EPOCHS
            differences.append(largest_difference(whole, run_dir))
    print(f"{kills} kills: " + ", ".join(f"{n} {name}" for name, n in counts.items()))
    same = sum(difference == 0 for difference in differences)
    print(
        f"{len(differences)} runs came to their end, {same} with the same weights bit "
        f"for bit; largest difference {max(differences):.1e}"
    )


if __name__ == "__main__":
    main()
