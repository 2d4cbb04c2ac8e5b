"""Presets: a model's configuration, its weights and a card that says what they are."""

import json
import tempfile
import warnings
from pathlib import Path

import h5py
import keras

from zero_dce_keras.devices import is_out_of_memory

PRESETS_DIR = Path(__file__).parents[1] / "presets"
CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.weights.h5"
CARD_FILE = "metadata.json"
CONFIG_ATTRIBUTE = "zero_dce_keras_config"  # of a .weights.h5 file
# What h5py and Keras raise, according to which bytes of a file are wrong.
UNREADABLE = (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError)


def list_presets():
    """Names of the presets that ship with the package.

    Returns:
        Sorted list of names, each good for `from_preset` and for `--weights`.

    Example:
        >>> "zero_dce_lol" in list_presets()
        True
    """
    return sorted(path.parent.name for path in PRESETS_DIR.glob(f"*/{CONFIG_FILE}"))


def preset_directory(name):
    """Directory of a preset, given its name or the directory itself.

    Raises:
        ValueError: if there is no such preset; the message lists those there are.
    """
    packaged = PRESETS_DIR / str(name)
    for directory in (packaged, Path(name)):
        if (directory / CONFIG_FILE).is_file():
            return directory
    if Path(name).is_file():
        raise ValueError(
            f"{name}: a file, not a preset; --weights and open_model read files that "
            "end in .weights.h5, .keras or .pth"
        )
    raise ValueError(
        "no preset, .weights.h5 file, .keras file, .pth file or directory with a "
        f"{CONFIG_FILE} is {str(name)!r}; the presets are: {', '.join(list_presets())}"
    )


def load_preset(name):
    """Build the model of a preset, whatever its class, and load its weights."""
    directory = preset_directory(name)
    path = directory / CONFIG_FILE
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise ValueError(f"{path}: not a readable configuration: {error}") from None
    if not isinstance(model, PresetMixin):
        raise ValueError(f"{path} describes no model of ours")
    model.load_weights(directory / WEIGHTS_FILE)
    return model


def load_card(name):
    """The card of a preset: a dict with its data, command, scores and licence.

    Raises:
        ValueError: if there is no such preset, or its card is no JSON object.
    """
    path = preset_directory(name) / CARD_FILE
    if not path.is_file():
        return {}
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not a readable card: {error}") from None
    if not isinstance(card, dict):
        raise ValueError(
            f"{path}: a card must be a JSON object. Received: {type(card).__name__}"
        )
    return card


class PresetMixin:
    """Gives a model class its files: presets, and weights that say whose they are.

    The class has a `network`: the Keras model of all its weights.
    """

    network: keras.Model

    def save_weights(self, filepath, overwrite=True):
        """Save the network's weights and the model's configuration, as `.weights.h5`."""
        before = _last_change(filepath)
        self.network.save_weights(filepath, overwrite=overwrite)
        if _last_change(filepath) == before:
            return  # overwrite was False, and the user said no
        with h5py.File(filepath, "a") as file:
            file.attrs[CONFIG_ATTRIBUTE] = json.dumps(model_config(self))

    def load_weights(self, filepath, skip_mismatch=False, **kwargs):
        """Load the network's weights from a `.weights.h5` file.

        Args:
            filepath: path of the file.
            skip_mismatch: `True` loads what fits and warns of the rest, as Keras does.
            **kwargs: those of `keras.Model.load_weights`.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is not readable, or holds the weights of another model:
                other shapes are refused before anything is loaded.
        """
        if skip_mismatch or kwargs:
            self.network.load_weights(filepath, skip_mismatch=skip_mismatch, **kwargs)
            return
        if str(filepath).endswith(".weights.h5"):  # Keras reads other files too
            self._check_shapes(filepath)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the error says it
                self.network.load_weights(filepath)
        except UNREADABLE as error:
            _raise_as_it_is(error)
            raise ValueError(
                f"{filepath}: not the weights of this {type(self).__name__}: "
                f"{_first_line(error)}"
            ) from None

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

    @classmethod
    def from_preset(cls, name):
        """Load a model from a preset.

        Args:
            name: one of `list_presets()`, or a directory that `save_to_preset` wrote.

        Returns:
            The model, with its weights.

        Raises:
            ValueError: if there is no such preset, or it holds another kind of model.
        """
        model = load_preset(name)
        if not isinstance(model, cls):
            raise ValueError(
                f"preset must hold a {cls.__name__}. "
                f"Received: {str(name)!r}, a {type(model).__name__}"
            )
        return model

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
            ours = {CONFIG_FILE, WEIGHTS_FILE, CARD_FILE}
            if names and not {CONFIG_FILE, WEIGHTS_FILE} <= names <= ours:
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
            self.save_weights(written / WEIGHTS_FILE)
            old = Path(temporary) / "old"
            try:
                if directory.exists():
                    directory.rename(old)
                written.rename(directory)
            finally:
                if old.exists() and not directory.exists():
                    old.rename(directory)


def _stored_shapes(path):
    """Names and shapes of the arrays in a `.weights.h5` file, without an optimizer's."""
    shapes = {}

    def note(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer/"):
            shapes[name] = item.shape

    try:
        with h5py.File(path) as file:
            file.visititems(note)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except UNREADABLE as error:
        _raise_as_it_is(error)
        raise ValueError(
            f"{path}: not a readable weights file, copy it again: {_first_line(error)}"
        ) from None
    return shapes


def _raise_as_it_is(error):
    """Where it is not the file's content that is wrong."""
    if isinstance(error, (FileNotFoundError, PermissionError)):
        raise error
    if is_out_of_memory(error):
        raise error


def _first_line(error):
    """What Keras says below it holds arrays."""
    return str(error).partition("\n")[0]


def _last_change(path):
    return Path(path).stat().st_mtime_ns if Path(path).exists() else None


def model_config(model):
    """What rebuilds a model, without its optimizer."""
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    return config


def _to_json(value):
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
