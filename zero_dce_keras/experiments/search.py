"""Search for a better recipe by Optuna."""

import dataclasses
import hashlib
import logging
from pathlib import Path

import keras

from zero_dce_keras.evaluation.tables import format_rows
from zero_dce_keras.experiments.cells import Cell, run_cell
from zero_dce_keras.extras import require
from zero_dce_keras.losses.table import WEIGHTED_LOSSES
from zero_dce_keras.models.registry import MODELS

log = logging.getLogger(__name__)

STORAGE = "search.db"
LEARNING_RATES = 1e-5, 1e-2
FILTERS = 8, 16, 32
EXPOSURES = 0.3, 0.7
TIMES = 0.1, 10.0  # how far a loss's weight may go from the recipe's
# Attributes of a trial: why it failed, and which interrupted one it repeats.
ERROR, REPEATS = "error", "repeats"


def search(recipe, varied, source, scored, trials, output):
    """Train recipes that Optuna proposes, and keep those that score best.

    Trials that fall behind the median of the others at the same epoch are pruned. The
    study lies in `search.db`: the same call goes on after the trials that it has.

    Args:
        recipe: the `Recipe` to begin with; its seed is that of the search, too.
        varied: dict, name of a field → values to choose from; empty for learning rate,
            E, filters and weights of the losses.
        source: the `Source` to train on.
        scored: the `Scored`, with references: PSNR is what counts.
        trials: how many trials the study shall have in the end.
        output: directory of the study, and of `cells/`.

    Returns:
        dict of `trials`, a list of dicts of `number`, `state`, `psnr`, `params` and
        `error`; and `best`, the number of the best.

    Raises:
        ImportError: Optuna is not installed.
        ValueError: no trial ended, with their reasons.
    """
    optuna = require("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=_study_name(recipe, varied, source),
        storage=f"sqlite:///{(output / STORAGE).resolve()}",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
        direction="maximize",
        load_if_exists=True,
    )
    _repeat_interrupted(optuna, study)
    # Not the same numbers again, where it goes on.
    seed = recipe.seed + len(study.trials)
    study.sampler = optuna.samplers.TPESampler(seed=seed)

    def objective(trial):
        proposed = propose(trial, recipe, varied)
        log.info("[%d/%d] %s", trial.number + 1, trials, trial.params)
        pruning = PruneTrial(optuna, trial)
        cell = Cell(f"trial {trial.number}", proposed, source)
        result = run_cell(cell, [scored], output / "cells", [pruning])
        if "error" in result:
            trial.set_user_attr(ERROR, result["error"])
            raise TrialFailed(result["error"])
        if pruning.is_pruned:
            raise optuna.TrialPruned
        (scores,) = result["scores"].values()
        if "psnr" not in scores:
            raise ValueError(
                "--search needs references to score against. Received: "
                f"{scored.source.dataset} without them"
            )
        trial.set_user_attr("scores", scores)
        return scores["psnr"]

    left = trials - len(_ended(study))
    if left > 0:
        study.optimize(objective, n_trials=left, catch=(TrialFailed,))
    return _describe(study, recipe)


class TrialFailed(Exception):
    """A trial whose training or scoring failed; the search goes on."""


def propose(trial, recipe, varied):
    """Return the recipe of a trial."""
    if varied:
        changes = {
            name: trial.suggest_categorical(name, list(values))
            for name, values in varied.items()
        }
        return recipe.replace(**changes)
    changes = {
        "learning_rate": trial.suggest_float("learning_rate", *LEARNING_RATES, log=True)
    }
    if not MODELS[recipe.model].learns_from_pairs:
        changes["well_exposedness"] = trial.suggest_float(
            "well_exposedness", *EXPOSURES
        )
        changes["filters"] = trial.suggest_categorical("filters", FILTERS)
        for loss in WEIGHTED_LOSSES:
            weight = getattr(recipe, loss.weight_field)
            if weight:
                ends = (weight * times for times in TIMES)
                changes[loss.weight_field] = trial.suggest_float(
                    loss.weight_field, *ends, log=True
                )
    return recipe.replace(**changes)


class PruneTrial(keras.callbacks.Callback):
    """Callback that reports each epoch's validation PSNR, and stops a hopeless trial."""

    def __init__(self, optuna, trial):
        super().__init__()
        self.optuna, self.trial = optuna, trial
        self.is_pruned = False

    def on_epoch_end(self, epoch, logs=None):
        """Report the epoch."""
        value = (logs or {}).get("val_psnr")
        if value is None:
            return
        self.trial.report(float(value), epoch)
        if self.trial.should_prune():
            self.is_pruned = True
            self.model.stop_training = True


def format_search(found, style="text"):
    """Format what `search` returns as a table, the best trial first."""
    done = sorted(found["trials"], key=lambda each: -(each["psnr"] or float("-inf")))
    names = dict.fromkeys(name for each in done for name in each["params"])
    rows = [
        {
            "trial": str(each["number"]),
            "PSNR dB": "–" if each["psnr"] is None else f"{each['psnr']:.2f}",
            "state": each["state"],
            **{name: _short(each["params"].get(name, "")) for name in names},
        }
        for each in done
    ]
    return format_rows(rows, style, {"PSNR dB": 0})


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _study_name(recipe, varied, source):
    """Name what must be the same for a study to go on."""
    text = str([dataclasses.asdict(recipe), varied, *source])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _ended(study):
    """Return the trials that came to an end: not those that were interrupted."""
    return [
        trial
        for trial in study.trials
        if trial.state.is_finished()
        and (trial.state.name != "FAIL" or ERROR in trial.user_attrs)
    ]


def _repeat_interrupted(optuna, study):
    """Queue the trials that a stopped search left: their trainings go on."""
    failed, running = optuna.trial.TrialState.FAIL, optuna.trial.TrialState.RUNNING
    repeated = {trial.user_attrs.get(REPEATS) for trial in study.trials}
    for trial in study.get_trials(states=[failed, running]):
        if trial.state == running:  # killed
            study.tell(trial.number, state=failed)
        if ERROR not in trial.user_attrs and trial.number not in repeated:
            study.enqueue_trial(trial.params, user_attrs={REPEATS: trial.number})


def _describe(study, recipe):
    trials = [
        {
            "number": each.number,
            "state": each.state.name.lower(),
            "psnr": each.value,
            "params": each.params,
            "scores": each.user_attrs.get("scores"),
            "error": each.user_attrs.get(ERROR),
            "epochs": {str(k): v for k, v in each.intermediate_values.items()},
        }
        for each in _ended(study)
    ]
    done = [each for each in trials if each["state"] == "complete"]
    if not done:
        reasons = dict.fromkeys(each["error"] or each["state"] for each in trials)
        raise ValueError(f"every trial failed: {'; '.join(reasons)}")
    best = max(done, key=lambda each: each["psnr"])
    return {
        "trials": trials,
        "best": best["number"],
        "recipe": dataclasses.asdict(recipe.replace(**best["params"])),
    }
