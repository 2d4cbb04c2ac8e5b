"""From one scale to another: down without aliasing, and up."""

import keras
from keras import ops

from zero_dce_keras.models.mirnet.layers import (
    build_all,
    convolution,
    learnt_slope,
    transposed_convolution,
)


class Resampler(keras.layers.Layer):
    """Base of `DownSample` and `UpSample`: a step for every power of two in a factor.

    A subclass gives `make_steps(count)`, a list of `ResidualResampler`.

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
    """Return how often 2 goes into a factor.

    >>> count_steps(8)
    3
    """
    if factor < 2 or factor & (factor - 1):
        raise ValueError(f"factor must be a power of two above 1. Received: {factor}")
    return factor.bit_length() - 1


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class DownSample(Resampler):
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

    def make_steps(self, count):
        return [
            ResidualDownSample(self.channels * 2**step, dtype=self.dtype_policy)
            for step in range(count)
        ]


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class UpSample(Resampler):
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

    def make_steps(self, count):
        if self.channels % self.factor:
            raise ValueError(
                f"channels must be a multiple of factor={self.factor}. "
                f"Received: {self.channels}"
            )
        return [
            ResidualUpSample(self.channels // 2**step, dtype=self.dtype_policy)
            for step in range(count)
        ]


class ResidualResampler(keras.layers.Layer):
    """Base of one step: three convolutions in one branch, a shortcut in the other.

    A subclass gives `make_middle()`, the branch's convolution between two of 1×1, and
    `call`, which changes the scale and adds the branches up.

    Args:
        channels: channels of the input.
        channels_out: channels of the output.
        **kwargs: `name` and `dtype`, as for every layer.
    """

    def __init__(self, channels, channels_out, **kwargs):
        super().__init__(**kwargs)
        dtype = self.dtype_policy
        self.channels = channels
        self.enter = convolution(channels, 1, dtype)
        self.enter_activation = learnt_slope(dtype)
        self.middle = self.make_middle()
        self.middle_activation = learnt_slope(dtype)
        self.leave = convolution(channels_out, 1, dtype)
        self.shortcut = convolution(channels_out, 1, dtype)

    def build(self, input_shape):
        build_all(
            self.channels,
            self.enter,
            self.enter_activation,
            self.middle,
            self.middle_activation,
            self.leave,
            self.shortcut,
        )

    def get_config(self):
        return {**super().get_config(), "channels": self.channels}


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ResidualDownSample(ResidualResampler):
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
    """Return every other pixel, after the binomial filter [1, 2, 1] / 4 in both directions.

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


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ResidualUpSample(ResidualResampler):
    """Twice the height and width, half the channels: what `UpSample` is made of.

    A transposed convolution between 1×1 convolutions in one branch, a 1×1 convolution
    and `double`, bilinear interpolation, in the other; both are added up.

    Args:
        channels: channels of the input, an even number.
        **kwargs: `name` and `dtype`, as for every layer.

    Example:
        >>> import numpy as np
        >>> ResidualUpSample(4)(np.ones((1, 8, 12, 4), "float32")).shape == (1, 16, 24, 2)
        True
    """

    def __init__(self, channels, **kwargs):
        super().__init__(channels, channels // 2, **kwargs)

    def make_middle(self):
        return transposed_convolution(
            self.channels, 3, 2, self.dtype_policy, padding="valid"
        )

    def call(self, x):
        y = self.enter_activation(self.enter(x))
        # PyTorch's padding=1, output_padding=1: 2n of the 2n + 1 pixels, the last ones.
        y = self.middle(y)[:, 1:, 1:]
        y = self.leave(self.middle_activation(y))
        # The official code interpolates first; the two commute, this is less work.
        return y + double(self.shortcut(x))


def double(x):
    """Interpolate to twice the height and width, bilinearly.

    Every pixel twice, then the binomial filter [1, 2, 1] / 4 in both directions: the
    same as interpolation at half-pixel centres. (Keras' own takes no unknown sizes.)

    Args:
        x: tensor `(B, H, W, C)`.

    Returns:
        tensor `(B, 2·H, 2·W, C)`.

    Example:
        >>> import numpy as np
        >>> row = np.float32([0, 1]).reshape(1, 1, 2, 1)
        >>> [float(value) for value in double(row)[0, 0, :, 0]]
        [0.0, 0.25, 0.75, 1.0]
    """
    x = ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)
    x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="symmetric")
    x = (x[:, :-2] + 2 * x[:, 1:-1] + x[:, 2:]) / 4
    return (x[:, :, :-2] + 2 * x[:, :, 1:-1] + x[:, :, 2:]) / 4
