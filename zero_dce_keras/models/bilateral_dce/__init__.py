"""Curves of a low-resolution grid, seen in a miniature: a model in one folder.

`grid_net` sees the miniature and gives the grid, `grid` raises it to every pixel, `noise`
filters the photograph before, `bilateral_dce` is the Keras model of it all.
"""

from zero_dce_keras.models.bilateral_dce.bilateral_dce import BilateralDCE
from zero_dce_keras.models.bilateral_dce.noise import AdaptiveDenoisingFilter

__all__ = ["AdaptiveDenoisingFilter", "BilateralDCE"]
