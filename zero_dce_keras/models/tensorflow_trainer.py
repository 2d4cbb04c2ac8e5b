"""The TensorFlow training and test step, the same for every model of the package."""

import keras
import tensorflow as tf


class TensorFlowTrainer(keras.Model):
    """A `keras.Model` that trains on the losses it computes itself.

    A subclass gives `losses_and_output(low_light, reference)` and `update_trackers`.
    Batches are low-light images alone, or `(low_light, reference)` pairs.
    """

    def train_step(self, data):
        low_light, reference = _unpack(data)
        with tf.GradientTape() as tape:
            losses, enhanced = self.losses_and_output(low_light, training=True)
            # Under a distribution strategy the optimizer adds up the replicas' gradients.
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            total = self.optimizer.scale_loss(losses["total_loss"] / replicas)
        gradients = tape.gradient(total, self.trainable_weights)
        self.optimizer.apply(gradients, self.trainable_weights)
        return self.update_trackers(losses, enhanced, reference)

    def test_step(self, data):
        low_light, reference = _unpack(data)
        losses, enhanced = self.losses_and_output(low_light, training=False)
        return self.update_trackers(losses, enhanced, reference)


def _unpack(data):
    low_light, reference, _ = keras.utils.unpack_x_y_sample_weight(data)
    return low_light, reference
