"""How long a grid takes, from a few steps, and how many epochs fit into some minutes."""

import contextlib
import json
import math
import sys
import time
from pathlib import Path

import keras

from zero_dce_keras.files import replacing
from zero_dce_keras.training.build import build_model
from zero_dce_keras.training.run import make_datasets

PILOT_STEPS = 3
FORWARD = 1 / 3  # of a step: validation has no gradients
# Fields that a step's time depends on.
COSTLY = (
    *("model", "image_size", "batch_size", "num_iterations", "filters", "num_layers"),
    *("scale_factor", "num_rrg", "num_mrb", "channels", "block", "stride", "crop"),
    *("denoising_weight", "total_variation_weight", "denoising_filter", "extra_losses"),
    *("normalize_exposure", "teacher", "global_view", "ssim_weight"),
)


def steps_per_epoch(recipe, train_images):
    """Return how many steps an epoch has."""
    whole, part = divmod(train_images, recipe.batch_size)
    return max(1, whole + bool(part and not recipe.drop_remainder))


def with_steps(cell, steps):
    """Return a cell with the fewest epochs that have so many steps."""
    here = steps_per_epoch(cell.recipe, len(cell.splits().train))
    epochs = math.ceil(steps / here)
    return cell._replace(recipe=cell.recipe.replace(epochs=epochs))


def within_budget(cells, minutes, directory):
    """Return cells whose trainings take about so many minutes together.

    A few steps of every kind of cell are timed. All epochs are scaled by one factor, so
    that the comparison stays fair, and never below 1. What was found is kept: the same
    grid has the same epochs when it is resumed.

    Args:
        cells: list of `Cell`.
        minutes: float.
        directory: where `budget.json` is kept.

    Returns:
        `(cells, line)`: the line says what became of the epochs.
    """
    path = Path(directory) / "budget.json"
    keys = [cell.key for cell in cells]
    plan = _read(path)
    if plan.get("keys") != keys or plan.get("minutes") != minutes:
        plan = {"keys": keys, "minutes": minutes, **_plan(cells, minutes)}
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(plan, indent=1), encoding="utf-8")
    scaled = [
        cell._replace(recipe=cell.recipe.replace(epochs=epochs))
        for cell, epochs in zip(cells, plan["epochs"], strict=True)
    ]
    return scaled, plan["line"]


def _plan(cells, minutes):
    """Return `epochs`, a list, and the `line`."""
    times, seconds = {}, []  # by the kind of cell; of an epoch of each cell
    start = 0.0  # what is compiled before the first step, of all cells
    for cell in cells:
        kind = str([cell.source, *(getattr(cell.recipe, name) for name in COSTLY)])
        splits = cell.splits()
        if kind not in times:
            times[kind] = time_step(cell.recipe, splits)
        before, step = times[kind]
        start += before
        steps = steps_per_epoch(cell.recipe, len(splits.train))
        steps += len(splits.validation) / cell.recipe.batch_size * FORWARD
        seconds.append(steps * step)
    asked = [cell.recipe.epochs for cell in cells]
    total = sum(time * epochs for time, epochs in zip(seconds, asked, strict=True))
    left = max(0.0, 60 * minutes - start)
    share = min(1.0, left / total)
    epochs = [max(1, int(number * share)) for number in asked]
    line = (
        f"budget of {minutes:g} minutes: the {len(cells)} trainings take about "
        f"{(start + total) / 60:.3g}"
    )
    if epochs == asked:
        line += ", so no epoch is left out"
    else:
        line += f", so {_range(epochs)} of {_range(asked)} epochs each"
    least = start + sum(seconds)
    if least > 60 * minutes:
        line += f"; one epoch of all is {least / 60:.3g} minutes already"
    return {"epochs": epochs, "line": line}


def time_step(recipe, splits):
    """Return how many seconds what comes before the first step takes, and a step."""
    model = build_model(recipe, len(splits.train))
    batches, _ = make_datasets(splits, recipe, model)
    steps = min(PILOT_STEPS, steps_per_epoch(recipe, len(splits.train)))
    times = []
    for _ in range(2):
        start = time.perf_counter()
        with contextlib.redirect_stdout(sys.stderr):
            model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
        times.append(time.perf_counter() - start)
    keras.backend.clear_session()
    first, second = times
    return max(0.0, first - second), second / steps


def _read(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def _range(numbers):
    least, most = min(numbers), max(numbers)
    return str(least) if least == most else f"{least} to {most}"
