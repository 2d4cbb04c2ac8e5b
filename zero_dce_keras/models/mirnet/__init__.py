"""MIRNet, and the blocks it is built from."""

from zero_dce_keras.models.mirnet.blocks import (
    MultiScaleResidualBlock,
    RecursiveResidualGroup,
)
from zero_dce_keras.models.mirnet.dual_attention_unit import DualAttentionUnit
from zero_dce_keras.models.mirnet.layers import (
    ChannelAttention,
    ChannelPooling,
    SelectiveKernelFeatureFusion,
    SpatialAttention,
)
from zero_dce_keras.models.mirnet.mirnet import MIRNet
from zero_dce_keras.models.mirnet.mirnet_model import mirnet_model
from zero_dce_keras.models.mirnet.resampling import DownSample, UpSample

__all__ = [
    "ChannelAttention",
    "ChannelPooling",
    "DownSample",
    "DualAttentionUnit",
    "MIRNet",
    "MultiScaleResidualBlock",
    "RecursiveResidualGroup",
    "SelectiveKernelFeatureFusion",
    "SpatialAttention",
    "UpSample",
    "mirnet_model",
]
