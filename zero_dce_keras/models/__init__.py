"""Networks, curves, and the Keras models made of them."""

from zero_dce_keras.models.curves import apply_curves
from zero_dce_keras.models.dce_net import build_dce_net
from zero_dce_keras.models.dce_net_plus_plus import build_dce_net_plus_plus
from zero_dce_keras.models.denoising_filter import DenoisingFilter
from zero_dce_keras.models.exposure_normalization import (
    ExposureNormalization,
    cell_size,
)
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
from zero_dce_keras.models.torch_checkpoint import load_torch_checkpoint
from zero_dce_keras.models.zero_dce import ZeroDCE
from zero_dce_keras.models.zero_dce_plus_plus import ZeroDCEPlusPlus

__all__ = [
    "ChannelAttention",
    "ChannelPooling",
    "DenoisingFilter",
    "DownSample",
    "DualAttentionUnit",
    "ExposureNormalization",
    "L2Adam",
    "MIRNet",
    "MultiScaleResidualBlock",
    "RecursiveResidualGroup",
    "SelectiveKernelFeatureFusion",
    "SpatialAttention",
    "UpSample",
    "ZeroDCE",
    "ZeroDCEPlusPlus",
    "apply_curves",
    "build_dce_net",
    "build_dce_net_plus_plus",
    "cell_size",
    "list_presets",
    "load_card",
    "load_model",
    "load_torch_checkpoint",
    "mirnet_model",
    "open_model",
]
