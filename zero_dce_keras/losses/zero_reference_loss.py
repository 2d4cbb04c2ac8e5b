"""What the four zero-reference losses share: their published forms.

The paper, its official code and the Keras notebook that many people start from
write the same four losses differently. The official code made the published images,
so it is the default everywhere.
"""

import keras
from keras import ops

LOSS_FORMS = ("official", "paper", "notebook")


def check_form(form):
    """Raise a `ValueError` unless `form` is one of `LOSS_FORMS`."""
    if form not in LOSS_FORMS:
        raise ValueError(f"form must be one of {LOSS_FORMS}. Received: {form!r}")


def check_size(name, images, smallest):
    """Raise a `ValueError` for images with fewer pixels than a loss can look at."""
    if any(side is not None and side < smallest for side in images.shape[1:3]):
        raise ValueError(
            f"{name} must be at least {smallest} pixels high and wide. "
            f"Received shape: {tuple(images.shape)}"
        )


def safe_sqrt(x):
    """Square root whose gradient at 0 is 0 instead of infinite."""
    positive = x > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, x, 1.0)), 0.0)


class ZeroReferenceLoss(keras.losses.Loss):
    """A Keras loss with a `form`; subclasses say in `call` what it computes.

    Args:
        form: one of `LOSS_FORMS`.
        **kwargs: `name`, `reduction` and `dtype`, as for every `keras.losses.Loss`.
    """

    def __init__(self, form="official", **kwargs):
        super().__init__(**kwargs)
        check_form(form)
        self.form = form

    def get_config(self):
        return {**super().get_config(), "form": self.form}
