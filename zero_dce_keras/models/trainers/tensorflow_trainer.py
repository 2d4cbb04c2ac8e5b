"""The training step on TensorFlow: a gradient tape.

Under a `tf.distribute` strategy every replica sees its part of a batch. What they do
together is what one device does with the whole batch, in parts of any size.
"""

import tensorflow as tf

from zero_dce_keras.models.trainers import hosts
from zero_dce_keras.models.trainers.base_trainer import BaseTrainer, step_losses, unpack


class Trainer(BaseTrainer):
    """See `zero_dce_keras.models.trainers`."""

    def fit(self, x=None, y=None, **options):
        if hosts.are_several(self.distribute_strategy):
            return hosts.fit_on_hosts(self, x, **options)
        return super().fit(x, y, **options)

    def train_step(self, data):
        low_light, reference = unpack(data)
        share = share_of_batch(low_light)
        with tf.GradientTape() as tape:
            losses, enhanced = step_losses(self, low_light, reference, training=True)
            # The optimizer adds up the replicas' gradients.
            total = self.optimizer.scale_loss(losses["total_loss"] * share)
        gradients = tape.gradient(total, self.trainable_weights)
        self.optimizer.apply(gradients, self.trainable_weights)
        return self._of_all_replicas(self.update_trackers(losses, enhanced, reference))

    def test_step(self, data):
        return self._of_all_replicas(super().test_step(data))

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Leave out what would use up an epoch of the data: the model is built."""

    def _of_all_replicas(self, logs):
        """Return the results that the trackers of all replicas give together."""
        replicas = tf.distribute.get_replica_context()
        if replicas.num_replicas_in_sync == 1:
            return logs
        trackers = [each for each in self.metrics if each.name in logs]
        sums = [(each.total.value + 0, each.count.value + 0) for each in trackers]
        sums = replicas.all_reduce(tf.distribute.ReduceOp.SUM, sums)
        return {
            each.name: tf.math.divide_no_nan(*sums[number])
            for number, each in enumerate(trackers)
        }


def share_of_batch(low_light):
    """Return which share of a batch's images this replica has, in [0, 1]."""
    replicas = tf.distribute.get_replica_context()
    if replicas.num_replicas_in_sync == 1:
        return 1.0
    count = tf.cast(tf.shape(tf.nest.flatten(low_light)[0])[0], tf.float32)
    return count / replicas.all_reduce(tf.distribute.ReduceOp.SUM, count)
