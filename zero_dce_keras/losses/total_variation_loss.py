"""Total variation: how much a picture changes from pixel to pixel."""

import keras
from keras import ops


def total_variation(images):
    """Return the mean length of each image's gradient, the channels' squares averaged.

    Args:
        images: float tensor `(B, H, W, 3)`, H and W at least 2.

    Returns:
        float tensor `(B,)`, at least 0.

    Example: a step of 1 at one of two places.

    >>> import numpy as np
    >>> step = np.zeros((1, 2, 3, 3), dtype="float32")
    >>> step[:, :, 2] = 1
    >>> round(float(total_variation(step)[0]), 2)
    0.5

    Source: Rudin, Osher and Fatemi, "Nonlinear total variation based noise removal
    algorithms", 1992.
    """
    here = images[:, :-1, :-1]
    right, below = images[:, :-1, 1:] - here, images[:, 1:, :-1] - here
    squares = ops.mean(ops.square(right) + ops.square(below), axis=-1)
    return ops.mean(ops.sqrt(squares + 1e-5), axis=(1, 2))


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class TotalVariationLoss(keras.losses.Loss):
    """`total_variation` as a Keras loss: `loss(enhanced, enhanced)`.

    Args:
        **kwargs: `name`, `reduction` and `dtype`, as for every `keras.losses.Loss`.

    Example: 0 but for a constant that keeps the gradient finite.

    >>> import numpy as np
    >>> grey = np.full((1, 32, 48, 3), 0.5, dtype="float32")
    >>> float(TotalVariationLoss()(grey, grey)) < 0.004
    True
    """

    def call(self, y_true, y_pred):
        return total_variation(y_pred)
