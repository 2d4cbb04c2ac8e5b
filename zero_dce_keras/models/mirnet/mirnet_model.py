"""MIRNet, the network."""

import keras

from zero_dce_keras.errors import check_choice, check_positive
from zero_dce_keras.models.choices import BLOCKS
from zero_dce_keras.models.mirnet.blocks import (
    LEVELS,
    PlainResidualGroup,
    RecursiveResidualGroup,
)
from zero_dce_keras.models.mirnet.global_view import VIEW, ChangeTone, GlobalView
from zero_dce_keras.models.mirnet.layers import (
    CropLike,
    PadToMultiple,
    convolution,
    learnt_slope,
    transposed_convolution,
)
from zero_dce_keras.models.mirnet.torch_names import torch_names


def mirnet_model(
    num_rrg=3,
    num_mrb=2,
    channels=64,
    block="multi_scale",
    dtype=None,
    stride=1,
    global_view=False,
):
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
        stride: 2 makes the features half as high and wide as the image, which takes a
            quarter of the work and doubles the field of view: the first convolution is
            one of the pixels of 2×2 blocks, as channels, and the last one gives them
            back. Default: 1, as in the official code.
        global_view: whether `GlobalView` looks at a miniature of the image, and
            `ChangeTone` changes the image by what it saw, before all else.

    Returns:
        A `keras.Model` from `(B, H, W, 3)` in [0, 1] to enhanced images
        `(B, H, W, 3)`, near [0, 1]. With a global view it takes a list: the images, and
        miniatures `(B, 16, 16, 3)` of the whole images that they are, or are parts of.

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
    check_positive("stride", stride)
    return MIRNetNetwork(num_rrg, num_mrb, channels, block, dtype, stride, global_view)


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class MIRNetNetwork(keras.Model):
    """What `mirnet_model` gives: a functional model that is saved as its arguments.

    Saved layer by layer, the groups would come back with a slope each.
    """

    def __init__(
        self,
        num_rrg,
        num_mrb,
        channels,
        block,
        dtype=None,
        stride=1,
        global_view=False,
        name="mirnet",
    ):
        dtype = keras.dtype_policies.get(dtype)
        ends = _connect(num_rrg, num_mrb, channels, block, dtype, stride, global_view)
        super().__init__(*ends, name=name)
        self.arguments = {
            "num_rrg": num_rrg,
            "num_mrb": num_mrb,
            "channels": channels,
            "block": block,
            "dtype": dtype.name,
            "stride": stride,
            "global_view": global_view,
        }

    def torch_names(self):
        """Name the weights as the official code does, see `load_torch_checkpoint`."""
        return torch_names(self)

    def get_config(self):
        return {**self.arguments, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _connect(num_rrg, num_mrb, channels, block, dtype, stride, global_view):
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

    inputs = image = keras.Input((None, None, 3), name="low_light")
    if global_view:
        view = keras.Input((VIEW, VIEW, 3), name="view")
        inputs = [image, view]
        changes = GlobalView(dtype=dtype, name="global_view")(view)
        image = ChangeTone(name="change_tone")([image, changes])
    multiple = stride * 2 ** (LEVELS - 1)
    x = PadToMultiple(multiple, dtype="float32", name="pad")(image)
    size = 3 * stride  # pixels of 3×3 blocks
    x = convolution(channels, size, dtype, plain, strides=stride, name="conv_in")(x)
    for number in range(1, num_rrg + 1):
        x = group(number)(x)
    if stride == 1:
        x = convolution(3, size, dtype, plain, name="conv_out")(x)
    else:
        x = transposed_convolution(3, size, stride, dtype, plain, name="conv_out")(x)
    x = CropLike(dtype="float32", name="crop")(x, image)
    enhanced = keras.layers.Add(dtype="float32", name="enhanced")([image, x])
    return inputs, enhanced
