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


class BaseTrainer(keras.Model):
    """A `keras.Model` whose test step computes the model's own losses."""

    def test_step(self, data):
        low_light, reference = unpack(data)
        losses, enhanced = self.losses_and_output(low_light, reference, training=False)
        return self.update_trackers(losses, enhanced, reference)
