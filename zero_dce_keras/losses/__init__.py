"""Losses that judge an enhanced picture, most of them without a reference.

Each is a stateless function of `keras.ops` that returns one unweighted value per image,
and a thin registered class around it; `table.py` lists them. Their weights live in the
model. Names load on first use: importing the package does not import Keras.
"""

from zero_dce_keras.lazy import lazy_names
from zero_dce_keras.losses.table import (
    EXTRA_LOSSES,
    LOSS_FORMS,
    LOSSES,
    TRAINABLE_LOSSES,
    WEIGHTED_LOSSES,
    complete_loss_weights,
)

_HOME_OF = {
    name: f"{__name__}.{loss.module}"
    for loss in LOSSES
    for name in (loss.function, loss.class_name)
}
_HOME_OF["build_vgg_features"] = f"{__name__}.perception_loss"
_HOME_OF["neighbors"] = f"{__name__}.denoising_loss"

__all__ = [  # noqa: PLE0604
    "EXTRA_LOSSES",
    "LOSSES",
    "LOSS_FORMS",
    "TRAINABLE_LOSSES",
    "WEIGHTED_LOSSES",
    "complete_loss_weights",
    *sorted(_HOME_OF),
]

__getattr__, __dir__ = lazy_names(__name__, _HOME_OF)
