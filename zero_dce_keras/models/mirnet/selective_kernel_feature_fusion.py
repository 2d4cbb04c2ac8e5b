"""Mixing streams of features, channel by channel."""

import keras
from keras import ops

from zero_dce_keras.models.mirnet.parts import build_all, convolution, learnt_slope


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class SelectiveKernelFeatureFusion(keras.layers.Layer):
    """A weighted mean of streams, with weights seen from the mean of their sum.

    For every channel the weights of the streams add up to 1: the softmax runs across
    the streams, not over the channels.

    A list of tensors `(B, H, W, C)` → `(B, H, W, C)`.

    Args:
        channels: channels C of every stream.
        num_streams: length of the list.
        reduction: the weights are seen from C / `reduction` channels, at least 4.
        **kwargs: `name` and `dtype`, as for every layer.

    Example: equal streams stay as they are.

    >>> import numpy as np
    >>> stream = np.full((1, 32, 48, 16), 0.5, "float32")
    >>> fused = SelectiveKernelFeatureFusion(16)([stream, stream, stream])
    >>> bool(np.allclose(fused, stream))
    True

    Source: section 3.2 of https://arxiv.org/abs/2003.06792; `SKFF` in
    `networks/MIRNet_model.py` of https://github.com/swz30/MIRNet.
    """

    def __init__(self, channels, num_streams=3, reduction=8, **kwargs):
        super().__init__(**kwargs)
        dtype = self.dtype_policy
        self.channels = channels
        self.num_streams = num_streams
        self.reduction = reduction
        self.squeeze = convolution(max(channels // reduction, 4), 1, dtype)
        self.activation = learnt_slope(dtype)
        self.excite = [convolution(channels, 1, dtype) for _ in range(num_streams)]

    def build(self, input_shape):
        build_all(self.channels, self.squeeze)
        build_all(self.squeeze.filters, self.activation, *self.excite)

    def call(self, streams):
        weights = self.stream_weights(streams)
        return sum(weight * stream for weight, stream in zip(weights, streams))

    def stream_weights(self, streams):
        """The weights of the streams: a list of tensors `(B, 1, 1, C)` in (0, 1)."""
        mean = ops.mean(sum(streams), axis=(1, 2), keepdims=True)  # (B, 1, 1, C)
        seen = self.activation(self.squeeze(mean))
        scores = ops.stack([layer(seen) for layer in self.excite])  # (S, B, 1, 1, C)
        return ops.unstack(ops.softmax(scores, axis=0), self.num_streams)

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "num_streams": self.num_streams,
            "reduction": self.reduction,
        }
