"""Networks, curves, and the Keras models made of them."""

from zero_dce_keras.models.curves import apply_curves
from zero_dce_keras.models.dce_net import build_dce_net
from zero_dce_keras.models.l2_adam import L2Adam
from zero_dce_keras.models.load import load_model, open_model
from zero_dce_keras.models.mirnet import (
    ChannelAttention,
    ChannelPooling,
    DownSample,
    DualAttentionUnit,
    MIRNet,
    MultiScaleResidualBlock,
    RecursiveResidualGroup,
    SelectiveKernelFeatureFusion,
    SpatialAttention,
    UpSample,
    mirnet_model,
)
from zero_dce_keras.models.presets import list_presets, load_card
from zero_dce_keras.models.zero_dce import ZeroDCE

__all__ = [
    "ChannelAttention",
    "ChannelPooling",
    "DownSample",
    "DualAttentionUnit",
    "L2Adam",
    "MIRNet",
    "MultiScaleResidualBlock",
    "RecursiveResidualGroup",
    "SelectiveKernelFeatureFusion",
    "SpatialAttention",
    "UpSample",
    "ZeroDCE",
    "apply_curves",
    "build_dce_net",
    "list_presets",
    "load_card",
    "load_model",
    "mirnet_model",
    "open_model",
]
