"""Presets: a model's configuration, its weights and a card that says what they are.

This module finds them and reads their cards, without Keras; `load_model` opens them.
"""

import json
from pathlib import Path

from zero_dce_keras.errors import did_you_mean, one_line

DEFAULT_PRESET = "zero_dce_general"  # of `enhance`, `export` and the page
PRESETS_DIR = Path(__file__).parents[1] / "presets"
CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.weights.h5"
CARD_FILE = "metadata.json"
# How files end that `load_model` opens.
WEIGHTS_SUFFIXES = (".weights.h5", ".keras", ".pth", ".safetensors")


def list_presets():
    """Return the names of the presets that ship with the package.

    Returns:
        Sorted list of names, each good for `load_model` and for `--weights`.

    Example:
        >>> "zero_dce_lol" in list_presets()
        True
    """
    return sorted(path.parent.name for path in PRESETS_DIR.glob(f"*/{CONFIG_FILE}"))


def preset_directory(name):
    """Return the directory of a preset, given its name or the directory itself.

    Raises:
        ValueError: if there is no such preset; the message lists those there are.
    """
    packaged = PRESETS_DIR / str(name)
    for directory in (packaged, Path(name)):
        if (directory / CONFIG_FILE).is_file():
            return directory
    if Path(name).is_file():
        raise ValueError(
            f"{name}: a file, not a preset; files must end in .weights.h5, .keras, "
            ".pth or .safetensors"
        )
    raise ValueError(
        "no preset, .weights.h5, .keras, .safetensors or .pth file or directory with a "
        f"{CONFIG_FILE} is {str(name)!r}.{did_you_mean(str(name), list_presets())} The "
        f"presets are: {', '.join(list_presets())}"
    )


def load_card(name):
    """Read the card of a preset.

    Args:
        name: one of `list_presets()`, or a directory.

    Returns:
        dict with the data, command, scores and licence; empty where there is no card.

    Raises:
        ValueError: there is no such preset, or its card is not a JSON object.

    Example:
        >>> sorted(load_card("zero_dce_lol")["scores"])[:1]
        ['eval15']
    """
    path = preset_directory(name) / CARD_FILE
    if not path.is_file():
        return {}
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not a readable card: {one_line(error)}") from None
    if not isinstance(card, dict):
        raise ValueError(
            f"{path}: a card must be a JSON object. Received: {type(card).__name__}"
        )
    return card
