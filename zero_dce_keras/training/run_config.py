"""`config.json`: what a run directory holds, so that runs are not mixed."""

import json
from pathlib import Path

from zero_dce_keras.files import replacing

CONFIG_FILE = "config.json"
# What must be the same for a run to go on.
SAME = (
    "recipe",
    "dataset",
    "data_dir",
    "weights",
    "mixed_precision",
    "images",
    "backend",
)


def read_config(run_dir):
    """What is run in a directory, as a dict; `None` where no run is."""
    path = Path(run_dir) / CONFIG_FILE
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(config["recipe"], dict):
            raise TypeError("no recipe in it")
        return config
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not the configuration of a run: {error}") from None


def write_config(run_dir, config):
    """Write `config.json`."""
    with replacing(Path(run_dir) / CONFIG_FILE) as temporary:
        temporary.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def check_new(run_dir):
    """Raise a `ValueError` if the directory holds a run: runs are not mixed."""
    if (Path(run_dir) / CONFIG_FILE).exists():
        raise ValueError(
            f"{run_dir} holds another run: go on with it by --resume (in Python: "
            "resume=True), give another --output, or remove it"
        )


def check_same(run_dir, config):
    """Raise a `ValueError` if the directory holds another run than this one.

    The message names what is different. No run at all is fine.
    """
    there = read_config(run_dir)
    if there is None:
        return
    differences = [
        f"{name} is {old!r} there and {new!r} here"
        for name, old, new in _pairs(there, config)
        if old != new
    ]
    if differences:
        raise ValueError(
            f"{run_dir} holds another run: {'; '.join(differences)}. Resume it as it "
            "was, or give another --output"
        )


def _pairs(there, here):
    """`(name, there, here)` of all that must be the same."""
    for name in SAME:
        old, new = there.get(name), here[name]
        if isinstance(new, dict):
            old = old if isinstance(old, dict) else {}
            yield from ((each, old.get(each), new[each]) for each in new)
        else:
            yield name, old, new
