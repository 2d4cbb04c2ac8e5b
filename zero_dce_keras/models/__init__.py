"""Networks, curves, and the Keras models made of them.

Names load on first use: importing this package does not import Keras.
"""

from zero_dce_keras.lazy import lazy_names
from zero_dce_keras.models.registry import MODELS, module_of

_HOMES = {
    "bilateral_dce": ["AdaptiveDenoisingFilter"],
    "curves": ["apply_curves"],
    "dce_net": ["build_dce_net"],
    "dce_net_plus_plus": ["build_dce_net_plus_plus"],
    "denoising_filter": ["DenoisingFilter"],
    "exposure_normalization": ["ExposureNormalization"],
    "l2_adam": ["L2Adam"],
    "load": ["load_model"],
    "mirnet": [
        "ChannelAttention",
        "ChannelPooling",
        "DownSample",
        "DualAttentionUnit",
        "MultiScaleResidualBlock",
        "RecursiveResidualGroup",
        "SelectiveKernelFeatureFusion",
        "SpatialAttention",
        "UpSample",
        "mirnet_model",
    ],
    "presets": ["list_presets", "load_card"],
    "torch_checkpoint": ["load_torch_checkpoint"],
}
_HOME_OF = {
    name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names
}
_HOME_OF |= {entry.class_name: module_of(name) for name, entry in MODELS.items()}

__all__ = [*sorted(_HOME_OF)]  # noqa: PLE0604

__getattr__, __dir__ = lazy_names(__name__, _HOME_OF)
