"""Adam with the weight decay of the official code."""

import keras
from keras import ops

from zero_dce_keras.errors import check_not_negative, check_positive


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class L2Adam(keras.optimizers.Adam):
    """Adam that clips the gradient first and adds L2 weight decay after.

    Keras' own `weight_decay` is decoupled from the gradient. PyTorch code that calls
    `clip_grad_norm_` and steps with `Adam(weight_decay=…)` takes the same steps in the
    same order (Keras adds epsilon before the bias correction, PyTorch after it: they
    differ where gradients are near epsilon). Without `l2` and `max_gradient_norm` it is
    plain Adam. It clips what Adam steps by: with `loss_scale_factor` the gradient of the
    unscaled loss, with `gradient_accumulation_steps` the mean of several, under a
    `tf.distribute` strategy the sum of all replicas.

    Under `mixed_float16` Keras scales the loss by 2¹⁵ at first, which is too much for the
    losses of `ZeroDCE`: it leaves out the first steps, 3 at 128×128, and halves the scale
    each time, as with every optimizer. `mixed_bfloat16` needs no scale.

    Args:
        learning_rate: float or a Keras learning rate schedule.
        l2: factor of the weights that is added to their gradient, at least 0.
        max_gradient_norm: gradients whose global norm is larger are scaled to it, as by
            Keras' `global_clipnorm`, whose place it takes.
        epsilon: Adam's; 1e-8 as in PyTorch (Keras' own default is 1e-7).
        **kwargs: what else `keras.optimizers.Adam` takes.

    Raises:
        ValueError: if `l2` is negative or `max_gradient_norm` not positive.

    Example:
        >>> L2Adam(1e-4, l2=1e-4, max_gradient_norm=0.1).l2
        0.0001

    Source: `Zero-DCE_code/lowlight_train.py` of
    https://github.com/Li-Chongyi/Zero-DCE.
    """

    def __init__(
        self,
        learning_rate=1e-4,
        l2=None,
        max_gradient_norm=None,
        epsilon=1e-8,
        **kwargs,
    ):
        if l2 is not None:
            check_not_negative("l2", l2)
        if max_gradient_norm is not None:
            check_positive("max_gradient_norm", max_gradient_norm)
            kwargs["global_clipnorm"] = max_gradient_norm
        super().__init__(learning_rate, epsilon=epsilon, **kwargs)
        self.l2 = l2
        self.max_gradient_norm = max_gradient_norm

    if keras.backend.backend() == "tensorflow":  # Keras clips first, then adds up

        def _clip_gradients(self, grads):
            summed = super()._all_reduce_sum_gradients(zip(grads, grads, strict=True))
            return super()._clip_gradients([gradient for gradient, _ in summed])

        def _all_reduce_sum_gradients(self, grads_and_vars):
            return grads_and_vars  # `_clip_gradients` did

    def update_step(self, gradient, variable, learning_rate):
        # Here the gradients of a loss that was scaled are unscaled, those of several
        # batches accumulated, and all of them clipped.
        if self.l2:
            gradient = gradient + self.l2 * ops.cast(variable, gradient.dtype)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {
            **super().get_config(),
            **({"global_clipnorm": None} if self.max_gradient_norm else {}),
            "l2": self.l2,
            "max_gradient_norm": self.max_gradient_norm,
        }
