"""Exposure control: every part of the picture is near a well-exposed level."""

import keras
from keras import ops

from zero_dce_keras.errors import check_choice
from zero_dce_keras.losses.table import LOSS_FORMS
from zero_dce_keras.losses.zero_reference_loss import (
    ZeroReferenceLoss,
    check_size,
)


def exposure_control(enhanced, well_exposedness=0.6, patch_size=16, form="official"):
    """Return the distance of the mean brightness of patches to the level E.

    The mean over patches of `(Y − E)²`, Y being the mean of all channels in a patch of
    `patch_size`² pixels; what does not fill a patch at the right and bottom is left out.

    Args:
        enhanced: float tensor `(B, H, W, 3)` in [0, 1], H and W at least `patch_size`.
        well_exposedness: E in [0, 1]; 0.6 in the paper.
        patch_size: side of a patch in pixels; 16 in the paper.
        form: `"paper"`: the absolute distance `|Y − E|`. All others: squared distance,
            as above.

    Returns:
        float tensor `(B,)`, at least 0.

    Raises:
        ValueError: if `form` is unknown, or the image is smaller than a patch.

    Example: a black image is E² away.

    >>> import numpy as np
    >>> black = np.zeros((1, 32, 48, 3), dtype="float32")
    >>> round(float(exposure_control(black, well_exposedness=0.6)[0]), 4)
    0.36

    Source: section 3.3.2 of https://arxiv.org/abs/2001.06826; `L_exp` in
    `Zero-DCE_code/Myloss.py` of https://github.com/Li-Chongyi/Zero-DCE.
    """
    check_choice("form", form, LOSS_FORMS)
    check_size("enhanced", enhanced, patch_size)
    brightness = ops.mean(enhanced, axis=-1, keepdims=True)  # (B, H, W, 1)
    patches = ops.average_pool(
        brightness, patch_size, strides=patch_size, data_format="channels_last"
    )
    distance = patches - well_exposedness
    distance = ops.abs(distance) if form == "paper" else ops.square(distance)
    return ops.mean(distance, axis=(1, 2, 3))


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ExposureControlLoss(ZeroReferenceLoss):
    """`exposure_control` as a Keras loss: `loss(enhanced, enhanced)`.

    Args:
        well_exposedness: see `exposure_control`.
        patch_size: see `exposure_control`.
        **kwargs: `form`, and what every Keras loss takes.

    Example: `y_true` is ignored.

    >>> import numpy as np
    >>> grey = np.full((1, 32, 48, 3), 0.6, dtype="float32")
    >>> float(ExposureControlLoss(0.6)(grey, grey)) < 1e-12
    True
    """

    def __init__(
        self,
        well_exposedness=0.6,
        patch_size=16,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.well_exposedness = well_exposedness
        self.patch_size = patch_size

    def call(self, y_true, y_pred):
        return exposure_control(
            y_pred, self.well_exposedness, self.patch_size, self.form
        )

    def get_config(self):
        return {
            **super().get_config(),
            "well_exposedness": self.well_exposedness,
            "patch_size": self.patch_size,
        }
