"""Blocks in a row, and a way around them."""

import keras

from zero_dce_keras.models.mirnet.multi_scale_residual_block import (
    MultiScaleResidualBlock,
)
from zero_dce_keras.models.mirnet.parts import build_all, convolution, shared_slope


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class RecursiveResidualGroup(keras.layers.Layer):
    """`num_mrb` multi-scale blocks and a convolution, added to the input.

    `(B, H, W, C)`, H and W multiples of 4; the shape stays.

    Args:
        num_mrb: number of `MultiScaleResidualBlock`s.
        channels: channels C of the input.
        activation: what all dual-attention units share; a new PReLU by default.
        **kwargs: `name` and `dtype`, as for every layer.

    Example:
        >>> import numpy as np
        >>> images = np.ones((1, 32, 48, 8), "float32")
        >>> RecursiveResidualGroup(1, 8)(images).shape == images.shape
        True

    Source: section 3 of https://arxiv.org/abs/2003.06792; `RRG` in
    `networks/MIRNet_model.py` of https://github.com/swz30/MIRNet.
    """

    def __init__(self, num_mrb, channels, activation=None, **kwargs):
        super().__init__(**kwargs)
        dtype = self.dtype_policy
        self.num_mrb = num_mrb
        self.channels = channels
        self.activation = shared_slope(activation, dtype)
        self.blocks = [
            MultiScaleResidualBlock(channels, self.activation, dtype=dtype)
            for _ in range(num_mrb)
        ]
        self.convolution = convolution(channels, 3, dtype)

    def build(self, input_shape):
        build_all(self.channels, *self.blocks, self.convolution)

    def compute_output_shape(self, input_shape):
        return input_shape

    def call(self, x):
        y = x
        for block in self.blocks:
            y = block(y)
        return x + self.convolution(y)

    def get_config(self):
        return {
            **super().get_config(),
            "num_mrb": self.num_mrb,
            "channels": self.channels,
            "activation": keras.saving.serialize_keras_object(self.activation),
        }
