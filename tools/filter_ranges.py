"""The ranges of `DenoisingFilter` at which neighbouring pixels predict each other best.

    python tools/filter_ranges.py --data-dir ../shared/data/lol

Two neighbours of every 2×2 cell make two photographs of half the size, with the same
content and other noise. One is filtered; both are brought to one brightness, and their
mean squared distance is taken. No reference is opened. Every 20th photograph of our485.
"""

import argparse

import keras
import numpy as np

from zero_dce_keras.data import open_splits
from zero_dce_keras.images import read_image, to_float
from zero_dce_keras.losses import denoising, neighbors
from zero_dce_keras.models import DenoisingFilter
from zero_dce_keras.models.exposure_normalization import ExposureNormalization

FIRST = (2.0, 3.0, 4.5, 6.0, 9.0, 14.0)  # levels of 255, first pass
SECOND = (0.75, 1.0, 1.5, 2.0)  # second pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", required=True)
    splits = open_splits("lol", parser.parse_args().data_dir)
    photographs = [*splits.train, *splits.validation][::20]
    normalize, rng = ExposureNormalization(), np.random.default_rng(0)
    filters = {(r1, r2): DenoisingFilter((r1, r2)) for r1 in FIRST for r2 in SECOND}
    errors = {ranges: [] for ranges in [None, *filters]}
    for pair in photographs:
        image = to_float(read_image(pair.low_light))[None]
        gains = normalize.gains(image)
        cells = (1, image.shape[1] // 2, image.shape[2] // 2)
        one, other = neighbors(image, rng.integers(8, size=cells))
        for ranges, values in errors.items():
            filtered = one if ranges is None else filters[ranges](one)
            bright = [normalize.apply_gains(x, gains) for x in (filtered, other)]
            error = keras.ops.convert_to_numpy(denoising(*bright))
            values.append(float(error[0]))
    means = {ranges: np.mean(values) for ranges, values in errors.items()}
    print(f"{len(photographs)} photographs, 1000 × mean squared distance")
    print(f"not filtered: {1000 * means[None]:.3f}")
    print("first \\ second", *(f"{r2:7}" for r2 in SECOND))
    for r1 in FIRST:
        print(f"{r1:14}", *(f"{1000 * means[r1, r2]:7.3f}" for r2 in SECOND))
    best = min(filters, key=means.get)
    print(f"least at {best[0]:g} and {best[1]:g} levels")


if __name__ == "__main__":
    main()
