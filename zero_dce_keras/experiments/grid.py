"""A grid of cells, run one after the other, and the report of it."""

import dataclasses
import logging
import statistics
from pathlib import Path

from zero_dce_keras.evaluation import mean_scores
from zero_dce_keras.evaluation.report import DECIMALS, TITLES, versions
from zero_dce_keras.evaluation.summary import BETTER
from zero_dce_keras.evaluation.tables import format_rows
from zero_dce_keras.experiments.budget import steps_per_epoch, with_steps, within_budget
from zero_dce_keras.experiments.cells import Cell, name_of, run_cell, score_images

log = logging.getLogger(__name__)

AS_IT_IS = "as in the recipe"


def make_cells(recipe, variants, sources, seeds=1, folds=None):
    """Make the cells of a grid.

    Args:
        recipe: the `Recipe` that the variants change.
        variants: list of `Variant`.
        sources: list of `Source`, to train on one after the other.
        seeds: how many trainings of each, with the recipe's seed and those after it.
        folds: how many folds to validate on, one after the other. Default: none.

    Returns:
        list of `Cell`; those of one row of the report share their label.

    Raises:
        ValueError: if a variant cannot be trained with.
    """
    cells = []
    for source in sources:
        for variant in variants:
            label = variant.label
            if len(sources) > 1:
                label = " on ".join(filter(None, (label, source.dataset)))
            for seed in range(recipe.seed, recipe.seed + seeds):
                changed = recipe.replace(**{"seed": seed, **variant.changes})
                changed.check()
                for fold in range(1, folds + 1) if folds else [None]:
                    numbers = None if fold is None else (fold, folds)
                    cells.append(Cell(label or AS_IT_IS, changed, source, numbers))
    return cells


def run_grid(cells, scored, output, steps=None, minutes=None, **about):
    """Train and score every cell that is not done, and gather all in a report.

    Args:
        cells: list of `Cell`, as from `make_cells`.
        scored: list of `Scored`.
        output: directory; `cells/` in it keeps what was done.
        steps: train each cell for the fewest epochs with so many steps. Default: for
            the recipe's epochs.
        minutes: budget of all trainings, see `within_budget`. Default: none.
        **about: what else belongs in the report.

    Returns:
        dict of `about`'s entries, `versions`, `budget`, a line or `None`, `rows`, see
        `gather_rows`, of the untouched input and the cells, and `cells`, see `run_cell`.
    """
    output, line = Path(output), None
    untouched = [score_input(cell, scored) for cell in _one_a_fold(cells)]
    if steps is not None:
        cells = [with_steps(cell, steps) for cell in cells]
    if minutes is not None:
        cells, line = within_budget(cells, minutes, output)
        log.info("%s", line)
    results = []
    for number, cell in enumerate(cells, 1):
        fold = f", fold {cell.fold[0]} of {cell.fold[1]}" if cell.fold else ""
        log.info(
            "[%d/%d] %s, seed %d%s: %d epochs",
            *(number, len(cells), cell.label, cell.recipe.seed, fold),
            cell.recipe.epochs,
        )
        result = run_cell(cell, scored, output / "cells")
        result["steps"] = cell.recipe.epochs * steps_per_epoch(
            cell.recipe, len(cell.splits().train)
        )
        results.append({**result, "recipe": dataclasses.asdict(cell.recipe)})
    return {
        **about,
        "versions": versions(),
        "budget": line,
        "rows": gather_rows([*untouched, *results]),
        "cells": results,
    }


def score_input(cell, scored):
    """Return what the untouched input scores where a cell is scored, as a result."""
    scores = {}
    for each in scored:
        rows = score_images(each.pairs(cell), lambda image: image)
        scores[name_of(each)] = mean_scores([row for _, row in rows])
    return {"label": "untouched input", "steps": 0, "seconds": 0, "scores": scores}


def _one_a_fold(cells):
    """Return the first cell of each data set and fold."""
    first = {}
    for cell in cells:
        first.setdefault(cell.fold, cell)
    return list(first.values())


def gather_rows(results):
    """Return a row for each label: mean and standard deviation over seeds and folds.

    Args:
        results: list of dicts, as `run_cell` returns them.

    Returns:
        list of dicts of `label`, `trainings`, `failed`, `seconds` of a training, and
        `scores`: data set → score → `[mean, standard deviation]`; the latter is `None`
        of a single training.
    """
    rows = []
    for label in dict.fromkeys(result["label"] for result in results):
        mine = [result for result in results if result["label"] == label]
        done = [result for result in mine if "error" not in result]
        scores = {}
        for name in done[0]["scores"] if done else ():
            known = [each["scores"][name] for each in done]
            scores[name] = {
                score: _spread([each[score] for each in known])
                for score in BETTER
                if all(score in each for each in known)
            }
        rows.append(
            {
                "label": label,
                "trainings": len(done),
                "failed": len(mine) - len(done),
                "steps": max((each["steps"] for each in mine), default=None),
                "seconds": _mean([each["seconds"] for each in done]),
                "scores": scores,
            }
        )
    return rows


def format_grid(report, style="text"):
    """Format a report as a table, a line for each row; the best in bold.

    Args:
        report: dict, as `run_grid` returns it.
        style: of `tables.format_rows`.

    Returns:
        str, without a newline at the end.
    """
    rows, cells, best = report["rows"], [], {}
    columns = [
        (name, score)
        for name in dict.fromkeys(name for row in rows for name in row["scores"])
        for score in BETTER
        if any(score in row["scores"].get(name, {}) for row in rows)
    ]
    several = len({name for name, _ in columns}) > 1
    titles = {
        (name, score): f"{name}: {TITLES[score]}" if several else TITLES[score]
        for name, score in columns
    }
    for row in rows:
        cell = {"variant": row["label"]}
        for name, score in columns:
            cell[titles[name, score]] = _cell(score, row["scores"].get(name, {}))
        cell["steps"] = str(row["steps"])
        seconds = row["seconds"]
        cell["minutes"] = "–" if seconds is None else f"{seconds / 60:.1f}"
        cells.append(cell)
    for name, score in columns:
        known = [
            (row["scores"][name][score][0], i)
            for i, row in enumerate(rows)
            if score in row["scores"].get(name, {})
        ]
        if len(rows) > 1:
            choose = max if BETTER[score] else min
            best[titles[name, score]] = choose(known)[1]
    return format_rows(cells, style, best)


def _cell(score, scores):
    if score not in scores:
        return "–"
    mean, deviation = scores[score]
    text = f"{mean:.{DECIMALS[score]}f}"
    return text if deviation is None else f"{text} ± {deviation:.{DECIMALS[score]}f}"


def _spread(values):
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return [_mean(values), deviation]


def _mean(values):
    return statistics.fmean(values) if values else None
