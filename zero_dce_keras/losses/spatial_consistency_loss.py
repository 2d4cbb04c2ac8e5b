"""Spatial consistency: neighbouring regions keep their difference in brightness."""

import keras
from keras import ops

from zero_dce_keras.errors import check_choice
from zero_dce_keras.losses.table import LOSS_FORMS
from zero_dce_keras.losses.zero_reference_loss import (
    ZeroReferenceLoss,
    check_size,
)

REGION = 4  # pixels on a side of a local region (paper, section 3.3.1)
NOTEBOOK_SIZE = 32  # the notebook compares gradients of 32×32 miniatures


def spatial_consistency(low_light, enhanced, form="official"):
    """Measure how much the enhancement changed the contrast of neighbouring regions.

    With `d` the difference `low_light − enhanced`, averaged over the channels and over
    4×4 regions, the loss is the mean over regions i of `Σ_j (d_i − d_j)²`, j running
    over the four neighbours. Beyond the border d is zero, as in the official code
    (3×3 kernels with zero padding), so border regions also compare raw intensity.

    Args:
        low_light: float tensor `(B, H, W, 3)` in [0, 1], H and W at least 4.
        enhanced: float tensor of the same shape, in [0, 1].
        form: `"official"` (default) or `"paper"`: as above. `"notebook"`: the mean
            squared difference of the vertical and horizontal gradients of both images
            resized to 32×32, channel by channel, as `tf.image.image_gradients` gives
            them. `"keras_io"`: the mean of `(4·d_i² + Σ_j (d_i − d_j)²) / 3`, j running
            over the left and the right neighbour: what the kernels of the example,
            whose axes are mixed up, compute.

    Returns:
        float tensor `(B,)`, at least 0.

    Raises:
        ValueError: if `form` is unknown, or the images are smaller than a region.

    Example:
        >>> import numpy as np
        >>> image = np.random.default_rng(0).random((1, 32, 48, 3), dtype="float32")
        >>> float(spatial_consistency(image, image)[0])
        0.0

    Source: section 3.3.1 of https://arxiv.org/abs/2001.06826; `L_spa` in
    `Zero-DCE_code/Myloss.py` of https://github.com/Li-Chongyi/Zero-DCE.
    """
    check_choice("form", form, LOSS_FORMS)
    check_size("enhanced", enhanced, REGION)
    change = ops.subtract(low_light, enhanced)  # (B, H, W, 3)
    if form == "notebook":
        return _notebook(change)
    change = ops.mean(change, axis=-1, keepdims=True)  # (B, H, W, 1)
    change = ops.average_pool(
        change, REGION, strides=REGION, data_format="channels_last"
    )
    padded = ops.pad(change, ((0, 0), (1, 1), (1, 1), (0, 0)))
    beside = padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]  # left and right
    if form == "keras_io":
        squares = 4 * ops.square(change)
        squares += sum(ops.square(change - other) for other in beside)
        return _image_mean(squares) / 3
    neighbours = (*beside, padded[:, :-2, 1:-1], padded[:, 2:, 1:-1])  # up and down
    return sum(_image_mean(ops.square(change - other)) for other in neighbours)


def _notebook(change):
    """Compare gradients; the resizing and the gradients are linear: once is enough."""
    size = (NOTEBOOK_SIZE, NOTEBOOK_SIZE)
    change = ops.image.resize(change, size, data_format="channels_last")
    vertical = ops.square(change[:, 1:] - change[:, :-1])
    horizontal = ops.square(change[:, :, 1:] - change[:, :, :-1])
    # TensorFlow gives the last row and the last column a gradient of 0.
    share = (NOTEBOOK_SIZE - 1) / NOTEBOOK_SIZE
    return share * (_image_mean(vertical) + _image_mean(horizontal))


def _image_mean(x):
    return ops.mean(x, axis=(1, 2, 3))  # (B,)


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class SpatialConsistencyLoss(ZeroReferenceLoss):
    """`spatial_consistency` as a Keras loss: `loss(low_light, enhanced)`.

    Args:
        form: see `spatial_consistency`.
        **kwargs: `name`, `reduction` and `dtype`, as for every `keras.losses.Loss`.

    Example:
        >>> import numpy as np
        >>> image = np.full((1, 32, 48, 3), 0.5, dtype="float32")
        >>> float(SpatialConsistencyLoss()(image, image))
        0.0
    """

    def call(self, y_true, y_pred):
        return spatial_consistency(y_true, y_pred, self.form)
