"""Losses that judge an enhanced picture, most of them without a reference.

Each is a stateless function of `keras.ops` that returns one unweighted value per image,
and a thin registered class around it. Their weights live in the model.
"""

from zero_dce_keras.losses.charbonnier_loss import (
    CharbonnierLoss,
    charbonnier,
    check_epsilon,
)
from zero_dce_keras.losses.color_constancy_loss import (
    ColorConstancyLoss,
    color_constancy,
)
from zero_dce_keras.losses.denoising_loss import (
    DenoisingLoss,
    denoising,
    neighbors,
    total_variation,
)
from zero_dce_keras.losses.exposure_control_loss import (
    ExposureControlLoss,
    exposure_control,
)
from zero_dce_keras.losses.illumination_smoothness_loss import (
    IlluminationSmoothnessLoss,
    illumination_smoothness,
)
from zero_dce_keras.losses.perception_loss import (
    PerceptionLoss,
    build_vgg_features,
    perception,
)
from zero_dce_keras.losses.self_adaptive_loss import SelfAdaptiveLoss, self_adaptive
from zero_dce_keras.losses.spatial_consistency_loss import (
    SpatialConsistencyLoss,
    spatial_consistency,
)
from zero_dce_keras.losses.zero_reference_loss import (
    LOSS_FORMS,
    check_form,
)

__all__ = [
    "LOSS_FORMS",
    "CharbonnierLoss",
    "ColorConstancyLoss",
    "DenoisingLoss",
    "ExposureControlLoss",
    "IlluminationSmoothnessLoss",
    "PerceptionLoss",
    "SelfAdaptiveLoss",
    "SpatialConsistencyLoss",
    "build_vgg_features",
    "charbonnier",
    "check_epsilon",
    "check_form",
    "color_constancy",
    "denoising",
    "exposure_control",
    "illumination_smoothness",
    "neighbors",
    "perception",
    "self_adaptive",
    "spatial_consistency",
    "total_variation",
]
