"""Make a shipped preset out of training runs: its weights and its card.

    python tools/make_preset.py zero_dce_lol runs/lol-1143 runs/lol-1 runs/lol-2 \
        --data-dir ../shared/data/lol

The best weights of the first run are shipped; with `--last` those of its last epoch, as of
a schedule that was fixed beforehand. All runs are of one recipe with different
seeds; of two or more, the card gives the mean and the standard deviation of their scores
on eval15. Every number of the card is measured here or taken from the runs'
`config.json`. Of runs on a folder of your own, `--data` says what is in the folder.
"""

import argparse
import dataclasses
import functools
import statistics
from pathlib import Path

from zero_dce_keras import load_model
from zero_dce_keras.data import open_splits
from zero_dce_keras.devices import BACKENDS
from zero_dce_keras.evaluation import evaluate_pairs, mean_scores, score_sequences
from zero_dce_keras.evaluation.report import PROTOCOL
from zero_dce_keras.inference import Enhancer, without_network
from zero_dce_keras.models.presets import PRESETS_DIR
from zero_dce_keras.training import RECIPES
from zero_dce_keras.training.callbacks import BEST_FILE, LAST_FILE
from zero_dce_keras.training.run_config import read_config

SCORES = ("psnr", "ssim", "mae", "psnr_gt_mean", "exposure_error")
DATA = {
    "lol": {
        "data": "LOL our485 (Wei et al., BMVC 2018)",
        "options": "--data-dir DIR",
        "cut": "LOL is cut between scenes",
        "terms": "Apache-2.0 for the weights. They were trained on data that is for "
        "research use and not part of this package.",
    },
    "sice": {
        "data": "Exposure sequences among the 2,002 images of SICE Part1 (Cai, Gu and "
        "Zhang, TIP 2018) that Zero-DCE is trained on, resized to 256×256: each frame "
        "with the exposure fusion of its sequence (Mertens et al., 2007); the fusions "
        "themselves, to be left as they are; 100 of them lit as nights by a camera model; "
        "and 120 drawn pages and walls and fusions in haze",
        "options": "--dataset sice --data-dir DIR",
        "cut": "by scene; the test's 40 sequences and images of no known sequence are "
        "in neither",
        "terms": "Apache-2.0 for the weights. They were trained on SICE, which is for "
        "research use and not part of this package.",
    },
    "folder": {
        "options": "--dataset folder --data-dir DIR",
        "cut": "the folder is cut in the order of the names",
        "terms": "Apache-2.0 for the weights. `data` has the terms of the photographs.",
    },
}
REFERENCES = {
    "none": "Without a reference in any gradient.",
    "pairs": "On pairs: references are in every gradient.",
    "fusions": "No reference photograph is used: what each frame learns to become is "
    "the fusion of its own exposure sequence.",
}
ADAPTIVE = (
    "The ranges of the denoising filter are those that suit LOL's noise, in units of the "
    "noise that is measured in each photograph."
)
CALIBRATED = (
    "The constants of exposure normalisation were calibrated on the references of "
    "our485, and its validation split chose the weights of the losses: "
    "docs/lab/experiments.md."
)
FILTERED = (
    "The form of the denoising filter and the range of its first pass were calibrated on "
    "the references of 72 pairs of our485: docs/lab/experiments.md."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data-dir", required=True, help="where LOL lies")
    parser.add_argument(
        "--data", help="of runs on a folder: what its photographs are, and their terms"
    )
    parser.add_argument(
        "--sequences", metavar="DIR", help="score SICE's test sequences here, too"
    )
    parser.add_argument(
        "--scale-factor", type=int, help="of a Zero-DCE++, if other than in training"
    )
    parser.add_argument(
        "--last", action="store_true", help="take the weights after the last epoch"
    )
    parser.add_argument("--note", default="", help="a sentence for the card")
    args = parser.parse_args()

    configs = [read_config(run) for run in args.runs]
    recipes = [config["recipe"] for config in configs]
    name = recipe_name(recipes[0])
    if {recipe.replace(seed=0) for recipe in recipes} != {recipes[0].replace(seed=0)}:
        parser.error("the runs are not of one recipe: see their config.json")
    data = describe_data(parser, configs[0]["dataset"], args.data)
    splits = held_out(configs[0], args.data_dir)
    file = LAST_FILE if args.last else BEST_FILE
    models = [load(run / file, args.scale_factor) for run in args.runs]
    tests = [score(Enhancer(model), splits.test) for model in models]
    bare = functools.partial(without_network, models[0])
    scores = {"eval15": tests[0]}
    without = {"eval15": score(bare, splits.test)}
    if configs[0]["dataset"] == "lol" and splits.validation:
        scores["our485 validation split"] = score(
            Enhancer(models[0]), splits.validation
        )
    if args.sequences:
        pairs = open_splits("sice", args.sequences).test
        scores["sice test sequences"] = rounded(
            score_sequences(Enhancer(models[0]), pairs)
        )
        without["sice test sequences"] = rounded(score_sequences(bare, pairs))
    print(scores, without, *zip(args.runs, tests, strict=True), sep="\n")

    model, config, recipe = models[0], configs[0], recipes[0]
    images = config["images"]
    card = {
        "data": data["data"],
        "references": REFERENCES[supervision(config)],
        "split": f"{images['train']} train, {images['validation']} validation; {data['cut']}",
        "command": command(config, name) + data["options"],
        "seed": recipe.seed,
        "best_epoch": None if args.last else config["best_epoch"],
        "time": f"{config['seconds']} s",
        "device": config["device"],
        "versions": config["versions"],
        "calibrated": calibrated(recipe),
        "protocol": PROTOCOL,
        "scores": scores,
        "scores_without_network": without,
        "parameters": model.network.count_params(),
        "recipe": dataclasses.asdict(recipe),
        "scale_factor": args.scale_factor,
        "note": args.note,
        "terms": data["terms"],
    }
    if len(tests) > 1:
        card["scores"]["eval15_over_seeds"] = over_seeds(recipes, tests)
    model.save_to_preset(PRESETS_DIR / args.name, card)


def describe_data(parser, dataset, description):
    """What the card says about the data of the runs."""
    if dataset not in DATA:
        parser.error(
            f"the runs must be on one of {', '.join(DATA)}. Received: {dataset}"
        )
    if (dataset == "folder") != bool(description):
        parser.error("--data TEXT is for runs on a folder, which need it")
    return {"data": description, **DATA[dataset]}


def calibrated(recipe):
    """What of a recipe's model was calibrated on references, if anything."""
    parts = [CALIBRATED] * recipe.normalize_exposure
    filtered = ADAPTIVE if recipe.model == "bilateral_dce" else FILTERED
    return " ".join(parts + [filtered] * recipe.denoising_filter)


def recipe_name(recipe):
    """The name of the lab card that a run was trained by, whatever its seed."""
    for name, make in RECIPES.items():
        if make().replace(seed=0) == recipe.replace(seed=0):
            return name
    raise SystemExit("the runs are of no recipe in training/recipes.py")


def command(config, name):
    """The command of a run, up to its data; `config` is its `config.json`."""
    (backend,) = set(BACKENDS) & set(config["versions"])
    setting = "" if backend == "tensorflow" else f"KERAS_BACKEND={backend} "
    start = f"--weights {config['weights']} " if config["weights"] else ""
    start += "--mixed-precision " * config["mixed_precision"]
    seed = config["recipe"].seed
    fit = "python -m zero_dce_keras.fit"
    return f"{setting}{fit} --recipe {name} --seed {seed} {start}"


def held_out(config, data_dir):
    """LOL's pairs that a run has not trained on, and eval15."""
    if config["dataset"] != "lol":
        return open_splits("lol", data_dir)
    recipe = config["recipe"]
    return open_splits("lol", data_dir, recipe.train_images, recipe.validation_images)


def load(path, scale_factor):
    """The model of some weights, at another scale if wanted."""
    model = load_model(path)
    if scale_factor is None:
        return model
    scaled = type(model).from_config(
        {**model.get_config(), "scale_factor": scale_factor}
    )
    scaled.set_weights(model.get_weights())
    return scaled


def score(enhance, pairs):
    """The mean scores of a way to enhance on some pairs."""
    results = evaluate_pairs(pairs, enhance)
    return rounded(mean_scores([result.scores for result in results]))


def rounded(scores):
    return {name: round(score, 4) for name, score in scores.items()}


def supervision(config):
    """What a run learned from, a key of `REFERENCES`."""
    if not config["recipe"].learns_from_pairs:
        return "none"
    return "fusions" if config["dataset"] == "sice" else "pairs"


def over_seeds(recipes, tests):
    """Mean and standard deviation of the test scores of several runs."""

    def each(function):
        return {
            name: round(function([test[name] for test in tests]), 4) for name in SCORES
        }

    return {
        "seeds": [recipe.seed for recipe in recipes],
        "mean": each(statistics.mean),
        "standard_deviation": each(statistics.stdev),
    }


if __name__ == "__main__":
    main()
