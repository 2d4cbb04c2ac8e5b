"""Recipes, and the function that trains by them.

`train` loads on first use, so that listing the recipes imports no Keras.
"""

from zero_dce_keras.lazy import lazy_names
from zero_dce_keras.training.recipe import Recipe
from zero_dce_keras.training.recipes import RECIPES

__all__ = ["RECIPES", "Recipe", "train"]

__getattr__, __dir__ = lazy_names(__name__, {"train": "zero_dce_keras.training.run"})
