"""Presets: a model's configuration, its weights and a card that says what they are."""

import json
import shutil
import tempfile
from pathlib import Path

import h5py
import keras

PRESETS_DIR = Path(__file__).parents[1] / "presets"
CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.weights.h5"
CARD_FILE = "metadata.json"
CONFIG_ATTRIBUTE = "zero_dce_keras_config"  # of a .weights.h5 file


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
    raise ValueError(
        f"no preset, .weights.h5 file, .keras file or directory with a {CONFIG_FILE} "
        f"is {str(name)!r}; the presets are: {', '.join(list_presets())}"
    )


def load_preset(name):
    """Build the model of a preset, whatever its class, and load its weights."""
    directory = preset_directory(name)
    path = directory / CONFIG_FILE
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path}: not a readable configuration: {error}") from None
    if not isinstance(model, PresetMixin):
        raise ValueError(f"{path} describes no model of ours")
    model.load_weights(directory / WEIGHTS_FILE)
    return model


def load_card(name):
    """The card of a preset: a dict with its data, command, scores and licence."""
    card = preset_directory(name) / CARD_FILE
    return json.loads(card.read_text(encoding="utf-8")) if card.is_file() else {}


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
        """Load the network's weights from a `.weights.h5` file."""
        self.network.load_weights(filepath, skip_mismatch=skip_mismatch, **kwargs)

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
        # Written beside the target and renamed: never half a preset.
        with tempfile.TemporaryDirectory(dir=directory.parent) as temporary:
            written = Path(temporary) / "preset"
            written.mkdir()
            config = _to_json(model_config(self))
            (written / CONFIG_FILE).write_text(config, encoding="utf-8")
            (written / CARD_FILE).write_text(_to_json(card or {}), encoding="utf-8")
            self.save_weights(written / WEIGHTS_FILE)
            if directory.exists():
                shutil.rmtree(directory)
            written.rename(directory)


def _last_change(path):
    return Path(path).stat().st_mtime_ns if Path(path).exists() else None


def model_config(model):
    """What rebuilds a model, without its optimizer."""
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    return config


def _to_json(value):
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
