"""`config.json`: what a run directory holds, so that runs are not mixed."""

import dataclasses
import json
from pathlib import Path

from zero_dce_keras.errors import one_line
from zero_dce_keras.files import replacing
from zero_dce_keras.training.recipe import Recipe

CONFIG_FILE = "config.json"
# What must be the same for a run to go on.
SAME = (
    "recipe",
    "dataset",
    "data_dir",
    "weights",
    "mixed_precision",
    "images",
    "backend",
    "fold",
)


def read_config(run_dir):
    """Read what is run in a directory, by this version or an earlier one.

    Returns:
        dict with a `Recipe` under `recipe`; `None` where there is no run.

    Raises:
        ValueError: if it cannot be read, or its recipe is not one of this version.
    """
    path = Path(run_dir) / CONFIG_FILE
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return {**config, "recipe": Recipe.from_stored(config["recipe"])}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path}: not the configuration of a run: {one_line(error)}"
        ) from None


def write_config(run_dir, config):
    """Write `config.json`, of a dict with a `Recipe` under `recipe`."""
    text = json.dumps(config, indent=2, default=dataclasses.asdict)
    with replacing(Path(run_dir) / CONFIG_FILE) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def check_new(run_dir):
    """Raise a `ValueError` if the directory holds a run: runs are not mixed."""
    if (Path(run_dir) / CONFIG_FILE).exists():
        raise ValueError(
            f"{run_dir} holds another run: go on with it by --resume (in Python: "
            "resume=True), give another --output, or remove it"
        )


def check_same(run_dir, config):
    """Raise a `ValueError` if the directory holds another run than this one.

    The message names what is different. No run at all is fine.
    """
    there = read_config(run_dir)
    if there is None:
        return
    old, new = _flatten(there), _flatten(config)
    differences = [
        f"{name} is {old[name]!r} there and {new[name]!r} here"
        for name in new
        if old[name] != new[name]
    ]
    if differences:
        raise ValueError(
            f"{run_dir} holds another run: {'; '.join(differences)}. Resume it as it "
            "was, or give another --output"
        )


def _flatten(config):
    """Return all that must be the same: a flat dict, with the recipe's fields."""
    flat = {name: config.get(name) for name in SAME}
    recipe = flat.pop("recipe")
    return {**flat, **dataclasses.asdict(recipe)}
