"""MIRNet: a Keras model that learns to enhance from pairs."""

import keras
from keras import ops

from zero_dce_keras import losses, metrics
from zero_dce_keras.devices import list_gpus
from zero_dce_keras.errors import check_fraction, check_not_negative, check_positive
from zero_dce_keras.models.exposure_normalization import NUM_GAINS, MeteringCells
from zero_dce_keras.models.image_model import ImageModel, as_images, with_shape
from zero_dce_keras.models.miniature import Miniature
from zero_dce_keras.models.mirnet.blocks import LEVELS
from zero_dce_keras.models.mirnet.global_view import VIEW
from zero_dce_keras.models.mirnet.mirnet_model import mirnet_model
from zero_dce_keras.models.mirnet.torch_names import torch_names
from zero_dce_keras.models.step import Step


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class MIRNet(ImageModel):
    """Learning enriched features for image restoration and enhancement.

    A network that works at three scales side by side gives the enhanced image at once;
    there are no curves. It learns from `(low_light, reference)` batches by the
    Charbonnier loss, in part of pictures as bright as their references, and by 1 − SSIM,
    where these have a weight.

    Args:
        num_rrg: number of recursive residual groups.
        num_mrb: number of multi-scale residual blocks in a group.
        channels: channels of the features at full resolution.
        block: `"multi_scale"` (default) or `"residual"`, see `mirnet_model`.
        epsilon: ε of the Charbonnier loss.
        ssim_weight: weight of 1 − SSIM beside the Charbonnier loss; 0 (default) for the
            official code's loss. Images to train on must then be 11×11 or larger.
        gt_mean_weight: share in [0, 1] of the Charbonnier loss that is taken of the
            enhanced images times a factor each, which makes their mean that of their
            reference: where a whole image is too bright or too dark, it still says what
            is wrong with noise and colours. Default: 0.
        stride: 2 for features at half the resolution, see `mirnet_model`; 1 (default)
            for MIRNet as published.
        global_view: whether the image is changed first by what a small network sees in
            a miniature of the whole, see `mirnet_model`. Default: False.
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

    Source: https://arxiv.org/abs/2003.06792 (ECCV 2020). The loss at the reference's
    brightness: Liao et al., ICCV 2025, who weigh it by how far the brightness is off.
    """

    size_arguments = (
        "num_rrg",
        "num_mrb",
        "channels",
        "block",
        "stride",
        "global_view",
    )
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
        gt_mean_weight=0.0,
        stride=1,
        global_view=False,
        **kwargs,
    ):
        check_not_negative("ssim_weight", ssim_weight)
        check_fraction("gt_mean_weight", gt_mean_weight)
        weights = {"gt_mean_loss": gt_mean_weight, "ssim_loss": ssim_weight}
        optional = [name for name, weight in weights.items() if weight]
        super().__init__(
            ["total_loss", "charbonnier_loss", *optional],
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
        self.gt_mean_weight = gt_mean_weight
        self.stride = stride
        self.global_view = global_view
        if global_view:
            self.metering_cells = with_shape(MeteringCells())
            self.miniature = with_shape(Miniature(VIEW))
        self.network = mirnet_model(
            num_rrg, num_mrb, channels, block, self.dtype_policy, stride, global_view
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
            "gt_mean_weight": recipe.gt_mean_weight,
            "stride": recipe.stride,
            "global_view": recipe.global_view,
        }

    def compile(self, *args, **kwargs):
        if keras.backend.backend() == "tensorflow" and not list_gpus():
            # On a CPU a step takes twice as long with XLA: docs/mirnet.md.
            kwargs.setdefault("jit_compile", False)
        super().compile(*args, **kwargs)

    @property
    def grid(self):
        """Where tiles begin: at each level, pixels that are looked at together are so."""
        return self.stride * 2 ** (LEVELS - 1)

    @property
    def num_gains(self):
        return super().num_gains + (3 * VIEW**2 if self.global_view else 0)

    def gains(self, low_light):
        """Measure what the model must know of whole images to enhance parts of them.

        Returns:
            float tensor `(B, 1, 1, num_gains)`: what `ExposureNormalization.gains` says,
            where there is one, then the pixels of a 16×16 miniature, where there is a
            global view; `None` where there is neither.
        """
        if not self.global_view:
            return super().gains(low_light)
        return self.gains_of_cells(self.metering_cells(as_images(low_light)))

    def gains_of_cells(self, cells):
        if not self.global_view:
            return super().gains_of_cells(cells)
        cells = ops.convert_to_tensor(cells, "float32")
        gains = ops.reshape(self.miniature(cells), (-1, 1, 1, 3 * VIEW**2))
        if self.exposure_normalization is None:
            return gains
        return ops.concatenate([super().gains_of_cells(cells), gains], axis=-1)

    def prepare(self, low_light, gains=None, denoise=True):
        """Return what the network looks at.

        The images as `ImageModel.prepare` leaves them; with a global view a list of
        them and of the miniatures of the whole images, normalised as they are.
        """
        if not self.global_view:
            return super().prepare(low_light, gains, denoise)
        if gains is None:
            gains = self.gains(low_light)
        view = ops.reshape(gains[..., -3 * VIEW**2 :], (-1, VIEW, VIEW, 3))
        if self.exposure_normalization is None:
            return [super().prepare(low_light, None, denoise), view]
        gains = gains[..., :NUM_GAINS]
        images = super().prepare(low_light, gains, denoise)
        return [images, self.exposure_normalization.apply_gains(view, gains)]

    def call(self, low_light, training=None):
        """Enhance images `(B, H, W, 3)` in [0, 1], of any height and width.

        Args:
            low_light: the images, or what else `normalize` takes.
            training: whether to leave values outside [0, 1] as they are.

        Returns:
            float32 tensor `(B, H, W, 3)`, in [0, 1] but while training.
        """
        training = training or self.current_step is not None
        return self._enhanced(self.normalize(low_light), training)

    def enhance(self, low_light, gains=None, denoise=True):
        """Enhance images, or parts of larger ones.

        Args:
            low_light: float tensor `(B, H, W, 3)` in [0, 1].
            gains: what `gains` says of the larger images.
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
        images = low_light[0] if isinstance(low_light, (tuple, list)) else low_light
        with Step(self, as_images(reference, "reference"), training):
            enhanced = self(low_light, training=True)  # not clipped
            values = self.compute_losses(images, enhanced)
        return values, ops.clip(enhanced, 0.0, 1.0)

    def compute_losses(self, data, output):
        """Compute the weighted losses of a batch; `fit` and `evaluate` train by it.

        Args:
            data: the images, float tensor `(B, H, W, 3)` in [0, 1].
            output: what `call` gave for them, not clipped; `batch_reference` has what
                it should be.

        Returns:
            dict from tracker names to scalars; the others add up to `total_loss`.
        """
        reference, enhanced = self.batch_reference, output
        charbonnier = losses.charbonnier(reference, enhanced, self.epsilon)
        share = 1 - self.gt_mean_weight
        values = {"charbonnier_loss": share * ops.mean(charbonnier)}
        if self.gt_mean_weight:
            matched = losses.charbonnier(
                reference, match_means(reference, enhanced), self.epsilon
            )
            values["gt_mean_loss"] = self.gt_mean_weight * ops.mean(matched)
        if self.ssim_weight:
            dissimilarity = 1 - metrics.ssim(reference, enhanced)
            values["ssim_loss"] = self.ssim_weight * ops.mean(dissimilarity)
        return {"total_loss": sum(values.values()), **values}

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
            "gt_mean_weight": self.gt_mean_weight,
            "stride": self.stride,
            "global_view": self.global_view,
        }


def match_means(reference, enhanced):
    """Multiply each enhanced image by the factor that makes its mean the reference's.

    The factor is between 1/4 and 4. Images `(B, H, W, 3)`, float.
    """
    enhanced = ops.convert_to_tensor(enhanced)
    means = [ops.mean(x, axis=(1, 2, 3), keepdims=True) for x in (reference, enhanced)]
    return enhanced * ops.clip(means[0] / ops.maximum(means[1], 1e-3), 0.25, 4.0)
