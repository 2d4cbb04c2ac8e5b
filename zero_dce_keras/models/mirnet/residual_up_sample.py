"""One octave up."""

import keras
from keras import ops

from zero_dce_keras.models.mirnet.parts import (
    build_all,
    convolution,
    learnt_slope,
    pytorch_uniform,
)


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ResidualUpSample(keras.layers.Layer):
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
        super().__init__(**kwargs)
        dtype = self.dtype_policy
        self.channels = channels
        self.enter = convolution(channels, 1, dtype)
        self.enter_activation = learnt_slope(dtype)
        self.transposed = keras.layers.Conv2DTranspose(
            channels,
            3,
            strides=2,
            padding="valid",
            use_bias=False,
            kernel_initializer=pytorch_uniform(),
            data_format="channels_last",
            dtype=dtype,
        )
        self.transposed_activation = learnt_slope(dtype)
        self.narrow = convolution(channels // 2, 1, dtype)
        self.shortcut = convolution(channels // 2, 1, dtype)

    def build(self, input_shape):
        build_all(
            self.channels,
            self.enter,
            self.enter_activation,
            self.transposed,
            self.transposed_activation,
            self.narrow,
            self.shortcut,
        )

    def call(self, x):
        y = self.enter_activation(self.enter(x))
        # PyTorch's padding=1, output_padding=1: 2n of the 2n + 1 pixels, the last ones.
        y = self.transposed(y)[:, 1:, 1:]
        y = self.narrow(self.transposed_activation(y))
        # The official code interpolates first; the two commute, this is less work.
        return y + double(self.shortcut(x))

    def get_config(self):
        return {**super().get_config(), "channels": self.channels}


def double(x):
    """Bilinear interpolation to twice the height and width.

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
