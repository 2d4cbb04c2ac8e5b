"""One worker against two: differences of weights, and seconds a step.

    python benchmarks/distributed.py                        # two devices, by --device all
    KERAS_BACKEND=jax python benchmarks/distributed.py
    python benchmarks/distributed.py --hosts                # two processes, by TF_CONFIG

The workers are logical devices, or processes, of this computer's processor: they share
its cores, so that the times show what sharing costs, not what it gains.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--hosts", action="store_true", help="two processes (TensorFlow)"
    )
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--image-size", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=2, help="the last is timed")
    parser.add_argument("--steps", type=int, default=4, help="in an epoch")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare(args, Path(folder))


def compare(args, folder):
    """Train both ways, and print what differs."""
    write_photos(folder / "photos", args.steps * args.batch_size)
    train(args, folder, "one", [{}], devices=1)
    if args.hosts:
        train(args, folder, "two", [{"TF_CONFIG": each} for each in tf_configs()], 1)
    else:
        train(args, folder, "two", [{}], devices=2)
    one, two = (np.load(folder / name / "state.npz") for name in ("one", "two"))
    names = [n for n in one if n != "progress" and not n.startswith("optimizer")]
    largest = max(float(np.abs(one[n] - two[n]).max()) for n in names)
    print(f"weights: largest difference {largest:.1e}")
    for name in ("one", "two"):
        print(f"{name}: {seconds_a_step(folder / name, args.steps):.3f} s a step")


def train(args, folder, name, environments, devices):
    recipe = {
        "image_size": args.image_size,
        "batch_size": args.batch_size,
        "epochs": args.epochs,
        "train_images": args.steps * args.batch_size,
        "validation_images": 0,
        "global_clipnorm": 0.1,
    }
    arguments = {
        "dataset": "folder",
        "data_dir": str(folder / "photos"),
        "output": str(folder / name),
    }
    options = {"devices": devices, "recipe": recipe, "arguments": arguments}
    options["times"] = str((folder / name).with_suffix(".json"))
    command = [sys.executable, ROOT / "tests" / "distributed.py", json.dumps(options)]
    processes = [
        subprocess.Popen(command, env={**os.environ, **each}, stderr=subprocess.DEVNULL)
        for each in environments
    ]
    codes = [process.wait() for process in processes]
    if any(codes):
        sys.exit(f"the training {name} failed: {options}")


def seconds_a_step(run_dir, steps):
    """Return how long a step of the last epoch took, by the times of the epochs' ends."""
    ends = json.loads(run_dir.with_suffix(".json").read_text())
    return (ends[-1] - ends[-2]) / steps


def tf_configs():
    """Make the `TF_CONFIG` of two processes of this computer."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in (one, other)]
    return [
        json.dumps(
            {
                "cluster": {"worker": addresses},
                "task": {"type": "worker", "index": index},
            }
        )
        for index in range(2)
    ]


def write_photos(folder, count):
    """Write dark noise, in 160×120."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(count):
        image = rng.integers(0, 60, (120, 160, 3), dtype="uint8")
        Image.fromarray(image).save(folder / f"{number:03}.png")


if __name__ == "__main__":
    main()
