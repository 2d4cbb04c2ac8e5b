"""Enhancing photographs with a trained model: arrays in, arrays out."""

from zero_dce_keras.inference.enhancer import Enhancer
from zero_dce_keras.inference.infer import infer
from zero_dce_keras.inference.options import EnhanceOptions
from zero_dce_keras.inference.without_network import without_network

__all__ = ["EnhanceOptions", "Enhancer", "infer", "without_network"]
