"""Which models there are. This module imports none of them, and no Keras.

A new model is one more line of `MODELS`. Recipes and commands take the names from here;
`load_model` has the model's module imported before Keras reads a file.
"""

import importlib
from typing import NamedTuple

from zero_dce_keras.errors import check_choice


class ModelEntry(NamedTuple):
    """What must be known of a model before its module is imported.

    Args:
        class_name: name of its class, and of its registration with Keras.
        learns_from_pairs: whether it needs references to learn.
    """

    class_name: str
    learns_from_pairs: bool = False


# By the name that recipes and `fit --model` use, which is that of the module here.
MODELS = {
    "zero_dce": ModelEntry("ZeroDCE"),
    "zero_dce_plus_plus": ModelEntry("ZeroDCEPlusPlus"),
    "bilateral_dce": ModelEntry("BilateralDCE"),
    "mirnet": ModelEntry("MIRNet", learns_from_pairs=True),
}


def get_model_class(name):
    """Import the class of a model.

    Args:
        name: one of `MODELS`.

    Raises:
        ValueError: there is no such model.

    Example:
        >>> get_model_class("mirnet").__name__
        'MIRNet'
    """
    check_choice("model", name, tuple(MODELS))
    return getattr(importlib.import_module(module_of(name)), MODELS[name].class_name)


def module_of(name):
    """Return the name of the module of a model.

    >>> module_of("mirnet")
    'zero_dce_keras.models.mirnet'
    """
    return f"{__package__}.{name}"


def import_registered(registered_name):
    """Import the class that is registered with Keras by a name, if it is in `MODELS`.

    Args:
        registered_name: str, "zero_dce_keras>ZeroDCE" for instance.
    """
    for name, entry in MODELS.items():
        if registered_name == f"zero_dce_keras>{entry.class_name}":
            get_model_class(name)
