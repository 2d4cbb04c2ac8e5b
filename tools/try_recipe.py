"""Train for some epochs and watch the scores: how docs/lab/experiments.md is filled.

    python tools/try_recipe.py --data-dir ../shared/data/lol epochs=4 crop=True

Every second epoch, a few full-size pairs of our485 are scored by the protocol of
docs/metrics.md: every 9th of the validation split, and every 33rd of the training
split, whose references the training never sees. eval15 is not touched.
"""

import argparse
import ast

import keras
import numpy as np

from zero_dce_keras.data import open_splits
from zero_dce_keras.evaluation import evaluate_pairs, mean_scores
from zero_dce_keras.inference import Enhancer
from zero_dce_keras.training import Recipe
from zero_dce_keras.training.build import build_model
from zero_dce_keras.training.run import make_datasets

BASE = Recipe(image_size=128, batch_size=8, epochs=4)  # else the official losses


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("changes", nargs="*", metavar="FIELD=VALUE")
    args = parser.parse_args()
    changes = dict(change.split("=", 1) for change in args.changes)
    recipe = BASE.replace(
        **{name: ast.literal_eval(value) for name, value in changes.items()}
    )
    recipe.check()
    keras.utils.set_random_seed(recipe.seed)
    splits = open_splits(
        "lol", args.data_dir, recipe.train_images, recipe.validation_images
    )
    scored = {"validation": splits.validation[::9], "training": splits.train[::33]}
    model = build_model(recipe, len(splits.train))
    training_data, _ = make_datasets(splits, recipe, model)
    for epoch in range(2, recipe.epochs + 1, 2):
        model.fit(training_data, epochs=2, verbose=0, shuffle=False)
        for name, pairs in scored.items():
            print(f"epoch {epoch}, {name}:", *score(pairs, model), flush=True)


def score(pairs, model):
    """The mean scores, and how bright the output is."""
    results = list(evaluate_pairs(pairs, Enhancer(model)))
    scores = mean_scores([result.scores for result in results])
    brightness = [result.enhanced.mean() / 255 for result in results]
    yield from (f"{name} {value:.4g}" for name, value in scores.items())
    yield f"brightness {np.mean(brightness):.3f} ± {np.std(brightness):.3f}"


if __name__ == "__main__":
    main()
