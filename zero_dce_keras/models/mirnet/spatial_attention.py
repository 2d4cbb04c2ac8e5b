"""Attention to places."""

import keras

from zero_dce_keras.models.mirnet.channel_pooling import ChannelPooling
from zero_dce_keras.models.mirnet.parts import build_all, convolution


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class SpatialAttention(keras.layers.Layer):
    """Scales every pixel by a weight in (0, 1), seen from 5×5 pixels around it.

    `x · sigmoid(conv5×5([max, mean] over the channels))`; the shape stays.

    Example:
        >>> import numpy as np
        >>> SpatialAttention()(np.ones((1, 32, 48, 4), "float32")).shape == (1, 32, 48, 4)
        True

    Source: section 3.3 of https://arxiv.org/abs/2003.06792.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pooling = ChannelPooling(dtype=self.dtype_policy)
        self.convolution = convolution(
            1, 5, activation="sigmoid", dtype=self.dtype_policy
        )

    def build(self, input_shape):
        build_all(2, self.convolution)

    def call(self, x):
        return x * self.convolution(self.pooling(x))
