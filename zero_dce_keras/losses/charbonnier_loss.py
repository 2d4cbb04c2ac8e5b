"""Charbonnier: the distance to a reference, smooth at zero."""

import keras
from keras import ops

from zero_dce_keras.errors import check_positive
from zero_dce_keras.metrics.image_quality import as_batches


def charbonnier(reference, enhanced, epsilon=1e-3):
    """Return the mean over pixels and channels of `√((reference − enhanced)² + ε²)`.

    Args:
        reference: float tensor `(B, H, W, C)` in [0, 1].
        enhanced: float tensor of the same shape.
        epsilon: ε, above 0; where the difference is much smaller, the gradient fades.

    Returns:
        float tensor `(B,)`, at least ε.

    Raises:
        ValueError: if `epsilon` is not positive, or the two are not float batches of the
            same shape.

    Example: the loss of a perfect image is ε.

    >>> import numpy as np
    >>> grey = np.full((1, 32, 48, 3), 0.5, dtype="float32")
    >>> round(float(charbonnier(grey, grey)[0]), 6)
    0.001

    Source: section 3.5 of https://arxiv.org/abs/2003.06792; `losses.py` of
    https://github.com/swz30/MIRNet.
    """
    check_positive("epsilon", epsilon)
    reference, enhanced = as_batches(reference, enhanced)
    difference = reference - enhanced
    distance = ops.sqrt(difference * difference + epsilon**2)
    return ops.mean(distance, axis=(1, 2, 3))


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class CharbonnierLoss(keras.losses.Loss):
    """`charbonnier` as a Keras loss: `loss(reference, enhanced)`.

    Args:
        epsilon: see `charbonnier`.
        **kwargs: `name`, `reduction` and `dtype`, as for every `keras.losses.Loss`.

    Example:
        >>> import numpy as np
        >>> black = np.zeros((1, 32, 48, 3), dtype="float32")
        >>> round(float(CharbonnierLoss(epsilon=0.75)(black, black + 1)), 6)
        1.25
    """

    def __init__(self, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        check_positive("epsilon", epsilon)
        self.epsilon = epsilon

    def call(self, y_true, y_pred):
        return charbonnier(y_true, y_pred, self.epsilon)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
