"""Blocks of layers, and the groups that the network is a row of."""

import keras
from keras import ops

from zero_dce_keras.models.mirnet.dual_attention_unit import DualAttentionUnit
from zero_dce_keras.models.mirnet.layers import (
    SelectiveKernelFeatureFusion,
    build_all,
    convolution,
    shared_slope,
)
from zero_dce_keras.models.mirnet.resampling import DownSample, UpSample

LEVELS = 3  # full, half and quarter resolution
COLUMNS = 2  # dual-attention units in a row, on every level


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class MultiScaleResidualBlock(keras.layers.Layer):
    """Works at full, half and quarter resolution; between and after, the streams meet.

    On every level a dual-attention unit, fusion with the two other levels, and the same
    unit again; at the end all levels are fused at full resolution, convolved, and added
    to the input. `(B, H, W, C)`, H and W multiples of 4; the shape stays.

    As the official code has it, a level's two units share their weights, and the last
    fusion is the full-resolution fusion once more.

    Args:
        channels: channels C of the input.
        activation: what the dual-attention units share; a new PReLU by default.
        **kwargs: `name` and `dtype`, as for every layer.

    Example:
        >>> import numpy as np
        >>> images = np.ones((1, 32, 48, 8), "float32")
        >>> MultiScaleResidualBlock(8)(images).shape == images.shape
        True

    Source: section 3.1 of https://arxiv.org/abs/2003.06792; `MSRB` in
    `networks/MIRNet_model.py` of https://github.com/swz30/MIRNet.
    """

    def __init__(self, channels, activation=None, **kwargs):
        super().__init__(**kwargs)
        dtype = self.dtype_policy
        widths = [channels * 2**level for level in range(LEVELS)]
        self.channels = channels
        self.activation = shared_slope(activation, dtype)
        self.units = [
            DualAttentionUnit(width, self.activation, dtype=dtype) for width in widths
        ]
        self.fusions = [
            SelectiveKernelFeatureFusion(width, LEVELS, dtype=dtype) for width in widths
        ]
        self.samplers = {
            f"{start}_to_{end}": _sampler(widths, start, end, dtype)
            for start in range(LEVELS)
            for end in range(LEVELS)
            if start != end
        }
        self.last_samplers = [
            _sampler(widths, level, 0, dtype) for level in range(1, LEVELS)
        ]
        self.convolution = convolution(channels, 3, dtype)

    def build(self, input_shape):
        for unit, fusion in zip(self.units, self.fusions):
            build_all(unit.channels, unit, fusion)
        for sampler in (*self.samplers.values(), *self.last_samplers):
            build_all(sampler.channels, sampler)
        build_all(self.channels, self.convolution)

    def call(self, x):
        streams = self._first_column(x)
        for _ in range(COLUMNS - 1):
            fused = [
                fusion(
                    [self._move(streams[start], start, end) for start in range(LEVELS)]
                )
                for end, fusion in enumerate(self.fusions)
            ]
            streams = [unit(stream) for unit, stream in zip(self.units, fused)]
        coarse = zip(self.last_samplers, streams[1:])
        full = [streams[0], *(sampler(stream) for sampler, stream in coarse)]
        return x + self.convolution(self.fusions[0](full))

    def _first_column(self, x):
        """Begin each level with what the level above gives."""
        streams = [self.units[0](x)]
        for level in range(1, LEVELS):
            above = self._move(streams[-1], level - 1, level)
            streams.append(self.units[level](above))
        return streams

    def _move(self, stream, start, end):
        """Return a stream at another level."""
        return stream if start == end else self.samplers[f"{start}_to_{end}"](stream)

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "activation": keras.saving.serialize_keras_object(self.activation),
        }


def _sampler(widths, start, end, dtype):
    """Make the layer that takes a stream from one level to another."""
    sampler = DownSample if start < end else UpSample
    return sampler(widths[start], 2 ** abs(start - end), dtype=dtype)


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class RecursiveResidualGroup(keras.layers.Layer):
    """`num_mrb` multi-scale blocks and a convolution, added to the input.

    `(B, H, W, C)`, H and W multiples of 4; the shape stays.

    Args:
        num_mrb: number of `MultiScaleResidualBlock`s.
        channels: channels C of the input.
        activation: what all dual-attention units share; a new PReLU by default.
        **kwargs: `name` and `dtype`, as for every layer.

    Example:
        >>> import numpy as np
        >>> images = np.ones((1, 32, 48, 8), "float32")
        >>> RecursiveResidualGroup(1, 8)(images).shape == images.shape
        True

    Source: section 3 of https://arxiv.org/abs/2003.06792; `RRG` in
    `networks/MIRNet_model.py` of https://github.com/swz30/MIRNet.
    """

    def __init__(self, num_mrb, channels, activation=None, **kwargs):
        super().__init__(**kwargs)
        dtype = self.dtype_policy
        self.num_mrb = num_mrb
        self.channels = channels
        self.activation = shared_slope(activation, dtype)
        self.blocks = [
            MultiScaleResidualBlock(channels, self.activation, dtype=dtype)
            for _ in range(num_mrb)
        ]
        self.convolution = convolution(channels, 3, dtype)

    def build(self, input_shape):
        build_all(self.channels, *self.blocks, self.convolution)

    def compute_output_shape(self, input_shape):
        return input_shape

    def call(self, x):
        y = x
        for block in self.blocks:
            y = block(y)
        return x + self.convolution(y)

    def get_config(self):
        return {
            **super().get_config(),
            "num_mrb": self.num_mrb,
            "channels": self.channels,
            "activation": keras.saving.serialize_keras_object(self.activation),
        }


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
