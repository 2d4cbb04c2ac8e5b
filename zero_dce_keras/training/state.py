"""What a run needs to go on after it was killed."""

import csv
import json
import time
import zipfile
from pathlib import Path

import keras
import numpy as np

from zero_dce_keras.files import replacing

STATE_FILE = "state.npz"
HISTORY_FILE = "history.csv"


class RunState(keras.callbacks.Callback):
    """Saves, after every epoch, all that the rest of the run depends on; brings it back.

    One file, `state.npz`, which is replaced as a whole: weights, optimizer and seeds as
    arrays, the rest as JSON. `history.csv` follows from it. To be the last of the
    callbacks: what the others save is there before the epoch counts as done.

    Args:
        run_dir: directory of the files.
        history: Keras' `History` of the run.
        averages: the `AverageWeights` of the run, or `None`.
        followed: what else has a state: `{name: (object, names of its attributes)}`.
    """

    def __init__(self, run_dir, history, averages, followed):
        super().__init__()
        self.run_dir = Path(run_dir)
        self.history = history
        self.averages = averages
        self.followed = followed
        self._progress = None
        self._seconds = 0.0  # of the processes before this one
        self._began = time.monotonic()

    @property
    def seconds(self):
        """How long the run has taken, all its processes together."""
        return self._seconds + time.monotonic() - self._began

    def restore(self):
        """Go back to the last epoch that was saved.

        Returns:
            How many epochs are done; 0 where nothing was saved, and nothing changes.

        Raises:
            ValueError: if the file is not the state of such a run.
        """
        path = self.run_dir / STATE_FILE
        if not path.exists():
            return 0
        try:
            with np.load(path, allow_pickle=False) as file:
                progress = json.loads(str(file["progress"]))
                values = [file[f"variable_{i}"] for i in range(len(file.files) - 1)]
            for variable, value in zip(self._variables(), values, strict=True):
                variable.assign(value)
            self._seconds = progress["seconds"]
            self._progress = progress
            self._restore_progress(progress)
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path}: not the state of this run: {error}") from None
        return len(self.history.epoch)

    def on_train_begin(self, logs=None):
        if self._progress is not None:  # callbacks forget, when a training begins
            self._restore_progress(self._progress)
            self._write_history()  # the process before may have been killed at it

    def on_epoch_end(self, epoch, logs=None):
        self._save()
        self._write_history()

    def _restore_progress(self, progress):
        self.history.history = progress["history"]
        self.history.epoch = list(range(progress["epochs"]))
        for name, (item, attributes) in self.followed.items():
            for attribute in attributes:
                setattr(item, attribute, progress[name][attribute])

    def _save(self):
        progress = {
            "epochs": len(self.history.epoch),
            "history": self.history.history,
            "seconds": self.seconds,
        }
        for name, (item, attributes) in self.followed.items():
            progress[name] = {each: getattr(item, each) for each in attributes}
        values = [each.numpy() for each in self._variables()]
        if self.averages and self.averages.weights:
            values[: len(self.averages.weights)] = self.averages.weights
        arrays = {f"variable_{i}": value for i, value in enumerate(values)}
        with replacing(self.run_dir / STATE_FILE) as temporary:
            np.savez(temporary, progress=np.array(json.dumps(progress)), **arrays)

    def _variables(self):
        """Trainable weights, seeds and the like, and the optimizer's variables."""
        model = self.model
        variables = [*model.trainable_variables, *model.non_trainable_variables]
        return variables + model.optimizer.variables

    def _write_history(self):
        names = sorted(self.history.history)
        columns = [self.history.history[name] for name in names]
        with (
            replacing(self.run_dir / HISTORY_FILE) as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(["epoch", *names])
            writer.writerows(zip(self.history.epoch, *columns, strict=True))
