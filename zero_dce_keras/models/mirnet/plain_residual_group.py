"""What is left of a group when its multi-scale blocks become plain ones."""

import keras
from keras import ops

from zero_dce_keras.models.mirnet.parts import build_all, convolution


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class PlainResidualGroup(keras.layers.Layer):
    """A convolution, plain blocks `y + relu(conv(y))`, a convolution, plus the input.

    Every convolution is 3×3 and has a bias. `(B, H, W, C)`; the shape stays.

    Args:
        num_blocks: number of plain blocks.
        channels: channels C of the input.
        **kwargs: `name` and `dtype`, as for every layer.

    Example:
        >>> import numpy as np
        >>> images = np.ones((1, 32, 48, 8), "float32")
        >>> PlainResidualGroup(2, 8)(images).shape == images.shape
        True

    Source: ../shared/FACTS.md, the MIRNet of 446,659 parameters.
    """

    def __init__(self, num_blocks, channels, **kwargs):
        super().__init__(**kwargs)
        self.num_blocks = num_blocks
        self.channels = channels
        self.convolutions = [
            convolution(channels, 3, self.dtype_policy, use_bias=True)
            for _ in range(num_blocks + 2)
        ]

    def build(self, input_shape):
        build_all(self.channels, *self.convolutions)

    def compute_output_shape(self, input_shape):
        return input_shape

    def call(self, x):
        first, *blocks, last = self.convolutions
        y = first(x)
        for block in blocks:
            y = y + ops.relu(block(y))
        return x + last(y)

    def get_config(self):
        return {
            **super().get_config(),
            "num_blocks": self.num_blocks,
            "channels": self.channels,
        }
