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
from zero_dce_keras.evaluation import evaluate_pairs, mean_scores
from zero_dce_keras.evaluation.report import PROTOCOL
from zero_dce_keras.inference import Enhancer
from zero_dce_keras.models import open_model
from zero_dce_keras.models.presets import PRESETS_DIR
from zero_dce_keras.training import Recipe
from zero_dce_keras.training.build import build_model
from zero_dce_keras.training.callbacks import BEST_FILE
from zero_dce_keras.training.recipes import default

SCORES = ("psnr", "ssim", "mae")
TERMS = (
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
    if {recipe.replace(seed=0) for recipe in recipes} != {default().replace(seed=0)}:
        parser.error("the runs are not of the recipe `default`: see their config.json")
    if len(args.runs) < 2 or {config["dataset"] for config in configs} != {"lol"}:
        parser.error("give two or more runs on LOL")
    splits = open_splits(
        "lol", args.data_dir, recipes[0].train_images, recipes[0].validation_images
    )
    validation = score(args.runs[0], splits.validation)
    tests = [score(run, splits.test) for run in args.runs]
    print("validation", validation, *zip(args.runs, tests, strict=True), sep="\n")

    model = build_model(recipes[0], configs[0]["images"]["train"])
    model.load_weights(args.runs[0] / BEST_FILE)
    model.save_to_preset(
        PRESETS_DIR / args.name, card(configs, recipes, validation, tests, args.note)
    )


def score(run, pairs):
    """Mean scores of a run's best weights on some pairs."""
    results = evaluate_pairs(pairs, Enhancer(open_model(run / BEST_FILE)))
    scores = mean_scores([result.scores for result in results])
    return {name: round(scores[name], 4) for name in SCORES}


def card(configs, recipes, validation, tests, note):
    """What `metadata.json` says."""
    config, recipe = configs[0], recipes[0]
    images = config["images"]

    def over_seeds(function):
        return {
            name: round(function([test[name] for test in tests]), 4) for name in SCORES
        }

    return {
        "data": "LOL our485, the low-light images alone",
        "split": f"{images['train']} train, {images['validation']} validation, by "
        "ascending id, cut between scenes",
        "command": "python -m zero_dce_keras.fit --recipe default "
        f"--seed {recipe.seed} --data-dir DIR",
        "seed": recipe.seed,
        "best_epoch": config["best_epoch"],
        "time": f"{config['seconds']} s",
        "device": config["device"],
        "versions": config["versions"],
        "calibrated": "Without a reference in any gradient. The references of the "
        "validation split chose the recipe, among them well_exposedness.",
        "protocol": PROTOCOL,
        "scores": {
            "validation": validation,
            "eval15": tests[0],
            "eval15_over_seeds": {
                "seeds": [each.seed for each in recipes],
                "mean": over_seeds(statistics.mean),
                "standard_deviation": over_seeds(statistics.stdev),
            },
        },
        "parameters": build_model(recipe, images["train"]).count_params(),
        "recipe": config["recipe"],
        "note": note,
        "terms": TERMS,
    }


if __name__ == "__main__":
    main()
