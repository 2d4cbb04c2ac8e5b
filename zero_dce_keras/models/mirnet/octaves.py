"""Going up and down by several octaves."""

import keras

from zero_dce_keras.models.mirnet.parts import build_all


class Octaves(keras.layers.Layer):
    """Base of `DownSample` and `UpSample`: a step for every power of two in a factor.

    A subclass gives `make_steps(count)`, a list of `ResidualOctave`.

    Args:
        channels: channels of the input.
        factor: 2, 4, 8 …
        **kwargs: `name` and `dtype`, as for every layer.
    """

    def __init__(self, channels, factor=2, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        self.factor = factor
        self.steps = self.make_steps(count_steps(factor))

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
