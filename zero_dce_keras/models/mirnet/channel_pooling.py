"""All channels of a pixel as two numbers."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ChannelPooling(keras.layers.Layer):
    """The maximum and the mean over the channels, in that order.

    `(B, H, W, C)` → `(B, H, W, 2)`.

    Example:
        >>> import numpy as np
        >>> pooled = ChannelPooling()(np.float32([[[[1, 2, 6]]]]))
        >>> [float(value) for value in pooled[0, 0, 0]]
        [6.0, 3.0]

    Source: `ChannelPool` in `networks/MIRNet_model.py` of
    https://github.com/swz30/MIRNet.
    """

    def call(self, x):
        largest = ops.max(x, axis=-1, keepdims=True)
        mean = ops.mean(x, axis=-1, keepdims=True)
        return ops.concatenate([largest, mean], axis=-1)
