"""Package names that load on first use, so that a light import stays light."""

import sys

from zero_dce_keras.extras import require


def lazy_names(package, home_of):
    """Return `__getattr__` and `__dir__` of a package whose names load on first use.

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
