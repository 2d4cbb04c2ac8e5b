"""One octave up."""

import keras
from keras import ops

from zero_dce_keras.models.mirnet.parts import pytorch_uniform
from zero_dce_keras.models.mirnet.residual_octave import ResidualOctave


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ResidualUpSample(ResidualOctave):
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
        return keras.layers.Conv2DTranspose(
            self.channels,
            3,
            strides=2,
            padding="valid",
            use_bias=False,
            kernel_initializer=pytorch_uniform(),
            data_format="channels_last",
            dtype=self.dtype_policy,
        )

    def call(self, x):
        y = self.enter_activation(self.enter(x))
        # PyTorch's padding=1, output_padding=1: 2n of the 2n + 1 pixels, the last ones.
        y = self.middle(y)[:, 1:, 1:]
        y = self.leave(self.middle_activation(y))
        # The official code interpolates first; the two commute, this is less work.
        return y + double(self.shortcut(x))


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
