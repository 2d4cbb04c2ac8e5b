"""MIRNet, the network."""

import keras

from zero_dce_keras.errors import check_choice, check_positive
from zero_dce_keras.models.choices import BLOCKS
from zero_dce_keras.models.mirnet.blocks import (
    LEVELS,
    PlainResidualGroup,
    RecursiveResidualGroup,
)
from zero_dce_keras.models.mirnet.layers import (
    CropLike,
    PadToMultiple,
    convolution,
    learnt_slope,
)
from zero_dce_keras.models.mirnet.torch_names import torch_names


def mirnet_model(num_rrg=3, num_mrb=2, channels=64, block="multi_scale", dtype=None):
    """Build MIRNet: groups of multi-scale residual blocks between two convolutions.

    The output is added to the image. Any height and width: images are reflected up to
    multiples of 4 inside, and what was added is cut off. 31,787,419 parameters at the
    defaults, as in the official code; nothing is clipped.

    Args:
        num_rrg: number of recursive residual groups.
        num_mrb: number of blocks in a group.
        channels: channels of the features at full resolution.
        block: `"multi_scale"` (default), or `"residual"`: plain blocks
            `y + relu(conv(y))` at full resolution alone, as a student report has them.
        dtype: dtype or dtype policy of the layers. The output is float32 in any case.

    Returns:
        A `keras.Model` from `(B, H, W, 3)` in [0, 1] to enhanced images
        `(B, H, W, 3)`, near [0, 1].

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> mirnet_model(3, 2, 64, block="residual").count_params()
        446659

    Source: https://arxiv.org/abs/2003.06792 (ECCV 2020); `MIRNet` in
    `networks/MIRNet_model.py` of https://github.com/swz30/MIRNet.
    """
    check_positive("num_rrg", num_rrg)
    check_positive("num_mrb", num_mrb)
    check_positive("channels", channels)
    check_choice("block", block, BLOCKS)
    return MIRNetNetwork(num_rrg, num_mrb, channels, block, dtype)


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class MIRNetNetwork(keras.Model):
    """What `mirnet_model` gives: a functional model that is saved as its arguments.

    Saved layer by layer, the groups would come back with a slope each.
    """

    def __init__(self, num_rrg, num_mrb, channels, block, dtype=None, name="mirnet"):
        dtype = keras.dtype_policies.get(dtype)
        super().__init__(*_connect(num_rrg, num_mrb, channels, block, dtype), name=name)
        self.arguments = {
            "num_rrg": num_rrg,
            "num_mrb": num_mrb,
            "channels": channels,
            "block": block,
            "dtype": dtype.name,
        }

    def torch_names(self):
        """Name the weights as the official code does, see `load_torch_checkpoint`."""
        return torch_names(self)

    def get_config(self):
        return {**self.arguments, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _connect(num_rrg, num_mrb, channels, block, dtype):
    """Connect all layers; return the network's input and output."""
    plain = block == "residual"
    activation = None if plain else learnt_slope(dtype)

    def group(number):
        name = f"group_{number}"
        if plain:
            return PlainResidualGroup(num_mrb, channels, dtype=dtype, name=name)
        return RecursiveResidualGroup(
            num_mrb, channels, activation, dtype=dtype, name=name
        )

    low_light = keras.Input((None, None, 3), name="low_light")
    multiple = 2 ** (LEVELS - 1)
    x = PadToMultiple(multiple, dtype="float32", name="pad")(low_light)
    x = convolution(channels, 3, dtype, plain, name="conv_in")(x)
    for number in range(1, num_rrg + 1):
        x = group(number)(x)
    x = convolution(3, 3, dtype, plain, name="conv_out")(x)
    x = CropLike(dtype="float32", name="crop")(x, low_light)
    enhanced = keras.layers.Add(dtype="float32", name="enhanced")([low_light, x])
    return low_light, enhanced
