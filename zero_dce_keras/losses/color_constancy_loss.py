"""Colour constancy: on average, the world is grey."""

import keras
from keras import ops

from zero_dce_keras.errors import check_choice
from zero_dce_keras.losses.table import LOSS_FORMS
from zero_dce_keras.losses.zero_reference_loss import (
    ZeroReferenceLoss,
    safe_sqrt,
)


def color_constancy(enhanced, form="official"):
    """Return the distance of the mean colour of each image from grey.

    With the channel means R, G and B of an image, the loss is
    `√((R−G)⁴ + (R−B)⁴ + (G−B)⁴)`: the official code takes the root of the sum of
    *fourth* powers. Its gradient, undefined on an exactly grey image in the official
    code, is 0 there.

    Args:
        enhanced: float tensor `(B, H, W, 3)` in [0, 1].
        form: `"official"` (default) or `"keras_io"`: as above. `"paper"`: the sum of
            squared differences `(R−G)² + (R−B)² + (G−B)²`. `"notebook"`: that of the
            channel means of the whole batch, the same value for every image.

    Returns:
        float tensor `(B,)`, at least 0.

    Raises:
        ValueError: if `form` is unknown.

    Example: pure red is 1 away from green and from blue.

    >>> import numpy as np
    >>> red = np.zeros((1, 32, 48, 3), dtype="float32")
    >>> red[..., 0] = 1
    >>> round(float(color_constancy(red)[0]), 4)
    1.4142
    >>> float(color_constancy(red, form="paper")[0])
    2.0

    Source: section 3.3.3 of https://arxiv.org/abs/2001.06826; `L_color` in
    `Zero-DCE_code/Myloss.py` of https://github.com/Li-Chongyi/Zero-DCE.
    """
    check_choice("form", form, LOSS_FORMS)
    means = ops.mean(enhanced, axis=(1, 2))  # (B, 3)
    if form == "notebook":
        means = ops.zeros_like(means) + ops.mean(means, axis=0, keepdims=True)
    differences = means - ops.roll(means, 1, axis=-1)  # R−B, G−R, B−G
    squares = ops.square(differences)
    if form in ("paper", "notebook"):
        return ops.sum(squares, axis=-1)
    return safe_sqrt(ops.sum(ops.square(squares), axis=-1))


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ColorConstancyLoss(ZeroReferenceLoss):
    """`color_constancy` as a Keras loss: `loss(enhanced, enhanced)`.

    Args:
        form: see `color_constancy`.
        **kwargs: `name`, `reduction` and `dtype`, as for every `keras.losses.Loss`.

    Example: `y_true` is ignored.

    >>> import numpy as np
    >>> grey = np.full((1, 32, 48, 3), 0.6, dtype="float32")
    >>> float(ColorConstancyLoss()(grey, grey))
    0.0
    """

    def call(self, y_true, y_pred):
        return color_constancy(y_pred, self.form)
