"""Package names that load on first use, so that a light import stays light."""

import importlib
import importlib.util
import sys

from zero_dce_keras.devices import BACKENDS


def lazy_names(package, home_of):
    """`__getattr__` and `__dir__` for a package whose names load on first use.

    Args:
        package: the package's `__name__`.
        home_of: mapping from public names to the modules that define them.

    Returns:
        The two functions, for the package to bind to these names (PEP 562).

    Example: `__getattr__, __dir__ = lazy_names(__name__, {"sqrt": "math"})`

    >>> lazy_names("zero_dce_keras", {"sqrt": "math"})[0]("sqrt")(4.0)
    2.0
    """

    def get(name):
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(require(home_of[name]), name)

    def names():
        return sorted({*vars(sys.modules[package]), *home_of})

    return get, names


def require(module):
    """Import a module; without the backend it needs, say in one line what to install.

    >>> require("math").sqrt(4.0)
    2.0
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(missing_backend_message(error)) from error


def missing_backend_message(error):
    """What to do about a `ModuleNotFoundError`, in one line."""
    if error.name in ("tensorflow", "keras", "tensorboard"):
        line = (
            f"{error.name} is not installed: pip install 'zero_dce_keras[cpu]' brings "
            "it for a machine without a GPU, [gpu] or [tensorflow] for others"
        )
    elif error.name in ("jax", "torch"):
        line = (
            f"{error.name} is not installed: pip install 'zero_dce_keras[{error.name}]'"
        )
    else:
        return str(error)
    others = [name for name in BACKENDS if importlib.util.find_spec(name)]
    uses = " or ".join(f"KERAS_BACKEND={name}" for name in others)
    return f"{line}; {uses} uses what is installed" if uses else line
