"""Attention to channels."""

import keras
from keras import ops

from zero_dce_keras.models.mirnet.parts import build_all, convolution


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ChannelAttention(keras.layers.Layer):
    """Scales every channel by a weight in (0, 1), seen from the mean of all channels.

    `x · sigmoid(W₂ relu(W₁ mean(x)))`; the shape stays.

    Args:
        channels: channels C of the input.
        reduction: W₁ leaves C / `reduction` channels, at least 1.
        **kwargs: `name` and `dtype`, as for every layer.

    Example:
        >>> import numpy as np
        >>> images = np.ones((1, 32, 48, 16), "float32")
        >>> ChannelAttention(16)(images).shape == images.shape
        True

    Source: section 3.3 of https://arxiv.org/abs/2003.06792.
    """

    def __init__(self, channels, reduction=8, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        self.reduction = reduction
        hidden = max(channels // reduction, 1)
        self.squeeze = convolution(
            hidden, 1, activation="relu", dtype=self.dtype_policy
        )
        self.excite = convolution(
            channels, 1, activation="sigmoid", dtype=self.dtype_policy
        )

    def build(self, input_shape):
        build_all(self.channels, self.squeeze)
        build_all(self.squeeze.filters, self.excite)

    def call(self, x):
        mean = ops.mean(x, axis=(1, 2), keepdims=True)  # (B, 1, 1, C)
        return x * self.excite(self.squeeze(mean))

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "reduction": self.reduction,
        }
