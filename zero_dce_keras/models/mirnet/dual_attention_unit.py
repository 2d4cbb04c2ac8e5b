"""Two convolutions, then attention to places and to channels side by side."""

import keras
from keras import ops

from zero_dce_keras.models.mirnet.layers import (
    ChannelAttention,
    SpatialAttention,
    build_all,
    convolution,
    shared_slope,
)


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class DualAttentionUnit(keras.layers.Layer):
    """Attention to places and to channels, side by side, after two convolutions.

    `x + conv1×1([spatial attention(y), channel attention(y)])`, y being two convolutions
    of x with an activation between them; the shape stays.

    Args:
        channels: channels of the input.
        activation: the layer between the convolutions; a new PReLU by default. All the
            units of a MIRNet are given the same one.
        **kwargs: `name` and `dtype`, as for every layer.

    Example:
        >>> import numpy as np
        >>> images = np.ones((1, 32, 48, 16), "float32")
        >>> DualAttentionUnit(16)(images).shape == images.shape
        True

    Source: section 3.3 of https://arxiv.org/abs/2003.06792; `DAU` in
    `networks/MIRNet_model.py` of https://github.com/swz30/MIRNet.
    """

    def __init__(self, channels, activation=None, **kwargs):
        super().__init__(**kwargs)
        dtype = self.dtype_policy
        self.channels = channels
        self.first = convolution(channels, 3, dtype)
        self.activation = shared_slope(activation, dtype)
        self.second = convolution(channels, 3, dtype)
        self.spatial_attention = SpatialAttention(dtype=dtype)
        self.channel_attention = ChannelAttention(channels, dtype=dtype)
        self.merge = convolution(channels, 1, dtype)

    def build(self, input_shape):
        build_all(
            self.channels,
            self.first,
            self.activation,
            self.second,
            self.spatial_attention,
            self.channel_attention,
        )
        build_all(2 * self.channels, self.merge)

    def call(self, x):
        y = self.second(self.activation(self.first(x)))
        both = [self.spatial_attention(y), self.channel_attention(y)]
        return x + self.merge(ops.concatenate(both, axis=-1))

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "activation": keras.saving.serialize_keras_object(self.activation),
        }
