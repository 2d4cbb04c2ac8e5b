"""Illumination smoothness: neighbouring pixels get similar curves."""

import keras
from keras import ops

from zero_dce_keras.errors import check_choice
from zero_dce_keras.losses.table import LOSS_FORMS
from zero_dce_keras.losses.zero_reference_loss import (
    ZeroReferenceLoss,
    check_size,
)


def illumination_smoothness(curve_maps, form="official"):
    """Return the total variation of the curve maps.

    `2 · (Σ(∂y A)² / ((H−1)·W) + Σ(∂x A)² / (H·(W−1)))`, the sums running over all
    pixels and all channels of the maps A.

    Args:
        curve_maps: float tensor `(B, H, W, C)` in [−1, 1], H and W at least 2, C at
            least 2 for `"keras_io"`.
        form: `"official"` (default) or `"paper"`: as above. `"notebook"`: the mean of
            `(|∂y A| + |∂x A|)²`, ∂ being the responses of `tf.image.sobel_edges`, which
            reflects the maps at the border. `"keras_io"`: as above with the example's
            denominators, (W−1)·C and W·(C−1): some 11 times as strong at 256².

    Returns:
        float tensor `(B,)`, at least 0.

    Raises:
        ValueError: if `form` is unknown, or the maps are too small.

    Example: a horizontal ramp of one channel that rises by 0.5 a pixel.

    >>> import numpy as np
    >>> ramp = np.zeros((1, 2, 3, 1), dtype="float32")
    >>> ramp[0, :, :, 0] = [-0.5, 0.0, 0.5]
    >>> float(illumination_smoothness(ramp)[0])
    0.5

    Source: section 3.3.4 of https://arxiv.org/abs/2001.06826; `L_TV` in
    `Zero-DCE_code/Myloss.py` of https://github.com/Li-Chongyi/Zero-DCE.
    """
    check_choice("form", form, LOSS_FORMS)
    check_size("curve_maps", curve_maps, 2)
    if form == "notebook":
        vertical, horizontal = _sobel_edges(curve_maps)
        edges = ops.abs(vertical) + ops.abs(horizontal)
        return ops.mean(ops.square(edges), axis=(1, 2, 3))

    vertical = ops.square(curve_maps[:, 1:] - curve_maps[:, :-1])
    horizontal = ops.square(curve_maps[:, :, 1:] - curve_maps[:, :, :-1])
    if form == "keras_io":
        width, channels = ops.shape(curve_maps)[2:]
        vertical = ops.sum(vertical, axis=(1, 2, 3)) / ((width - 1) * channels)
        horizontal = ops.sum(horizontal, axis=(1, 2, 3)) / (width * (channels - 1))
        return 2 * (vertical + horizontal)
    # The mean over pixels, the sum over channels.
    vertical = ops.sum(ops.mean(vertical, axis=(1, 2)), axis=-1)
    horizontal = ops.sum(ops.mean(horizontal, axis=(1, 2)), axis=-1)
    return 2 * (vertical + horizontal)


def _sobel_edges(x):
    """Return the vertical and the horizontal edges of `tf.image.sobel_edges`."""
    x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    columns = x[:, :-2] + 2 * x[:, 1:-1] + x[:, 2:]
    rows = x[:, :, :-2] + 2 * x[:, :, 1:-1] + x[:, :, 2:]
    return rows[:, 2:] - rows[:, :-2], columns[:, :, 2:] - columns[:, :, :-2]


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class IlluminationSmoothnessLoss(ZeroReferenceLoss):
    """`illumination_smoothness` as a Keras loss: `loss(maps, maps)`.

    Args:
        form: see `illumination_smoothness`.
        **kwargs: `name`, `reduction` and `dtype`, as for every `keras.losses.Loss`.

    Example: `y_true` is ignored.

    >>> import numpy as np
    >>> flat = np.full((1, 32, 48, 24), 0.3, dtype="float32")
    >>> float(IlluminationSmoothnessLoss()(flat, flat))
    0.0
    """

    def call(self, y_true, y_pred):
        return illumination_smoothness(y_pred, self.form)
