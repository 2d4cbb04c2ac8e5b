"""Make a shipped preset out of training runs: its weights and its card.

    python tools/make_preset.py zero_dce_lol runs/lol-1143 runs/lol-1 runs/lol-2 \
        --data-dir ../shared/data/lol

The best weights of the first run are shipped. All runs are of one recipe with different
seeds; the card gives the mean and the standard deviation of their scores on the test
set. Every number of the card is measured here or taken from the runs' `config.json`.
"""

import argparse
import json
import statistics
from pathlib import Path

from zero_dce_keras.data import open_splits
from zero_dce_keras.evaluation import PROTOCOL, evaluate_pairs, mean_scores
from zero_dce_keras.inference import Enhancer
from zero_dce_keras.models import open_model
from zero_dce_keras.models.presets import PRESETS_DIR
from zero_dce_keras.training import Recipe
from zero_dce_keras.training.callbacks import BEST_FILE
from zero_dce_keras.training.run import build_model

SCORES = ("psnr", "ssim", "mae")
LICENCE = (
    "Apache-2.0 for the weights. They were trained on LOL (Wei et al., BMVC 2018), "
    "which is for research use and is not part of this package."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--note", default="", help="a sentence for the card")
    args = parser.parse_args()

    configs = [json.loads((run / "config.json").read_text()) for run in args.runs]
    recipes = [Recipe(**config["recipe"]) for config in configs]
    if len({recipe.replace(seed=0) for recipe in recipes}) > 1:
        parser.error("the runs are not of one recipe")
    scores = [score(run, configs[0]["dataset"], args.data_dir) for run in args.runs]
    for run, each in zip(args.runs, scores, strict=True):
        print(run, {name: round(each["test"][name], 3) for name in SCORES})

    model = build_model(recipes[0], steps_per_epoch=1)
    model.load_weights(args.runs[0] / BEST_FILE)
    model.save_to_preset(
        PRESETS_DIR / args.name, card(configs, recipes, scores, args.note)
    )


def score(run, dataset, data_dir):
    """Mean scores of a run's best weights on the validation and the test images."""
    recipe = Recipe(**json.loads((run / "config.json").read_text())["recipe"])
    splits = open_splits(
        dataset, data_dir, recipe.train_images, recipe.validation_images
    )
    enhancer = Enhancer(open_model(run / BEST_FILE))
    return {
        split: mean_scores(
            [row.scores for row in evaluate_pairs(getattr(splits, split), enhancer)]
        )
        for split in ("validation", "test")
    }


def card(configs, recipes, scores, note):
    """What `metadata.json` says."""
    config, recipe = configs[0], recipes[0]
    images = config["images"]

    def rounded(values):
        return {name: round(values[name], 4) for name in SCORES}

    def over_seeds(function):
        return {
            name: round(function([each["test"][name] for each in scores]), 4)
            for name in SCORES
        }

    return {
        "data": f"{config['dataset']}: low-light images only, {images['train']} train",
        "split": f"{images['train']} train, {images['validation']} validation, by "
        "ascending id, cut between scenes",
        "command": "python -m zero_dce_keras.fit --recipe default "
        f"--seed {recipe.seed} --data-dir DIR",
        "recipe": config["recipe"],
        "seed": recipe.seed,
        "best_epoch": config["best_epoch"],
        "seconds": config["seconds"],
        "device": config["device"],
        "versions": config["versions"],
        "protocol": PROTOCOL,
        "validation": rounded(scores[0]["validation"]),
        "test": {"data": f"{config['dataset']} eval15", **rounded(scores[0]["test"])},
        "test_over_seeds": {
            "seeds": [each.seed for each in recipes],
            "mean": over_seeds(statistics.mean),
            "standard_deviation": over_seeds(statistics.stdev),
        },
        "note": note,
        "licence": LICENCE,
    }


if __name__ == "__main__":
    main()
