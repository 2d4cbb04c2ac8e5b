"""To a finer scale."""

import keras

from zero_dce_keras.models.mirnet.down_sample import count_steps
from zero_dce_keras.models.mirnet.parts import build_all
from zero_dce_keras.models.mirnet.residual_up_sample import ResidualUpSample


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class UpSample(keras.layers.Layer):
    """Height and width multiplied by `factor`, channels divided by it.

    `(B, H, W, C)` → `(B, H · factor, W · factor, C / factor)`, by one
    `ResidualUpSample` for every power of two.

    Args:
        channels: channels C of the input, a multiple of `factor`.
        factor: 2, 4, 8 …
        **kwargs: `name` and `dtype`, as for every layer.

    Raises:
        ValueError: if `factor` is not a power of two above 1, or does not divide
            `channels`.

    Example:

    >>> import numpy as np
    >>> UpSample(16, factor=4)(np.ones((1, 8, 12, 16), "float32")).shape == (1, 32, 48, 4)
    True

    Source: section 3.4 of https://arxiv.org/abs/2003.06792; `UpSample` in
    `networks/MIRNet_model.py` of https://github.com/swz30/MIRNet.
    """

    def __init__(self, channels, factor=2, **kwargs):
        super().__init__(**kwargs)
        steps = count_steps(factor)
        if channels % factor:
            raise ValueError(
                f"channels must be a multiple of factor={factor}. Received: {channels}"
            )
        self.channels = channels
        self.factor = factor
        self.steps = [
            ResidualUpSample(channels // 2**step, dtype=self.dtype_policy)
            for step in range(steps)
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
