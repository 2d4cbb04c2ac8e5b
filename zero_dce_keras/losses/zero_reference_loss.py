"""What the four zero-reference losses share."""

import keras
from keras import ops

from zero_dce_keras.errors import check_choice
from zero_dce_keras.losses.table import LOSS_FORMS


def check_size(name, images, smallest):
    """Raise a `ValueError` for images that are too small for a loss."""
    if any(side is not None and side < smallest for side in images.shape[1:3]):
        raise ValueError(
            f"{name} must be at least {smallest} pixels high and wide. "
            f"Received shape: {tuple(images.shape)}"
        )


def safe_sqrt(x):
    """Return the square root, with a gradient of 0 instead of infinity at 0."""
    positive = x > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, x, 1.0)), 0.0)


class ZeroReferenceLoss(keras.losses.Loss):
    """Base class of the losses that have a `form`; subclasses implement `call`.

    Args:
        form: one of `LOSS_FORMS`.
        **kwargs: `name`, `reduction` and `dtype`, as for every `keras.losses.Loss`.
    """

    def __init__(self, form="official", **kwargs):
        super().__init__(**kwargs)
        check_choice("form", form, LOSS_FORMS)
        self.form = form

    def get_config(self):
        return {**super().get_config(), "form": self.form}
