"""Experiments: a grid of recipes, trained and scored, and the search for a better one.

What needs Keras loads on first use.
"""

from zero_dce_keras.experiments.grids import GRIDS, Variant, vary
from zero_dce_keras.lazy import lazy_names

__all__ = ["GRIDS", "Variant", "run_grid", "search", "vary"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "run_grid": "zero_dce_keras.experiments.grid",
        "search": "zero_dce_keras.experiments.search",
    },
)
