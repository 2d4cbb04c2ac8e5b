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
from zero_dce_keras.losses.exposure_control_loss import (
    ExposureControlLoss,
    exposure_control,
)
from zero_dce_keras.losses.illumination_smoothness_loss import (
    IlluminationSmoothnessLoss,
    illumination_smoothness,
)
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
    "ExposureControlLoss",
    "IlluminationSmoothnessLoss",
    "SpatialConsistencyLoss",
    "charbonnier",
    "check_epsilon",
    "check_form",
    "color_constancy",
    "exposure_control",
    "illumination_smoothness",
    "spatial_consistency",
]
