"""Zero-DCE with a denoiser behind the curves."""

import keras
from keras import ops

from zero_dce_keras import losses
from zero_dce_keras.models.denoiser import build_denoiser
from zero_dce_keras.models.zero_dce import ZeroDCE

STEP = 1 / 255  # by which the image is brightened to see what becomes of it


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class DenoisingZeroDCE(ZeroDCE):
    """A `ZeroDCE` whose enhanced images go through a small denoiser.

    Zero-DCE brightens the noise with the picture. The denoiser learns without
    references: of two neighbouring pixels' images, enhanced apart, one must predict the
    other, in which the noise is another. No gradient of that reaches the curves, which
    are trained as ever.

    Args:
        denoiser_filters: channels of the denoiser's hidden layers.
        denoiser_layers: number of its convolutions.
        denoiser_smoothness: weight of the total variation of its output, relative to
            the squared distance from the neighbour.
        **kwargs: see `ZeroDCE`.

    Example:

    >>> import numpy as np
    >>> model = DenoisingZeroDCE(denoiser_filters=4, filters=4, num_layers=3)
    >>> dark = np.random.default_rng(0).random((2, 32, 48, 3), dtype="float32") / 5
    >>> denoised, noisy = (model.enhance(dark, denoise=flag) for flag in (True, False))
    >>> denoised.shape == noisy.shape == (2, 32, 48, 3)
    True

    Source: the training is that of Neighbor2Neighbor, https://arxiv.org/abs/2101.02824.
    """

    can_denoise = True

    def __init__(
        self,
        denoiser_filters=20,
        denoiser_layers=7,
        denoiser_smoothness=0.03,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.denoiser_filters = denoiser_filters
        self.denoiser_layers = denoiser_layers
        self.denoiser_smoothness = denoiser_smoothness
        self.denoiser = build_denoiser(
            denoiser_filters, denoiser_layers, dtype=self.dtype_policy
        )
        self._trackers["denoiser_loss"] = keras.metrics.Mean(name="denoiser_loss")

    def enhance(
        self,
        low_light,
        num_iterations=None,
        strength=None,
        training=None,
        denoise=True,
    ):
        """As `ZeroDCE.enhance`; without the denoiser if `denoise` is false."""
        if num_iterations == 0 or not denoise:
            return super().enhance(low_light, num_iterations, strength, training)
        low_light = ops.cast(low_light, "float32")
        tone = self.tone(low_light, num_iterations, strength, training)
        enhanced = tone(low_light)
        denoised = self._denoise(tone, low_light, enhanced, training)
        if strength is None:
            return denoised
        return enhanced + ops.reshape(strength, (-1, 1, 1, 1)) * (denoised - enhanced)

    def _denoise(self, tone, low_light, enhanced, training):
        gains = (tone(low_light + STEP) - enhanced) / STEP
        gains = ops.mean(gains, axis=-1, keepdims=True)  # (B, H, W, 1)
        inputs = [ops.stop_gradient(enhanced), ops.stop_gradient(gains)]
        return self.denoiser(inputs, training=training)

    def losses_and_output(self, low_light, reference, training):
        """The losses of the curves, that of the denoiser, and the denoised images."""
        low_light = ops.cast(low_light, "float32")
        values, enhanced = super().losses_and_output(low_light, reference, training)
        noisy, neighbor = self.draw_neighbors(low_light)
        tone = self.tone(noisy)
        denoised = self._denoise(tone, noisy, tone(noisy), training)
        target = ops.stop_gradient(self.tone(neighbor)(neighbor))
        loss = losses.denoising(denoised, target)
        loss = loss + self.denoiser_smoothness * losses.total_variation(denoised)
        loss = ops.mean(loss)
        values = {
            **values,
            "total_loss": values["total_loss"] + loss,
            "denoiser_loss": loss,
        }
        tone = self.tone(low_light)
        return values, self._denoise(tone, low_light, enhanced, training)

    @property
    def network(self):
        """DCE-Net and the denoiser as one Keras model."""
        dce_net, denoiser = self.dce_model, self.denoiser
        return keras.Model(
            [*dce_net.inputs, *denoiser.inputs],
            [dce_net(dce_net.inputs[0]), denoiser(denoiser.inputs)],
        )

    def get_config(self):
        return {
            **super().get_config(),
            "denoiser_filters": self.denoiser_filters,
            "denoiser_layers": self.denoiser_layers,
            "denoiser_smoothness": self.denoiser_smoothness,
        }
