"""Does the data pipeline keep training fed? `fit` on it against on tensors in memory.

.venv/bin/python benchmarks/pipeline.py
"""

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from machine import CLOCKS, alternate, parse_options, report
from PIL import Image

from zero_dce_keras import ZeroDCE
from zero_dce_keras.data import find_pairs, make_dataset
from zero_dce_keras.images import darken, linear_to_srgb

WIDTH, HEIGHT = 600, 400  # LOL's


def main():
    parser = parse_options(__doc__, repeats=3)
    parser.add_argument("--images", type=int, default=32, help="pairs (%(default)s)")
    parser.add_argument("--image-size", type=int, default=256, help="(%(default)s)")
    parser.add_argument("--batch-size", type=int, default=8, help="(%(default)s)")
    options = parser.parse_args()
    if options.images % options.batch_size:
        parser.error("--images must be a multiple of --batch-size")
    with tempfile.TemporaryDirectory() as directory:
        measure(Path(directory), options)


def measure(directory, options):
    write_photographs(directory, options.images)
    pairs = find_pairs(directory / "low", directory / "high")
    size = options.image_size, options.batch_size

    now = CLOCKS[options.clock]
    start = now()
    pipeline = make_dataset(pairs, *size, shuffle=True)
    decoding = now() - start
    cropping = make_dataset(pairs, *size, shuffle=True, crop=True, flip=True)
    memory = in_memory(pipeline)

    keras.utils.set_random_seed(0)
    model = ZeroDCE()
    model.compile(learning_rate=1e-4)
    sources = {
        "tensors in memory": memory,
        "pipeline": pipeline,
        "pipeline, crops and flips": cropping,
    }
    alone = alternate(
        {n: exhaust(s) for n, s in sources.items()}, options.repeats, options.clock
    )
    seconds = alternate(
        {n: train_on(model, s) for n, s in sources.items()},
        options.repeats,
        options.clock,
    )
    base = seconds["tensors in memory"]
    rows = [
        {
            "source": name,
            "images/s in fit": f"{options.images / s:.2f}",
            "ms a step": round(s / options.images * options.batch_size * 1e3),
            "× memory": f"{s / base:.3f}",
            "images/s alone": round(options.images / alone[name]),
            "share of a step": f"{alone[name] / base:.2%}",
        }
        for name, s in seconds.items()
    ]
    report(
        rows,
        options,
        work=f"epochs of {options.images} pairs, batch {options.batch_size}, "
        f"{options.image_size}×{options.image_size}",
        decoding_once=f"{decoding:.2f} s for {options.images} pairs of {WIDTH}×{HEIGHT}"
        f" PNGs ({options.images / decoding:.0f} pairs/s), "
        f"{decoding / base:.1%} of an epoch",
    )


def write_photographs(directory, count):
    """Pairs of smooth random pictures and their darkened, noisy copies, as PNG files."""
    rng = np.random.default_rng(0)
    for side in ("low", "high"):
        (directory / side).mkdir()
    for i in range(count):
        coarse = rng.random((9, 13, 3)).astype("float32")
        light = tf.image.resize(coarse, (HEIGHT, WIDTH), "bicubic").numpy()
        srgb = linear_to_srgb(np.clip(light, 0, 1)) * 255 + rng.normal(
            0, 2, light.shape
        )
        high = np.clip(np.rint(srgb), 0, 255).astype("uint8")
        Image.fromarray(high).save(directory / "high" / f"{i}.png")
        low = darken(high, 1 / 16, rng)
        Image.fromarray(low).save(directory / "low" / f"{i}.png")


def in_memory(dataset):
    """The batches of a data set as ready float tensors, with nothing left to do."""
    batches = list(dataset)
    low_light = tf.stack([low_light for low_light, _ in batches])
    reference = tf.stack([reference for _, reference in batches])
    return tf.data.Dataset.from_tensor_slices((low_light, reference))


def train_on(model, dataset):
    return lambda: model.fit(dataset, verbose=0, shuffle=False)


def exhaust(dataset):
    def run():
        for _ in dataset:
            pass

    return run


if __name__ == "__main__":
    main()
