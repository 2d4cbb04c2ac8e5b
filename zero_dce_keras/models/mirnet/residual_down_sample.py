"""One octave down."""

import keras
from keras import ops

from zero_dce_keras.models.mirnet.parts import convolution
from zero_dce_keras.models.mirnet.residual_octave import ResidualOctave


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ResidualDownSample(ResidualOctave):
    """Half the height and width, twice the channels: what `DownSample` is made of.

    Both the convolved and the direct branch go through `blur_and_halve` before a 1×1
    convolution, and are added up.

    Args:
        channels: channels of the input.
        **kwargs: `name` and `dtype`, as for every layer.

    Example:
        >>> import numpy as np
        >>> ResidualDownSample(4)(np.ones((1, 32, 48, 4), "float32")).shape == (1, 16, 24, 8)
        True
    """

    def __init__(self, channels, **kwargs):
        super().__init__(channels, 2 * channels, **kwargs)

    def make_middle(self):
        return convolution(self.channels, 3, self.dtype_policy)

    def call(self, x):
        y = self.enter_activation(self.enter(x))
        y = self.middle_activation(self.middle(y))
        return self.leave(blur_and_halve(y)) + self.shortcut(blur_and_halve(x))


def blur_and_halve(x):
    """Every other pixel, after the binomial filter [1, 2, 1] / 4 in both directions.

    The border is reflected. A constant stays what it is; a pattern of period 2, which
    would alias, becomes its mean.

    Args:
        x: tensor `(B, H, W, C)`, H and W at least 2.

    Returns:
        tensor `(B, H / 2, W / 2, C)`, sizes rounded up.

    Example:
        >>> import numpy as np
        >>> stripes = np.tile(np.float32([0, 1]), 4).reshape(1, 1, 8, 1).repeat(4, axis=1)
        >>> sorted({float(value) for value in np.ravel(blur_and_halve(stripes))})
        [0.5]

    Source: https://arxiv.org/abs/1904.11486, as in `networks/antialias.py` of
    https://github.com/swz30/MIRNet.
    """
    x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="reflect")
    x = (x[:, :-2:2] + 2 * x[:, 1:-1:2] + x[:, 2::2]) / 4
    return (x[:, :, :-2:2] + 2 * x[:, :, 1:-1:2] + x[:, :, 2::2]) / 4
