"""One octave up or down."""

import keras

from zero_dce_keras.models.mirnet.parts import build_all, convolution, learnt_slope


class ResidualOctave(keras.layers.Layer):
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
