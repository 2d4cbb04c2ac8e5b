"""MIRNet: a Keras model that learns to enhance from pairs."""

import keras
from keras import ops

from zero_dce_keras import losses, metrics
from zero_dce_keras.devices import list_gpus
from zero_dce_keras.errors import check_not_negative, check_positive
from zero_dce_keras.models.image_model import ImageModel, as_images
from zero_dce_keras.models.mirnet.mirnet_model import mirnet_model
from zero_dce_keras.models.mirnet.torch_names import torch_names


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class MIRNet(ImageModel):
    """Learning enriched features for image restoration and enhancement.

    A network that works at three scales side by side gives the enhanced image at once;
    there are no curves. It learns from `(low_light, reference)` batches by the
    Charbonnier loss, and by 1 − SSIM where that has a weight.

    Args:
        num_rrg: number of recursive residual groups.
        num_mrb: number of multi-scale residual blocks in a group.
        channels: channels of the features at full resolution.
        block: `"multi_scale"` (default) or `"residual"`, see `mirnet_model`.
        epsilon: ε of the Charbonnier loss.
        ssim_weight: weight of 1 − SSIM beside the Charbonnier loss; 0 (default) for the
            official code's loss. Images to train on must then be 11×11 or larger.
        exposure_normalization: dict of arguments of `ExposureNormalization`, which then
            brings every photograph to one brightness before the network sees it and
            adds to it; `None` (default) for MIRNet as published.
        denoising_filter: dict of arguments of `DenoisingFilter`, through which every
            photograph goes before all else; `None` (default) for none.
        **kwargs: `name` and `dtype`, as for every `keras.Model`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> import numpy as np
        >>> model = MIRNet(num_rrg=1, num_mrb=1, channels=4, block="residual")
        >>> model.compile(learning_rate=2e-4)
        >>> bright = np.random.default_rng(0).random((2, 32, 48, 3), dtype="float32")
        >>> history = model.fit(bright / 5, bright, batch_size=2, verbose=0)
        >>> model(bright / 5).shape == (2, 32, 48, 3)
        True

    Source: https://arxiv.org/abs/2003.06792 (ECCV 2020).
    """

    size_arguments = ("num_rrg", "num_mrb", "channels", "block")
    default_learning_rate = 2e-4  # the official code's

    def __init__(
        self,
        num_rrg=3,
        num_mrb=2,
        channels=64,
        block="multi_scale",
        epsilon=1e-3,
        ssim_weight=0.0,
        exposure_normalization=None,
        denoising_filter=None,
        **kwargs,
    ):
        check_not_negative("ssim_weight", ssim_weight)
        names = ("total_loss", "charbonnier_loss", "ssim_loss")
        super().__init__(
            names if ssim_weight else names[:2],
            exposure_normalization,
            denoising_filter,
            **kwargs,
        )
        check_positive("epsilon", epsilon)
        self.num_rrg = num_rrg
        self.num_mrb = num_mrb
        self.channels = channels
        self.block = block
        self.epsilon = epsilon
        self.ssim_weight = ssim_weight
        self.network = mirnet_model(
            num_rrg, num_mrb, channels, block, dtype=self.dtype_policy
        )
        self.built = True  # by construction: the network knows its shapes

    @classmethod
    def recipe_arguments(cls, recipe):
        return {
            **super().recipe_arguments(recipe),
            "num_rrg": recipe.num_rrg,
            "num_mrb": recipe.num_mrb,
            "channels": recipe.channels,
            "block": recipe.block,
            "ssim_weight": recipe.ssim_weight,
        }

    def compile(self, *args, **kwargs):
        if keras.backend.backend() == "tensorflow" and not list_gpus():
            # On a CPU a step takes twice as long with XLA: docs/mirnet.md.
            kwargs.setdefault("jit_compile", False)
        super().compile(*args, **kwargs)

    def call(self, low_light, training=None):
        """Enhance images `(B, H, W, 3)` in [0, 1], of any height and width.

        Args:
            low_light: the images, or what else `normalize` takes.
            training: whether to leave values outside [0, 1] as they are.

        Returns:
            float32 tensor `(B, H, W, 3)`, in [0, 1] but while training.
        """
        return self._enhanced(self.normalize(low_light), training)

    def enhance(self, low_light, gains=None, denoise=True):
        """Enhance images, or parts of larger ones.

        Args:
            low_light: float tensor `(B, H, W, 3)` in [0, 1].
            gains: what `ExposureNormalization.gains` says of the larger images.
            denoise: False leaves out the denoising filter, where the model has one.

        Returns:
            float tensor `(B, H, W, 3)` in [0, 1].
        """
        # Not self(…): on JAX, Keras would trace all of it with sizes that are unknown.
        return self._enhanced(self.prepare(low_light, gains, denoise), training=False)

    def _enhanced(self, images, training):
        enhanced = self.network(images, training=training)
        return enhanced if training else ops.clip(enhanced, 0.0, 1.0)

    def losses_and_output(self, low_light, reference, training):
        """Compute the losses and the enhanced images.

        The loss is that of what the network gives, the images are clipped to [0, 1].
        """
        if reference is None:
            raise ValueError(
                "MIRNet learns from pairs: batches must be (low_light, reference). "
                "Received: low_light alone"
            )
        reference = as_images(reference, "reference")
        enhanced = self(low_light, training=True)  # not clipped
        charbonnier = losses.charbonnier(reference, enhanced, self.epsilon)
        values = {"charbonnier_loss": ops.mean(charbonnier)}
        if self.ssim_weight:
            dissimilarity = 1 - metrics.ssim(reference, enhanced)
            values["ssim_loss"] = self.ssim_weight * ops.mean(dissimilarity)
        values = {"total_loss": sum(values.values()), **values}
        return values, ops.clip(enhanced, 0.0, 1.0)

    def torch_names(self):
        """Name the weights as the official code does, see `load_torch_checkpoint`.

        Returns:
            list of `(name, variable, kind)`; names that share a parameter share a
            variable.

        Raises:
            ValueError: the model has plain blocks, which the official code has not.
        """
        return torch_names(self.network)

    @classmethod
    def torch_arguments(cls, shapes):
        parts = [name.split(".") for name in shapes if name.startswith("body.")]
        groups = {part[1] for part in parts}
        blocks = {part[3] for part in parts if len(part) > 5}
        if len(shapes.get("conv_in.weight", ())) != 4 or not blocks:
            return None
        return {
            "num_rrg": len(groups),
            "num_mrb": len(blocks),
            "channels": shapes["conv_in.weight"][0],
        }

    @classmethod
    def least_parameters(cls, num_rrg, num_mrb, channels):
        return 1200 * num_rrg * num_mrb * channels**2  # the largest kernels alone

    def get_config(self):
        return {
            **super().get_config(),
            "num_rrg": self.num_rrg,
            "num_mrb": self.num_mrb,
            "channels": self.channels,
            "block": self.block,
            "epsilon": self.epsilon,
            "ssim_weight": self.ssim_weight,
        }
