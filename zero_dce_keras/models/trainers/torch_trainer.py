"""The training step on PyTorch: autograd."""

import torch

from zero_dce_keras.models.trainers.base_trainer import BaseTrainer, step_losses, unpack


class Trainer(BaseTrainer):
    """See `zero_dce_keras.models.trainers`."""

    def train_step(self, data):
        low_light, reference = unpack(data)
        self.zero_grad()
        losses, enhanced = step_losses(self, low_light, reference, training=True)
        self.optimizer.scale_loss(losses["total_loss"]).backward()
        gradients = [weight.value.grad for weight in self.trainable_weights]
        with torch.no_grad():
            self.optimizer.apply(gradients, self.trainable_weights)
            return self.update_trackers(losses, enhanced, reference)
