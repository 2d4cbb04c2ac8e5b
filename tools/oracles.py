"""What one tone curve an image can reach: the bounds in docs/lab/experiments.md.

    python tools/oracles.py --data-dir ../shared/data/lol

`constant c`: the same curve α = −c for every pixel of every image, 8 times. `mean E`: α
chosen for each image so that the output's mean is E; the same for a gain and a gamma.
Scored on the pairs that tools/try_recipe.py scores.
"""

import argparse

import numpy as np

from zero_dce_keras.data import open_splits
from zero_dce_keras.evaluation import evaluate_pairs, mean_scores
from zero_dce_keras.images import to_uint8


def curve(image, strength):
    for _ in range(8):
        image = image - strength * (image * image - image)
    return image


def gain(image, strength):
    return np.clip(image * strength / (1.001 - strength), 0, 1)


def gamma(image, strength):
    return image ** (1 - 0.99 * strength)


def constant(strength):
    return lambda image: to_uint8(curve(image / 255, strength))


def to_mean(function, target):
    """Each image with the strength, in [0, 1], that gives the output this mean."""

    def enhance(image):
        low, high = 0.0, 1.0
        for _ in range(16):
            middle = (low + high) / 2
            if function(image / 255, middle).mean() < target:
                low = middle
            else:
                high = middle
        return to_uint8(function(image / 255, low))

    return enhance


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", required=True)
    splits = open_splits("lol", parser.parse_args().data_dir)
    methods = {f"constant {c}": constant(c) for c in (0.3, 0.35, 0.4, 0.5)}
    for function in (curve, gain, gamma):
        for target in (0.35, 0.42, 0.46):
            methods[f"{function.__name__}, mean {target}"] = to_mean(function, target)
    for name, method in methods.items():
        for split, pairs in (
            ("validation", splits.validation[::9]),
            ("training", splits.train[::33]),
        ):
            scores = mean_scores([r.scores for r in evaluate_pairs(pairs, method)])
            values = (f"{key} {value:.4g}" for key, value in scores.items())
            print(f"{name}, {split}:", *values, flush=True)


if __name__ == "__main__":
    main()
