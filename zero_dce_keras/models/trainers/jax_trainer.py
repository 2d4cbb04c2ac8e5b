"""The training and test step on JAX: stateless functions of the model's variables.

Inside a `keras.StatelessScope`, reading a variable gives the value that the scope maps
it to, and assigning to it changes the scope alone. So the code of the other backends
runs here too; what it assigned is collected and handed back to Keras.
"""

import jax
import keras

from zero_dce_keras.models.trainers.base_trainer import step_losses, unpack


class Trainer(keras.Model):
    """See `zero_dce_keras.models.trainers`."""

    def train_step(self, state, data):
        trainable, non_trainable, optimizer, trackers = state
        low_light, reference = unpack(data)

        def total_loss(trainable):
            with self._scope(trainable, non_trainable, optimizer) as scope:
                losses, enhanced = step_losses(
                    self, low_light, reference, training=True
                )
                total = self.optimizer.scale_loss(losses["total_loss"])
            return total, (
                losses,
                enhanced,
                _values(scope, self.non_trainable_variables),
            )

        gradient = jax.grad(total_loss, has_aux=True)
        gradients, (losses, enhanced, non_trainable) = gradient(trainable)
        trainable, optimizer = self.optimizer.stateless_apply(
            optimizer, gradients, trainable
        )
        logs, trackers = self._track(trackers, losses, enhanced, reference)
        return logs, (trainable, non_trainable, optimizer, trackers)

    def test_step(self, state, data):
        trainable, non_trainable, trackers = state
        low_light, reference = unpack(data)
        with self._scope(trainable, non_trainable):
            losses, enhanced = step_losses(self, low_light, reference, training=False)
        logs, trackers = self._track(trackers, losses, enhanced, reference)
        return logs, (trainable, non_trainable, trackers)

    def _scope(self, trainable, non_trainable, optimizer=()):
        variables = [*self.trainable_variables, *self.non_trainable_variables]
        values = [*trainable, *non_trainable]
        if optimizer:
            variables += self.optimizer.variables
            values += optimizer
        mapping = list(zip(variables, values, strict=True))
        return keras.StatelessScope(mapping, collect_losses=True)

    def _track(self, trackers, losses, enhanced, reference):
        mapping = list(zip(self.metrics_variables, trackers, strict=True))
        with keras.StatelessScope(mapping) as scope:
            logs = self.update_trackers(losses, enhanced, reference)
        return logs, _values(scope, self.metrics_variables)


def _values(scope, variables):
    """Return the values that variables have at the end of a scope."""
    return [scope.get_current_value(variable) for variable in variables]
