"""The training step on TensorFlow: a gradient tape."""

import tensorflow as tf

from zero_dce_keras.models.trainers.base_trainer import BaseTrainer, step_losses, unpack


class Trainer(BaseTrainer):
    """See `zero_dce_keras.models.trainers`."""

    def train_step(self, data):
        low_light, reference = unpack(data)
        with tf.GradientTape() as tape:
            losses, enhanced = step_losses(self, low_light, reference, training=True)
            # Under a distribution strategy the optimizer adds up the replicas' gradients.
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            total = self.optimizer.scale_loss(losses["total_loss"] / replicas)
        gradients = tape.gradient(total, self.trainable_weights)
        self.optimizer.apply(gradients, self.trainable_weights)
        return self.update_trackers(losses, enhanced, reference)
