"""What a run needs to go on after it was killed."""

import collections
import csv
import json
import re
import time
import zipfile
from pathlib import Path

import keras
import numpy as np

from zero_dce_keras.errors import one_line
from zero_dce_keras.files import replacing

STATE_FILE = "state.npz"
HISTORY_FILE = "history.csv"
AUTOMATIC_NUMBER = re.compile(r"_\d+(?=/|$)")  # at the end of a name in a path


class RunState(keras.callbacks.Callback):
    """Callback that saves and restores all that the rest of a run depends on.

    One file, `state.npz`, which is replaced as a whole: weights, optimizer and seeds as
    arrays by their names, the rest as JSON. `history.csv` follows from it. To be the
    last of the callbacks: what the others save is there before the epoch counts as done.

    Args:
        run_dir: directory of the files.
        history: Keras' `History` of the run.
        averages: the `AverageWeights` of the run, or `None`.
        followed: what else has a state: `{name: (object, names of its attributes)}`.
        writes: False only restores: another process saves.
    """

    def __init__(self, run_dir, history, averages, followed, writes=True):
        super().__init__()
        self.run_dir = Path(run_dir)
        self.history = history
        self.averages = averages
        self.followed = followed
        self.writes = writes
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
                arrays = dict(file)
            progress = json.loads(str(arrays.pop("progress")))
            self._restore_variables(arrays)
            self._seconds = progress["seconds"]
            self._progress = progress
            self._restore_progress(progress)
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{path}: not the state of this run: {one_line(error)}"
            ) from None
        return len(self.history.epoch)

    def on_train_begin(self, logs=None):
        if self._progress is not None:  # callbacks forget, when a training begins
            self._restore_progress(self._progress)
            if self.writes:
                self._write_history()  # the process before may have been killed at it

    def on_epoch_end(self, epoch, logs=None):
        if self.writes:
            self._save()
            self._write_history()

    def _restore_variables(self, arrays):
        variables = self._variables()
        if "variable_0" in arrays:  # version 0.1.0 numbered them
            numbers = range(len(arrays))
            values = [arrays[f"variable_{number}"] for number in numbers]
            arrays = dict(zip(variables, values, strict=True))
        if difference := arrays.keys() ^ variables.keys():
            raise ValueError(f"{min(difference)} must be in both model and file")
        for name, variable in variables.items():
            if arrays[name].shape != tuple(variable.shape):
                raise ValueError(
                    f"{name} must have shape {tuple(variable.shape)}. "
                    f"Received: {arrays[name].shape}"
                )
        for name, variable in variables.items():
            variable.assign(arrays[name])

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
        arrays = {name: each.numpy() for name, each in self._variables().items()}
        if self.averages and self.averages.weights:
            # In place of the averages, which the model has now. The trainable weights
            # come first; what follows stays.
            arrays |= dict(zip(arrays, self.averages.weights, strict=False))
        with replacing(self.run_dir / STATE_FILE) as temporary:
            np.savez(temporary, progress=np.array(json.dumps(progress)), **arrays)

    def _variables(self):
        """Return trainable weights, seeds and the like, and the optimizer's variables.

        A dict by names that are the same in every process.
        """
        model = self.model
        variables = [*model.trainable_variables, *model.non_trainable_variables]
        named = name_variables(variables, model.network)
        names = {each.path.replace("/", "_"): name for name, each in named.items()}
        for variable in model.optimizer.variables:
            _, _, path = variable.path.partition("/")  # adam/conv_1_kernel_momentum
            weight, _, role = path.rpartition("_")
            name = f"{names[weight]}/{role}" if weight in names else path
            named[f"optimizer/{name}"] = variable
        return named

    def _write_history(self):
        names = sorted(self.history.history)
        columns = [self.history.history[name] for name in names]
        with (
            replacing(self.run_dir / HISTORY_FILE) as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(["epoch", *names])
            numbers = [epoch + 1 for epoch in self.history.epoch]  # as of the pictures
            writer.writerows(zip(numbers, *columns, strict=True))


def name_variables(variables, network):
    """Name the variables of a model, the same in every process.

    Keras numbers layers without a name through a process, so that a variable's path has
    other numbers after other models. Here these numbers are left out, and the variables
    that then have one path are counted in their order. The names that the layers of the
    network were given stay, numbers and all.

    Args:
        variables: those of the model.
        network: its network.

    Returns:
        dict from names to variables, in their order.
    """
    given = {layer.name for layer in network.layers}
    named, counts = {}, collections.Counter()
    for variable in variables:
        first, slash, rest = variable.path.partition("/")
        if first not in given:
            first = AUTOMATIC_NUMBER.sub("", first)
        name = first + slash + AUTOMATIC_NUMBER.sub("", rest)
        counts[name] += 1
        named[f"{name}/{counts[name]}" if counts[name] > 1 else name] = variable
    return named
