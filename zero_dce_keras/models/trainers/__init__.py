"""One training step a Keras backend, the same for every model of the package.

`Trainer` is the one of the backend that Keras runs on. All of them are a `keras.Model`
that trains on the losses it computes itself. A subclass gives

- `losses_and_output(low_light, reference, training)`: a dict of scalars with
  `total_loss` in it, and the enhanced images;
- `update_trackers(losses, enhanced, reference)`: the logs of the step.

Batches are low-light images alone, or `(low_light, reference)` pairs.
"""

import importlib

import keras

from zero_dce_keras.devices import BACKENDS

if keras.backend.backend() not in BACKENDS:
    raise ImportError(
        f"models train on the backends {BACKENDS}; KERAS_BACKEND or keras.json says "
        f"{keras.backend.backend()!r}"
    )

Trainer = importlib.import_module(
    f"zero_dce_keras.models.trainers.{keras.backend.backend()}_trainer"
).Trainer

__all__ = ["Trainer"]
