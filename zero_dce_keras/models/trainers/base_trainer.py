"""What the training steps of several backends share."""

import keras


def unpack(data):
    """Return `(low_light, reference)` of what `fit` hands to a step.

    The reference is `None` where there is none.
    """
    low_light, reference, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    if sample_weight is not None:
        raise ValueError(
            "batches must be low_light or (low_light, reference): the losses take no "
            "sample_weight. Received: one"
        )
    return low_light, reference


def step_losses(model, low_light, reference, training):
    """Compute the losses of a batch and its output, see `ImageModel.losses_and_output`.

    What `add_loss` and regularisers add is part of `total_loss`, as in every Keras model.
    """
    model._clear_losses()  # of the step before
    losses, enhanced = model.losses_and_output(low_light, reference, training)
    if model.losses:
        losses = {**losses, "total_loss": losses["total_loss"] + sum(model.losses)}
    return losses, enhanced


class BaseTrainer(keras.Model):
    """A `keras.Model` whose test step computes the model's own losses."""

    def test_step(self, data):
        low_light, reference = unpack(data)
        losses, enhanced = step_losses(self, low_light, reference, training=False)
        return self.update_trackers(losses, enhanced, reference)
