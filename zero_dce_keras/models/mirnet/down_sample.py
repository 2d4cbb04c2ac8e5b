"""To a coarser scale, without aliasing."""

import keras

from zero_dce_keras.models.mirnet.parts import build_all
from zero_dce_keras.models.mirnet.residual_down_sample import ResidualDownSample


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class DownSample(keras.layers.Layer):
    """Height and width divided by `factor`, channels multiplied by it.

    `(B, H, W, C)` → `(B, H / factor, W / factor, C · factor)`, sizes rounded up, by one
    `ResidualDownSample` for every power of two.

    Args:
        channels: channels C of the input.
        factor: 2, 4, 8 …
        **kwargs: `name` and `dtype`, as for every layer.

    Raises:
        ValueError: if `factor` is not a power of two above 1.

    Example:

    >>> import numpy as np
    >>> DownSample(4, factor=4)(np.ones((1, 32, 48, 4), "float32")).shape == (1, 8, 12, 16)
    True

    Source: section 3.4 of https://arxiv.org/abs/2003.06792; `DownSample` in
    `networks/MIRNet_model.py` of https://github.com/swz30/MIRNet.
    """

    def __init__(self, channels, factor=2, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        self.factor = factor
        self.steps = [
            ResidualDownSample(channels * 2**step, dtype=self.dtype_policy)
            for step in range(count_steps(factor))
        ]

    def build(self, input_shape):
        for step in self.steps:
            build_all(step.channels, step)

    def call(self, x):
        for step in self.steps:
            x = step(x)
        return x

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "factor": self.factor,
        }


def count_steps(factor):
    """How often 2 goes into a factor.

    >>> count_steps(8)
    3
    """
    if factor < 2 or factor & (factor - 1):
        raise ValueError(f"factor must be a power of two above 1. Received: {factor}")
    return factor.bit_length() - 1
