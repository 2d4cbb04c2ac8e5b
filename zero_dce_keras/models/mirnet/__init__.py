"""MIRNet, and the blocks it is built from."""

from zero_dce_keras.models.mirnet.channel_attention import ChannelAttention
from zero_dce_keras.models.mirnet.channel_pooling import ChannelPooling
from zero_dce_keras.models.mirnet.down_sample import DownSample
from zero_dce_keras.models.mirnet.dual_attention_unit import DualAttentionUnit
from zero_dce_keras.models.mirnet.mirnet import MIRNet
from zero_dce_keras.models.mirnet.mirnet_model import mirnet_model
from zero_dce_keras.models.mirnet.multi_scale_residual_block import (
    MultiScaleResidualBlock,
)
from zero_dce_keras.models.mirnet.recursive_residual_group import RecursiveResidualGroup
from zero_dce_keras.models.mirnet.selective_kernel_feature_fusion import (
    SelectiveKernelFeatureFusion,
)
from zero_dce_keras.models.mirnet.spatial_attention import SpatialAttention
from zero_dce_keras.models.mirnet.up_sample import UpSample

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
