"""Calibrate the constants of `ExposureNormalization` on the references of our485.

    python tools/calibrate_exposure.py --data-dir ../shared/data/lol

Every photograph is reduced to the mean of each 8×8 block, which the layer meters by
anyway and which has hardly any noise. Nelder-Mead looks for the constants whose output is
nearest to the references so reduced, in PSNR averaged over images, starting from those
that ship; scenes of the training split and of the validation split are also calibrated
on alone and scored on the others. No network takes part.
"""

import argparse

import keras
import numpy as np
from scipy.optimize import minimize  # comes with scikit-image

from zero_dce_keras.data import open_splits, read_pairs
from zero_dce_keras.images import resize_image
from zero_dce_keras.models import ExposureNormalization, exposure_normalization

NAMES = ("target", "gamma", "pedestal", "cast", "saturation", "centre_weight")
SCALES = np.array([0.1, 0.1, 1 / 255, 0.2, 0.2, 10.0])  # of the search's first steps


def main():
    exposure_normalization.CELL = 1  # the blocks are the cells
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--evaluations", type=int, default=150, help="(%(default)s)")
    args = parser.parse_args()
    splits = open_splits("lol", args.data_dir)
    train, validation = read_blocks(splits.train), read_blocks(splits.validation)
    both = np.concatenate([train, validation])
    sets = {"all": both, "training": train, "validation": validation}
    shipped = ExposureNormalization().get_config()
    start = np.array([shipped[name] for name in NAMES])
    show("shipped", start, sets)
    for name, blocks in sets.items():
        show(f"calibrated on {name}", search(start, blocks, args.evaluations), sets)


def read_blocks(pairs):
    """uint8 images as the means of their blocks, float32 `(N, H / 8, W / 8, 6)`."""
    images = read_pairs(pairs)
    height, width = images[0].shape[0] // 8, images[0].shape[1] // 8
    halves = [
        [resize_image(image[..., k : k + 3], height, width) for k in (0, 3)]
        for image in images
    ]
    return np.float32([np.concatenate(pair, axis=-1) for pair in halves]) / 255


def psnr(constants, blocks):
    """PSNR of the normalised blocks against the references', averaged over images."""
    layer = ExposureNormalization(**dict(zip(NAMES, constants, strict=True)))
    normalized = keras.ops.convert_to_numpy(layer(blocks[..., :3]))
    errors = np.square(normalized - blocks[..., 3:]).mean(axis=(1, 2, 3))
    return float(-10 * np.log10(errors).mean())


def search(start, blocks, evaluations):
    """The constants with the best PSNR that the search comes across."""

    def loss(steps):
        try:
            return -psnr(start + steps * SCALES, blocks)
        except ValueError:  # out of its range
            return 100.0

    simplex = np.concatenate([np.zeros((1, len(start))), np.eye(len(start))])
    options = {"maxfev": evaluations, "initial_simplex": simplex}
    found = minimize(loss, np.zeros(len(start)), method="Nelder-Mead", options=options)
    return start + found.x * SCALES


def show(title, constants, sets):
    """One line: the constants, and the PSNR they reach on each set."""
    values = (f"{n} {v:.4g}" for n, v in zip(NAMES, constants, strict=True))
    scores = (f"{name} {psnr(constants, blocks):.2f}" for name, blocks in sets.items())
    print(f"{title}: {', '.join(values)}: {', '.join(scores)}", flush=True)


if __name__ == "__main__":
    main()
