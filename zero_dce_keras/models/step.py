"""What a training or test step has beside the arguments of the methods it calls."""

from typing import Any


class Step:
    """The step that a model is in, as a context: `model.current_step` while it lasts.

    Args:
        model: an `ImageModel`.
        reference: the references of the batch, or `None`.
        training: whether it is one of training. A `call` need not take it.
    """

    def __init__(self, model, reference, training):
        self.model = model
        self.reference = reference
        self.training = training
        self.estimated: Any = None  # images and their curve maps
        self.enhanced = None  # what `call` gave, once it has
        self.grid = None  # of a `BilateralDCE`: where the curve maps come from
        self.window = None  # and where its losses look

    def __enter__(self):
        self.model.current_step = self
        return self

    def __exit__(self, *_):
        self.model.current_step = None

    def is_judged(self, tensor):
        """Whether images or curve maps are those that `call` enhanced the batch by."""
        return self.enhanced is not None and any(
            tensor is each for each in self.estimated
        )
