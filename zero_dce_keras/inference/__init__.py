"""Enhancing photographs with a trained model."""

from zero_dce_keras.inference.enhancer import Enhancer
from zero_dce_keras.inference.infer import infer

__all__ = ["Enhancer", "infer"]
