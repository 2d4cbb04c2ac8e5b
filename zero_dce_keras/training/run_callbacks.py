"""The callbacks of a run, in the order in which they must act."""

import importlib.util
import logging

import keras

from zero_dce_keras.training.callbacks import (
    AverageWeights,
    LogLosses,
    SavePictures,
    SaveSnapshots,
    SaveWeights,
    StopOnBadLoss,
)
from zero_dce_keras.training.recipe import MONITORS
from zero_dce_keras.training.state import RunState

log = logging.getLogger(__name__)


class RunCallbacks:
    """The callbacks of the training by a recipe.

    Args:
        recipe: the `Recipe`.
        run_dir: directory of the run.
        monitor: tracker that says which weights are best.
        model: the model, compiled.
        pictures: the `Pair`s to show in pictures.
        writes: False leaves out those that write files: another process has them.

    Attributes:
        history: Keras' `History`.
        best: the `SaveWeights`, which knows the best epoch.
        state: the `RunState`, by which a run goes on.
    """

    def __init__(self, recipe, run_dir, monitor, model, pictures, writes=True):
        self.history = keras.callbacks.History()
        self.history.on_train_begin()  # it is there, however early Ctrl-C comes
        self.best = SaveWeights(run_dir, monitor)
        self._averages = AverageWeights() if recipe.ema is not None else None
        guard, plateau = StopOnBadLoss(run_dir), plateau_schedule(recipe, monitor)
        followed = {
            "loss": (guard, ["first_loss"]),
            "best": (self.best, ["best", "best_epoch"]),
        }
        if plateau:
            followed["plateau"] = (plateau, ["best", "wait", "cooldown_counter"])
        self.state = RunState(run_dir, self.history, self._averages, followed, writes)
        in_order = [
            guard,
            self.history,
            *tensorboard(run_dir / "logs"),
            plateau,
            self._averages,  # before weights and pictures are saved
            self.best,
            recipe.snapshot_every and SaveSnapshots(run_dir, recipe.snapshot_every),
            recipe.display_every and LogLosses(recipe.display_every),
            SavePictures(run_dir, pictures),
            self.state,
        ]
        if not writes:
            in_order = [guard, self.history, plateau, self._averages, self.state]
        self.in_order = [callback for callback in in_order if callback is not None]
        for callback in self.in_order:
            callback.set_model(model)

    def save_last(self):
        """Save the model as it is now, in the middle of an epoch too."""
        if self._averages:
            self._averages.use_averages()
        self.best.save_last()


def plateau_schedule(recipe, monitor):
    """Make the callback that halves the learning rate; `None` where the recipe has none."""
    if recipe.plateau_epochs is None:
        return None
    return keras.callbacks.ReduceLROnPlateau(
        f"val_{monitor}",
        factor=0.5,
        patience=recipe.plateau_epochs,
        mode="max" if MONITORS[monitor] else "min",
    )


def tensorboard(directory):
    """Make the callback that writes TensorBoard logs, in a list; empty without TensorFlow."""
    if not importlib.util.find_spec("tensorflow"):
        log.info(
            "no TensorBoard logs: Keras writes them with TensorFlow; history.csv has all"
        )
        return []
    callback = keras.callbacks.TensorBoard(directory, write_graph=False)
    # It logs whole epochs only. Keras need not wait for every step's result.
    callback.async_safe = True
    return [callback]
