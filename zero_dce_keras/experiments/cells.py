"""One cell of a grid: a recipe on some data; trained once, scored once, kept."""

import contextlib
import csv
import dataclasses
import hashlib
import json
import logging
import sys
from pathlib import Path
from typing import NamedTuple

import keras

from zero_dce_keras.data import find_split, open_splits
from zero_dce_keras.errors import one_line
from zero_dce_keras.evaluation import evaluate_pairs, json_text, mean_scores
from zero_dce_keras.files import replacing
from zero_dce_keras.inference import Enhancer
from zero_dce_keras.metrics.niqe import niqe
from zero_dce_keras.models import load_model
from zero_dce_keras.training.callbacks import LAST_FILE
from zero_dce_keras.training.recipe import Recipe
from zero_dce_keras.training.run import sample_pairs, train

log = logging.getLogger(__name__)


class Source(NamedTuple):
    """A data set, as `--train-on NAME=DIR` names it."""

    dataset: str
    data_dir: str | None = None


class Cell(NamedTuple):
    """What is trained, and under which label it is reported."""

    label: str
    recipe: Recipe
    source: Source
    fold: tuple | None = None  # number, folds

    @property
    def key(self):
        """A short name that every change to what is trained changes."""
        config = {
            "recipe": dataclasses.asdict(self.recipe),
            "dataset": self.source.dataset,
            "data_dir": self.source.data_dir
            and str(Path(self.source.data_dir).resolve()),
            "fold": self.fold,
            "backend": keras.backend.backend(),
        }
        text = json.dumps(config, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def splits(self):
        """Open the splits that it is trained on."""
        sizes = self.recipe.train_images, self.recipe.validation_images
        return open_splits(*self.source, *sizes, self.fold)


class Scored(NamedTuple):
    """What pairs a cell is scored on; its own fold where it has one."""

    source: Source
    split: str = "validation"
    images: int | None = None  # at most so many, from all over the split
    # `train_images` and `validation_images` of the splits: the same for all cells.
    sizes: tuple[int, int] = (400, 85)

    def pairs(self, cell):
        """Return the pairs to score a cell on."""
        if cell.fold is not None and self.source == cell.source:
            pairs = cell.splits().validation
        else:
            pairs = find_split(*self.source, self.split, *self.sizes)
        return pairs if self.images is None else sample_pairs(pairs, self.images)


def run_cell(cell, scored, directory, callbacks=()):
    """Train and score a cell, unless that is done.

    A training that was interrupted goes on after its last whole epoch.

    Args:
        cell: the `Cell`.
        scored: list of `Scored`.
        directory: where the cells are; this one gets `KEY/`.
        callbacks: further Keras callbacks of the training.

    Returns:
        dict of `label`, `key`, `fold`, `seed`, `epochs`, `seconds` of training, and
        `scores`: data set → mean scores. A training that failed has `error` instead.

    Raises:
        KeyboardInterrupt: if the training was interrupted.
    """
    run_dir = Path(directory) / cell.key
    result = {
        "label": cell.label,
        "key": cell.key,
        "dataset": cell.source.dataset,
        "fold": cell.fold and cell.fold[0],
        "seed": cell.recipe.seed,
        "epochs": cell.recipe.epochs,
    }
    try:
        if not is_trained(run_dir, cell.recipe.epochs):
            _train(cell, run_dir, callbacks)
        scores = {name_of(each): _score(cell, each, run_dir) for each in scored}
    except (ValueError, OSError, MemoryError) as error:
        log.error("failed: %s: %s", cell.label, one_line(error))
        return {**result, "error": one_line(error)}
    config = json.loads((run_dir / "config.json").read_text(encoding="utf-8"))
    return {**result, "seconds": config["seconds"], "scores": scores}


def name_of(scored):
    """Return how a report names what was scored on."""
    return f"{scored.source.dataset} {scored.split}"


def is_trained(run_dir, epochs):
    """Return whether a run has ended: its last weights, and a line for each epoch."""
    return (run_dir / LAST_FILE).is_file() and len(read_history(run_dir)) >= epochs


def read_history(run_dir):
    """Read `history.csv`: a list of dicts of numbers, one for each whole epoch."""
    try:
        with open(Path(run_dir) / "history.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [{name: float(value) for name, value in row.items()} for row in rows]
    except (FileNotFoundError, ValueError, TypeError):
        return []


def _train(cell, run_dir, callbacks):
    with contextlib.redirect_stdout(sys.stderr):
        _, history = train(
            cell.recipe,
            cell.source.dataset,
            cell.source.data_dir,
            run_dir,
            verbose=0,
            resume=True,
            fold=cell.fold,
            callbacks=callbacks,
        )
    if len(history.epoch) < cell.recipe.epochs and not _was_pruned(callbacks):
        raise KeyboardInterrupt


def _was_pruned(callbacks):
    return any(getattr(callback, "is_pruned", False) for callback in callbacks)


def _score(cell, scored, run_dir):
    """Return the mean scores, from the file where they were written once."""
    pairs = scored.pairs(cell)
    names = "\n".join(str(path) for pair in pairs for path in pair)
    digest = hashlib.sha256(names.encode()).hexdigest()[:12]
    path = run_dir / "scores" / f"{digest}.json"
    if path.is_file():
        with contextlib.suppress(ValueError, KeyError):
            return json.loads(path.read_text(encoding="utf-8"))["mean"]
    rows = score_images(pairs, Enhancer(load_model(run_dir / LAST_FILE)))
    mean = mean_scores([row for _, row in rows])
    if not mean:
        raise ValueError(
            f"{name_of(scored)}: nothing to score: no references, and photographs too "
            "small for NIQE"
        )
    with replacing(path) as temporary:
        images = [{"name": name, **row} for name, row in rows]
        text = json_text({"mean": mean, "images": images})
        temporary.write_text(text, encoding="utf-8")
    return mean


def score_images(pairs, enhance):
    """Score what a function makes of pairs: a list of `(name, dict of scores)`.

    Raises:
        ValueError: if a pair cannot be read or scored.
    """
    rows = []
    for result in evaluate_pairs(pairs, enhance):
        if result.error:
            raise ValueError(result.error)
        row = dict(result.scores or {})
        with contextlib.suppress(ValueError):  # too small, or too flat
            row["niqe"] = niqe(result.enhanced)
        rows.append((result.pair.name, row))
    return rows
