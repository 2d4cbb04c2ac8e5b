"""The files of a model: weights that say whose they are, and presets."""

import contextlib
import json
import tempfile
import warnings
from pathlib import Path

import h5py
import keras
import numpy as np

from zero_dce_keras.devices import is_out_of_memory
from zero_dce_keras.errors import first_line
from zero_dce_keras.models.presets import CARD_FILE, CONFIG_FILE, WEIGHTS_FILE

CONFIG_ATTRIBUTE = "zero_dce_keras_config"  # of a .weights.h5 file
OPTIMIZER_GROUP = "optimizer/vars"  # where Keras has it
# What h5py and Keras raise, according to which bytes of a file are wrong.
UNREADABLE = (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError)


class PresetMixin(keras.Model):
    """Gives a model class its files: weights that say whose they are, and presets.

    The class has a `network`: the Keras model of all its weights. `load_model` opens
    what is saved here.
    """

    network: keras.Model

    def save(self, filepath, *args, **kwargs):
        """Save the whole model, with its optimizer, as a `.keras` file.

        Args:
            filepath: path of the file.
            *args, **kwargs: what else `keras.Model.save` takes.

        Raises:
            ValueError: if the file shall be one of an earlier Keras.
        """
        if str(filepath).endswith((".h5", ".hdf5")) or "save_format" in kwargs:
            raise ValueError(
                "filepath must end in .keras for the whole model, and save_format is "
                "gone; save_weights('….weights.h5') saves the weights. Received: "
                f"{str(filepath)!r}"
            )
        super().save(filepath, *args, **kwargs)

    def save_weights(
        self, filepath, overwrite=True, save_optimizer=True, save_format=None
    ):
        """Save the network's weights and the model's configuration, as `.weights.h5`.

        Args:
            filepath: path of the file.
            overwrite: False asks before a file is replaced, as Keras does.
            save_optimizer: whether the state of a compiled model's optimizer goes into a
                group of its own, as in every Keras model; `load_weights` restores it.
            save_format: refused; Keras 3 has one format.
        """
        if save_format is not None:
            raise ValueError(
                "save_format is gone: leave it out, and let filepath end in .weights.h5. "
                f"Received: {save_format!r}"
            )
        before = _last_change(filepath)
        self.network.save_weights(filepath, overwrite=overwrite)
        if _last_change(filepath) == before:
            return  # overwrite was False, and the user said no
        with h5py.File(filepath, "a") as file:
            file.attrs[CONFIG_ATTRIBUTE] = json.dumps(model_config(self))
            optimizer = getattr(self, "optimizer", None)  # only where it is compiled
            if save_optimizer and optimizer is not None:
                optimizer.save_own_variables(file.create_group(OPTIMIZER_GROUP))

    def load_weights(self, filepath, skip_mismatch=False, **kwargs):
        """Load the network's weights from a `.weights.h5` file.

        The optimizer of a compiled model is restored where the file has its state.

        Args:
            filepath: path of the file.
            skip_mismatch: `True` loads what fits and warns of the rest, as Keras does.
            **kwargs: those of `keras.Model.load_weights`.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is not readable, or holds the weights of another model:
                other shapes are refused before anything is loaded.
        """
        if kwargs.get("by_name") is not None:
            raise ValueError(
                "by_name is gone: leave it out; skip_mismatch=True loads what fits. "
                f"Received: {kwargs['by_name']!r}"
            )
        if skip_mismatch or kwargs:
            self.network.load_weights(filepath, skip_mismatch=skip_mismatch, **kwargs)
            return
        is_own = str(filepath).endswith(".weights.h5")  # Keras reads other files too
        if is_own:
            self._check_shapes(filepath)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the error says it
                self.network.load_weights(filepath)
        except UNREADABLE as error:
            raise_other_errors(error)
            raise ValueError(
                f"{filepath}: not the weights of this {type(self).__name__}: "
                f"{first_line(error)}"
            ) from None
        if is_own:
            self._restore_optimizer(filepath)

    def _restore_optimizer(self, filepath):
        optimizer = getattr(self, "optimizer", None)
        if optimizer is None:
            return
        with open_weights_file(filepath) as file:
            stored = file.get(OPTIMIZER_GROUP, {})
            state = {name: np.asarray(value) for name, value in stored.items()}
        if state:
            optimizer.load_own_variables(state)

    def _check_shapes(self, filepath):
        """Refuse a file whose arrays are not, in some order, this model's variables."""
        stored = _stored_shapes(filepath)
        end = (
            f": not the weights of this {type(self).__name__}; configuration and weights "
            "must come from the same model"
        )
        for variable in self.network.weights:
            shape = tuple(variable.shape)
            name = next((name for name in stored if stored[name] == shape), None)
            if name is None:
                received = next(iter(stored.values()), "no more weights")
                raise ValueError(
                    f"{filepath}: {variable.path} must have shape {shape}. "
                    f"Received: {received}{end}"
                )
            del stored[name]
        if stored:
            raise ValueError(
                f"{filepath}: the model must have a variable for each array. "
                f"Received: {len(stored)} too many, the first {next(iter(stored))}{end}"
            )

    def save_to_preset(self, directory, card=None):
        """Write the model's configuration, weights and card into a directory.

        Args:
            directory: path of a directory; a preset that is there is replaced as a
                whole, any other directory must be empty.
            card: dict for `metadata.json`: data, split, command, seed, time, scores,
                licence.

        Raises:
            ValueError: if the directory holds something that is not a preset.
        """
        directory = Path(directory)
        if directory.exists():
            names = {path.name for path in directory.iterdir()}
            of_a_preset = {CONFIG_FILE, WEIGHTS_FILE, CARD_FILE}
            if names and not {CONFIG_FILE, WEIGHTS_FILE} <= names <= of_a_preset:
                raise ValueError(
                    "directory must be new, empty or a preset, so that nothing else is "
                    f"replaced. Received: {str(directory)!r}"
                )
        directory.parent.mkdir(parents=True, exist_ok=True)
        # Written beside the target and renamed: never half a preset. The old one goes
        # last, so that at any moment one of them is whole.
        with tempfile.TemporaryDirectory(dir=directory.parent) as temporary:
            written = Path(temporary) / "preset"
            written.mkdir()
            config = _to_json(model_config(self))
            (written / CONFIG_FILE).write_text(config, encoding="utf-8")
            (written / CARD_FILE).write_text(_to_json(card or {}), encoding="utf-8")
            self.save_weights(written / WEIGHTS_FILE, save_optimizer=False)
            old = Path(temporary) / "old"
            try:
                if directory.exists():
                    directory.rename(old)
                written.rename(directory)
            finally:
                if old.exists() and not directory.exists():
                    old.rename(directory)


def _stored_shapes(path):
    """Return name and shape of each array in a `.weights.h5` file but an optimizer's."""
    shapes = {}

    def note(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer/"):
            shapes[name] = item.shape

    with open_weights_file(path) as file:
        file.visititems(note)
    return shapes


@contextlib.contextmanager
def open_weights_file(path):
    """Open an HDF5 file to read it; what is wrong with it is a `ValueError` of one line.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not one of HDF5, or is damaged.
    """
    try:
        with h5py.File(path) as file:
            yield file
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except UNREADABLE as error:
        raise_other_errors(error)
        raise ValueError(
            f"{path}: not a readable weights file, copy it again: {first_line(error)}"
        ) from None


def raise_other_errors(error):
    """Raise an error again if it is not about the content of a file."""
    if isinstance(error, (FileNotFoundError, PermissionError)):
        raise error
    if is_out_of_memory(error):
        raise error


def _last_change(path):
    return Path(path).stat().st_mtime_ns if Path(path).exists() else None


def model_config(model):
    """Return what rebuilds a model, without its optimizer."""
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    return config


def _to_json(value):
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
