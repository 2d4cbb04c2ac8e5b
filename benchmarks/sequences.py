"""Exposure sequences: each frame enhanced, against the fusion of its sequence.

    .venv/bin/python benchmarks/sequences.py ../shared/data/sice \
        --weights zero_dce_general --weights ../shared/data/official/zero_dce_Epoch99.pth

Frames darker than .8 of the fusion's mean luma, and the brighter ones, are scored apart,
by the protocol of docs/metrics.md, means over frames. "Bias" is how much brighter than
the fusion the results of the dark ones are, of 1. "Left alone" is the mean change of the
frame that is nearest to its fusion in brightness. Each way is also scored without its
network: curves of zero, or what a network without curves is given.

`--split validation` is for choosing; the test's sequences are for the last figure.
"""

import functools

import numpy as np
from machine import parse_options, report

from zero_dce_keras import Enhancer, load_model
from zero_dce_keras.data import open_splits
from zero_dce_keras.evaluation import score_image
from zero_dce_keras.images import read_image
from zero_dce_keras.images.luma import LUMA
from zero_dce_keras.inference import without_network

DARK = 0.8


def main():
    parser = parse_options(__doc__.splitlines()[0], repeats=1)
    parser.add_argument("folder", help="the folder of Zero-DCE's training images")
    parser.add_argument("--weights", action="append", help="what `load_model` opens")
    parser.add_argument("--split", choices=["validation", "test"], default="test")
    parser.add_argument("--every", type=int, default=1, help="score every n-th frame")
    options = parser.parse_args()
    pairs = getattr(open_splits("sice", options.folder), options.split)
    pairs = pairs[:: options.every]
    images = [[read_image(path) for path in pair] for pair in pairs]
    sequences = [pair.reference.stem for pair in pairs]
    rows = [score("input", lambda image: image, images, sequences)]
    for name in options.weights or ["zero_dce_general"]:
        model = load_model(name)
        bare = functools.partial(without_network, model)
        rows.append(score(name, Enhancer(model), images, sequences))
        rows.append(score(f"{name}, without the network", bare, images, sequences))
    report(rows, options, frames=len(images), split=options.split)


def score(name, enhance, images, sequences):
    """One row: means over the dark frames, and over the brighter ones."""
    parts = {True: [], False: []}
    nearest = {}  # by sequences: distance from the fusion, and change
    for (frame, fusion), sequence in zip(images, sequences, strict=True):
        enhanced = enhance(frame)
        before, wanted, after = (
            brightness(image) for image in (frame, fusion, enhanced)
        )
        scores = score_image(fusion, enhanced)
        row = scores["psnr"], scores["ssim"], after - wanted
        parts[before < DARK * wanted].append(row)
        change = np.abs(np.int16(enhanced) - frame).mean() / 255
        distance = abs(before - wanted)
        nearest[sequence] = min(nearest.get(sequence, (9, 0)), (distance, change))
    dark, bright = (np.mean(parts[part], axis=0) for part in (True, False))
    return {
        "way": name,
        "PSNR, dark": f"{dark[0]:.2f}",
        "SSIM, dark": f"{dark[1]:.3f}".lstrip("0"),
        "bias": f"{dark[2]:+.3f}",
        "PSNR, bright": f"{bright[0]:.2f}",
        "SSIM, bright": f"{bright[1]:.3f}".lstrip("0"),
        "left alone": f"{np.mean([change for _, change in nearest.values()]):.3f}",
    }


def brightness(image):
    """Mean luma, of 1."""
    return float((image @ LUMA).mean()) / 255


if __name__ == "__main__":
    main()
