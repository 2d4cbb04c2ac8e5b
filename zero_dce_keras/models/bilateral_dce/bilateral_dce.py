"""Zero-DCE's curves from a miniature of the picture: a Keras model."""

import keras
from keras import ops

from zero_dce_keras import losses, metrics
from zero_dce_keras.errors import check_fraction, check_not_negative, check_positive
from zero_dce_keras.models.bilateral_constants import NODES
from zero_dce_keras.models.bilateral_dce.grid import (
    SliceGrid,
    apply_shared_curves,
    curve_disorder,
    node_shares,
    slice_grid,
)
from zero_dce_keras.models.bilateral_dce.grid_net import build_grid_net
from zero_dce_keras.models.bilateral_dce.noise import AdaptiveDenoisingFilter
from zero_dce_keras.models.image_model import ANY_SIZE, as_images, with_shape
from zero_dce_keras.models.miniature import Miniature
from zero_dce_keras.models.zero_dce import ZeroDCE


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class BilateralDCE(ZeroDCE):
    """Zero-DCE's curves from one look at the whole picture, small.

    A network looks at a miniature of the picture and gives the curves of a bilateral
    grid: low in resolution, with nodes along the brightness of a pixel, so that at full
    size they follow the picture's own edges. One curve a pixel serves its three channels,
    so that grey stays grey; 0 and 1 stay what they are. Nothing else changes the light:
    no gain, no tone curve, no gate.

    It learns without references, by the losses of `ZeroDCE`, or, with
    `reference_weight`, from pairs: the exposures of a scene and their fusion, for
    instance.

    Args:
        num_iterations: number of curve maps, and of times a curve is applied.
        filters: channels of the network's residual blocks.
        miniature_size: side of the square miniature, a multiple of 4.
        ratio_share: float in [0, 1], how much of the result keeps the ratios of the
            three channels, see `apply_shared_curves`.
        reference_weight: weight of the Charbonnier loss against references; 0 (default)
            for none. Batches must then be `(low_light, reference)`.
        ssim_weight: weight of 1 − SSIM beside it.
        order_weight: weight of a loss where the curves of a place would make something
            brighter darker than what was darker.
        node_smoothness_weight: weight of the mean squared difference between the curves
            of neighbouring nodes along the brightness.
        window: side in pixels of the square that the losses look at, drawn at random for
            each batch; `None` (default) for the whole images. The network sees these in
            any case.
        permute_channels: whether training gives the three channels another order for
            each batch, so that no colour stands for a brightness.
        denoising_filter: `{}` for an `AdaptiveDenoisingFilter` before the curves, but
            not while training; `None` (default) for none.
        **kwargs: what else `ZeroDCE` takes: `loss_weights`, `well_exposedness`, … but no
            `exposure_normalization`.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> import numpy as np
        >>> model = BilateralDCE(filters=8)
        >>> dark = np.random.default_rng(0).random((1, 33, 47, 3), dtype="float32") / 5
        >>> model(dark).shape == (1, 33, 47, 3)
        True

    Source: the curves of https://arxiv.org/abs/2001.06826, in the grid of Gharbi et al.,
    "Deep bilateral learning for real-time image enhancement", SIGGRAPH 2017.
    """

    size_arguments = ("num_iterations", "filters", "miniature_size")
    can_be_compiled = True
    can_be_tiled = False
    context = None

    def __init__(
        self,
        num_iterations=8,
        filters=40,
        miniature_size=64,
        ratio_share=0.5,
        reference_weight=0.0,
        ssim_weight=0.0,
        order_weight=1.0,
        node_smoothness_weight=0.0,
        window=None,
        permute_channels=False,
        denoising_filter=None,
        **kwargs,
    ):
        check_positive("num_iterations", num_iterations)
        check_positive("miniature_size", miniature_size)
        if miniature_size % 4:
            raise ValueError(
                f"miniature_size must be a multiple of 4. Received: {miniature_size}"
            )
        check_fraction("ratio_share", ratio_share)
        weights = {
            "charbonnier_loss": reference_weight,
            "ssim_loss": ssim_weight,
            "order_loss": order_weight,
            "node_smoothness_loss": node_smoothness_weight,
        }
        for name, weight in weights.items():
            check_not_negative(name.replace("_loss", "_weight"), weight)
        self._own_weights = {name: weight for name, weight in weights.items() if weight}
        self.miniature_size = miniature_size
        for name in ("exposure_normalization", "num_layers"):
            if kwargs.pop(name, None) is not None:
                raise ValueError(f"{name} is not for BilateralDCE")
        super().__init__(num_iterations, filters, num_layers=1, **kwargs)
        self.ratio_share = ratio_share
        self._shrink = with_shape(Miniature(miniature_size))
        self._slice = with_shape(
            SliceGrid(num_iterations), self.dce_model.output.shape, ANY_SIZE
        )
        self.window = window
        self.permute_channels = permute_channels
        self._seed = keras.random.SeedGenerator()
        for name in self._own_weights:
            self._trackers[name] = keras.metrics.Mean(name=name)
        if denoising_filter is not None:
            self.denoising_filter = with_shape(AdaptiveDenoisingFilter(dtype="float32"))

    def build_network(self):
        return build_grid_net(
            self.num_iterations,
            self.filters,
            self.miniature_size,
            kernel_initializer=self.kernel_initializer,
            dtype=self.dtype_policy,
        )

    def estimate(self, low_light, gains=None, denoise=True, training=None):
        low_light = as_images(low_light)
        step = self.current_step
        training = training if step is None else step.training
        grid = self.estimate_grid(low_light, training)
        # The filter has nothing to learn, and takes longer than all the rest.
        images = self.prepare(low_light, denoise=denoise and not training)
        if step is None or step.enhanced is not None:
            return images, self._slice(grid, images)
        step.grid = grid
        height, width = ops.shape(images)[1:3]
        shares = [node_shares(length, grid.shape[1]) for length in (height, width)]
        if training and self.window is not None:
            step.window = step.window or self._draw_window(height, width)
            images = self.judged_part(images)
            shares = [
                ops.slice(each, (start, 0), (self.window, grid.shape[1]))
                for each, start in zip(shares, step.window, strict=True)
            ]
        return images, slice_grid(grid, images, self.num_iterations, *shares)

    def estimate_grid(self, low_light, training=None):
        """Return the curves `(B, G, G, Z·n)` of whole images `(B, H, W, 3)`."""
        return self.dce_model(self._shrink(low_light), training=training)

    def curve_maps(self, images, training=None):
        grid = self.estimate_grid(images, training)
        return self._slice(grid, images)

    def get_enhanced_image(self, data, output, num_iterations=None):
        """Apply the curve maps `output` to the images `data`.

        Args:
            data: float tensor `(B, H, W, 3)` in [0, 1].
            output: float tensor `(B, H, W, n)` in [−1, 1], one map for three channels.
            num_iterations: how many times; the model's own number by default.

        Returns:
            float tensor `(B, H, W, 3)` in [0, 1].
        """
        if num_iterations is None:
            num_iterations = self.num_iterations
        return apply_shared_curves(data, output, num_iterations, self.ratio_share)

    def losses_and_output(self, low_light, reference, training):
        """Compute the weighted losses and the enhanced images, or their windows."""
        low_light = as_images(low_light)
        if reference is not None:
            reference = as_images(reference, "reference")
        elif {"charbonnier_loss", "ssim_loss"} & set(self._own_weights):
            raise ValueError(
                "reference_weight and ssim_weight need batches of (low_light, "
                "reference). Received: low_light alone"
            )
        if training and self.permute_channels:
            low_light, reference = self._permute(low_light, reference)
        return super().losses_and_output(low_light, reference, training)

    def compute_losses(self, data, output):
        batch_losses = super().compute_losses(data, output)
        enhanced, grid = self.enhanced_images(data, output), self._grid_of(data)
        for name, weight in self._own_weights.items():
            value = self._own_loss(name, grid, enhanced, self.batch_reference)
            batch_losses[name] = weight * ops.mean(value)
            batch_losses["total_loss"] += batch_losses[name]
        return batch_losses

    def loss_inputs(self, low_light, curve_maps, enhanced):
        # The curves of a grid are as smooth as it is.
        grid = self._grid_of(low_light)
        return super().loss_inputs(low_light, grid, enhanced)

    def _grid_of(self, images):
        step = self.current_step
        if step is not None and step.is_judged(images):
            return step.grid
        return self.estimate_grid(images)

    @property
    def batch_reference(self):
        reference = super().batch_reference
        return None if reference is None else self.judged_part(reference)

    def judged_part(self, images):
        step = self.current_step
        if step is None or step.window is None:
            return images
        start = (0, *step.window, 0)
        return ops.slice(
            images, start, (ops.shape(images)[0], self.window, self.window, 3)
        )

    def distance(self, taught, enhanced):
        return ops.mean(losses.charbonnier(taught, enhanced))

    def _permute(self, *pictures):
        """Give the channels of pictures, where there are any, another order."""
        order = keras.random.shuffle(ops.arange(3), seed=self._seed)
        return [
            None if picture is None else ops.take(as_images(picture), order, axis=-1)
            for picture in pictures
        ]

    def _draw_window(self, height, width):
        """Draw the row and the column at which the window of a batch begins."""
        return [
            keras.random.randint((), 0, length - self.window + 1, seed=self._seed)
            for length in (height, width)
        ]

    def _own_loss(self, name, grid, enhanced, reference):
        if name == "order_loss":
            return curve_disorder(grid, self.num_iterations)
        if name == "node_smoothness_loss":
            nodes = ops.split(grid, NODES, axis=-1)
            return ops.square(ops.stack(nodes[1:]) - ops.stack(nodes[:-1]))
        if name == "ssim_loss":
            return 1.0 - metrics.ssim(reference, enhanced)
        return losses.charbonnier(reference, enhanced)

    @property
    def used_losses(self):
        return [loss for loss in super().used_losses if self.loss_weights[loss.tracker]]

    def update_trackers(self, batch_losses, enhanced, reference=None):
        # The references of a training step are whole, what the losses see is a window.
        if reference is not None and reference.shape[1:3] != enhanced.shape[1:3]:
            reference = None
        return super().update_trackers(batch_losses, enhanced, reference)

    def torch_names(self):
        raise ValueError("BilateralDCE has no weights in PyTorch")

    @classmethod
    def torch_arguments(cls, shapes):
        return None

    @classmethod
    def layer_arguments(cls, kernels):
        return None

    @classmethod
    def recipe_arguments(cls, recipe):
        arguments = super().recipe_arguments(recipe)
        del arguments["num_layers"]
        return {
            **arguments,
            "reference_weight": recipe.reference_weight,
            "ssim_weight": recipe.ssim_weight,
            "order_weight": recipe.order_weight,
            "node_smoothness_weight": recipe.node_smoothness_weight,
            "ratio_share": recipe.ratio_share,
            "window": recipe.window,
            "permute_channels": recipe.permute_channels,
        }

    def get_config(self):
        config = super().get_config()
        del config["num_layers"], config["exposure_normalization"]
        return {
            **config,
            "miniature_size": self.miniature_size,
            "ratio_share": self.ratio_share,
            "reference_weight": self._own_weights.get("charbonnier_loss", 0.0),
            "ssim_weight": self._own_weights.get("ssim_loss", 0.0),
            "order_weight": self._own_weights.get("order_loss", 0.0),
            "node_smoothness_weight": self._own_weights.get(
                "node_smoothness_loss", 0.0
            ),
            "window": self.window,
            "permute_channels": self.permute_channels,
            "denoising_filter": None if self.denoising_filter is None else {},
        }
