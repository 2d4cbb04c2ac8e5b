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

from machine import parse_options, report

from zero_dce_keras import Enhancer, load_model
from zero_dce_keras.data import open_splits
from zero_dce_keras.evaluation import score_sequences
from zero_dce_keras.inference import without_network


def main():
    parser = parse_options(__doc__.splitlines()[0], repeats=1)
    parser.add_argument("folder", help="the folder of Zero-DCE's training images")
    parser.add_argument("--weights", action="append", help="what `load_model` opens")
    parser.add_argument("--split", choices=["validation", "test"], default="test")
    parser.add_argument("--every", type=int, default=1, help="score every n-th frame")
    options = parser.parse_args()
    pairs = getattr(open_splits("sice", options.folder), options.split)
    pairs = pairs[:: options.every]
    rows = [row("input", lambda image: image, pairs)]
    for name in options.weights or ["zero_dce_general"]:
        model = load_model(name)
        bare = functools.partial(without_network, model)
        rows.append(row(name, Enhancer(model), pairs))
        rows.append(row(f"{name}, without the network", bare, pairs))
    report(rows, options, frames=len(pairs), split=options.split)


def row(name, enhance, pairs):
    """One row of the table."""
    scores = score_sequences(enhance, pairs)
    return {
        "way": name,
        "PSNR, dark": f"{scores['dark_psnr']:.2f}",
        "SSIM, dark": f"{scores['dark_ssim']:.3f}".lstrip("0"),
        "bias": f"{scores['dark_bias']:+.3f}",
        "PSNR, bright": f"{scores['bright_psnr']:.2f}",
        "SSIM, bright": f"{scores['bright_ssim']:.3f}".lstrip("0"),
        "left alone": f"{scores['left_alone']:.3f}",
    }


if __name__ == "__main__":
    main()
