"""Self-adaptive: how far the colours of a picture lie from its mean colour."""

import keras
from keras import ops

from zero_dce_keras.losses.zero_reference_loss import safe_sqrt


def self_adaptive(enhanced):
    """Return the mean distance of each image's pixels from its mean colour.

    `mean √((r−R)² + (g−G)² + (b−B)²)`, with R, G and B the channel means of the image.
    Its gradient, undefined where a pixel has the mean colour in the official code, is 0
    there.

    Args:
        enhanced: float tensor `(B, H, W, 3)` in [0, 1].

    Returns:
        float tensor `(B,)`, at least 0.

    Example: half black, half white: every pixel is √3/2 away from grey.

    >>> import numpy as np
    >>> halves = np.zeros((1, 32, 48, 3), dtype="float32")
    >>> halves[:, :, 24:] = 1
    >>> round(float(self_adaptive(halves)[0]), 4)
    0.866

    Source: `Sa_Loss` in `Zero-DCE_code/Myloss.py` of
    https://github.com/Li-Chongyi/Zero-DCE, which defines it and trains without it.
    """
    enhanced = ops.convert_to_tensor(enhanced)
    deviations = enhanced - ops.mean(enhanced, axis=(1, 2), keepdims=True)
    squares = ops.sum(ops.square(deviations), axis=-1)  # (B, H, W)
    return ops.mean(safe_sqrt(squares), axis=(1, 2))


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class SelfAdaptiveLoss(keras.losses.Loss):
    """`self_adaptive` as a Keras loss: `loss(enhanced, enhanced)`.

    Args:
        **kwargs: `name`, `reduction` and `dtype`, as for every `keras.losses.Loss`.

    Example: `y_true` is ignored.

    >>> import numpy as np
    >>> grey = np.full((1, 32, 48, 3), 0.5, dtype="float32")
    >>> float(SelfAdaptiveLoss()(grey, grey))
    0.0
    """

    def call(self, y_true, y_pred):
        return self_adaptive(y_pred)
