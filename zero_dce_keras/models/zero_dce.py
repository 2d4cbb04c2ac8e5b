"""Zero-DCE: a Keras model that learns to enhance without references."""

import keras
from keras import ops

from zero_dce_keras import losses, metrics
from zero_dce_keras.models.curves import apply_curves
from zero_dce_keras.models.dce_net import build_dce_net
from zero_dce_keras.models.l2_adam import L2Adam
from zero_dce_keras.models.presets import PresetMixin
from zero_dce_keras.models.trainers import Trainer

# The weights of the official code; the paper writes 0.5 for colour and 20 for
# smoothness, under sums that are normalised differently.
DEFAULT_LOSS_WEIGHTS = {
    "spatial_consistency_loss": 1.0,
    "exposure_loss": 10.0,
    "color_constancy_loss": 5.0,
    "illumination_smoothness_loss": 200.0,
}
REFERENCE_METRICS = {
    "mse": metrics.mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "psnr": metrics.psnr,
    "ssim": metrics.ssim,
}


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ZeroDCE(PresetMixin, Trainer):
    """Zero-reference deep curve estimation.

    DCE-Net estimates a tone curve for every pixel and channel; the curves are applied
    `num_iterations` times; four losses judge the result without a reference. With
    `(low_light, reference)` batches, the references feed metrics only, never the
    gradient.

    Args:
        num_iterations: number of curve maps, and of times a curve is applied.
        filters: channels of DCE-Net's hidden layers.
        num_layers: number of DCE-Net's convolutions; odd.
        well_exposedness: the brightness E in [0, 1] that exposure control asks of every
            patch of the enhanced image; 0.6 in the paper.
        loss_weights: mapping from the names of the four loss trackers to floats. What
            it leaves out keeps its default: 1 `spatial_consistency_loss`,
            10 `exposure_loss`, 5 `color_constancy_loss`,
            200 `illumination_smoothness_loss`, as in the official code.
        exposure_patch_size: side in pixels of the patches of exposure control.
        loss_form: `"official"` (default), `"paper"` or `"notebook"`: which published
            form of the losses to train with, see `zero_dce_keras.losses`.
        kernel_initializer: Keras initialiser of DCE-Net's kernels.
        **kwargs: `name` and `dtype`, as for every `keras.Model`.

    Raises:
        ValueError: if an argument is out of its range or `loss_weights` has an unknown
            name.

    Example:

    >>> import numpy as np
    >>> model = ZeroDCE(filters=4, num_layers=3)
    >>> model.compile(learning_rate=1e-4)
    >>> dark = np.random.default_rng(0).random((2, 32, 48, 3), dtype="float32") / 5
    >>> history = model.fit(dark, batch_size=2, verbose=0)
    >>> model(dark).shape == (2, 32, 48, 3)
    True

    Source: https://arxiv.org/abs/2001.06826 (CVPR 2020).
    """

    size_arguments = ("num_iterations", "filters", "num_layers")

    def __init__(
        self,
        num_iterations=8,
        filters=32,
        num_layers=7,
        well_exposedness=0.6,
        loss_weights=None,
        exposure_patch_size=16,
        loss_form="official",
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        # Images stay float32 under a mixed precision policy; DCE-Net casts its own.
        super().__init__(autocast=False, **kwargs)
        if not 0 <= well_exposedness <= 1:
            raise ValueError(
                f"well_exposedness must be in [0, 1]. Received: {well_exposedness}"
            )
        unknown = sorted(set(loss_weights or {}) - set(DEFAULT_LOSS_WEIGHTS))
        if unknown:
            raise ValueError(
                f"loss_weights must be named after {sorted(DEFAULT_LOSS_WEIGHTS)}. "
                f"Received: {unknown}"
            )
        losses.check_form(loss_form)
        self.num_iterations = num_iterations
        self.filters = filters
        self.num_layers = num_layers
        self.well_exposedness = well_exposedness
        self.loss_weights = {**DEFAULT_LOSS_WEIGHTS, **(loss_weights or {})}
        self.exposure_patch_size = exposure_patch_size
        self.loss_form = loss_form
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.dce_model = build_dce_net(
            num_iterations,
            filters,
            num_layers,
            kernel_initializer=self.kernel_initializer,
            dtype=self.dtype_policy,
        )
        self._trackers = {
            name: keras.metrics.Mean(name=name)
            for name in ("total_loss", *DEFAULT_LOSS_WEIGHTS, *REFERENCE_METRICS)
        }
        self.built = True  # by construction: DCE-Net knows its shapes

    def compile(
        self,
        optimizer=None,
        learning_rate=None,
        global_clipnorm=None,
        weight_decay=None,
        l2=None,
        **kwargs,
    ):
        """Prepare the model for training.

        Args:
            optimizer: a Keras optimizer or its name. By default Adam, made from the
                four arguments below.
            learning_rate: float or a Keras learning rate schedule; 1e-4 by default.
            global_clipnorm: gradients whose global norm is larger are scaled to it.
            weight_decay: decoupled weight decay (AdamW's).
            l2: coupled weight decay, `l2 · weight` added to the gradient *after*
                clipping: what PyTorch's `Adam(weight_decay=…)` does in the official
                code.
            **kwargs: what else `keras.Model.compile` takes, `jit_compile` say.

        Raises:
            ValueError: if an optimizer comes with arguments for another one.
        """
        options = (learning_rate, global_clipnorm, weight_decay, l2)
        if optimizer is not None and any(option is not None for option in options):
            raise ValueError(
                "learning_rate, global_clipnorm, weight_decay and l2 make an optimizer: "
                f"give them, or an optimizer. Received: {optimizer!r} and {options}"
            )
        if optimizer is None:
            optimizer = L2Adam(
                1e-4 if learning_rate is None else learning_rate,
                l2=l2,
                max_gradient_norm=global_clipnorm,
                weight_decay=weight_decay,
            )
        super().compile(optimizer=optimizer, **kwargs)
        # Now, so that a model saved before its first step reloads without a warning.
        self.optimizer.build(self.trainable_variables)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def call(self, low_light, num_iterations=None, training=None):
        """Enhance images `(B, H, W, 3)` in [0, 1]; see `apply_curves`."""
        low_light = _as_images(low_light)
        curve_maps = self.curve_maps(low_light, training)
        return self.get_enhanced_image(low_light, curve_maps, num_iterations)

    def curve_maps(self, low_light, training=None):
        """The curve maps `(B, H, W, 3·n)` of images `(B, H, W, 3)`, at full size."""
        return self.dce_model(low_light, training=training)

    def get_enhanced_image(self, data, output, num_iterations=None):
        """Apply the curve maps `output` to the images `data`.

        Args:
            data: float tensor `(B, H, W, 3)` in [0, 1].
            output: float tensor `(B, H, W, 3·n)` in [−1, 1], from `dce_model`.
            num_iterations: 4 gives the image half-way; all n by default.

        Returns:
            float tensor `(B, H, W, 3)` in [0, 1].
        """
        return apply_curves(data, output, num_iterations)

    def compute_losses(self, data, output):
        """Weighted losses of a batch.

        Args:
            data: low-light images, float tensor `(B, H, W, 3)` in [0, 1].
            output: their curve maps, float tensor `(B, H, W, 3·n)` in [−1, 1].

        Returns:
            dict from tracker names to scalars; the four losses add up to `total_loss`.
        """
        return self._compute_losses(data, output, self.get_enhanced_image(data, output))

    def _compute_losses(self, low_light, curve_maps, enhanced):
        form = self.loss_form
        per_image = {
            "spatial_consistency_loss": losses.spatial_consistency(
                low_light, enhanced, form
            ),
            "exposure_loss": losses.exposure_control(
                enhanced, self.well_exposedness, self.exposure_patch_size, form
            ),
            "color_constancy_loss": losses.color_constancy(enhanced, form),
            "illumination_smoothness_loss": losses.illumination_smoothness(
                curve_maps, form
            ),
        }
        weighted = {
            name: self.loss_weights[name] * ops.mean(value)
            for name, value in per_image.items()
        }
        return {"total_loss": sum(weighted.values()), **weighted}

    def losses_and_output(self, low_light, reference, training):
        """One pass through the network: weighted losses, and the enhanced images.

        The reference is not looked at.
        """
        low_light = _as_images(low_light)
        curve_maps = self.curve_maps(low_light, training)
        enhanced = self.get_enhanced_image(low_light, curve_maps)
        return self._compute_losses(low_light, curve_maps, enhanced), enhanced

    @property
    def metrics(self):
        return list(self._trackers.values())

    def update_trackers(self, batch_losses, enhanced, reference=None):
        """Add a batch to the trackers; return the results of those it concerns."""
        batch_size = ops.shape(enhanced)[0]
        values = dict(batch_losses)
        if reference is not None:
            for name, metric in REFERENCE_METRICS.items():
                values[name] = metric(reference, enhanced)  # (B,)
        for name, value in values.items():
            per_image = ops.broadcast_to(value, (batch_size,))
            self._trackers[name].update_state(per_image)
        return {name: self._trackers[name].result() for name in values}

    @property
    def network(self):
        """What holds all weights, by the name that every model has for it."""
        return self.dce_model

    def save_weights(self, filepath, overwrite=True):
        """Save DCE-Net's weights alone, as `.weights.h5`."""
        self.dce_model.save_weights(filepath, overwrite=overwrite)

    def load_weights(self, filepath, skip_mismatch=False, **kwargs):
        """Load DCE-Net's weights from a `.weights.h5` file."""
        self.dce_model.load_weights(filepath, skip_mismatch=skip_mismatch, **kwargs)

    def get_config(self):
        return {
            **super().get_config(),
            "num_iterations": self.num_iterations,
            "filters": self.filters,
            "num_layers": self.num_layers,
            "well_exposedness": self.well_exposedness,
            "loss_weights": dict(self.loss_weights),
            "exposure_patch_size": self.exposure_patch_size,
            "loss_form": self.loss_form,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def _as_images(images):
    """Images as float32, whatever float type they came in."""
    images = ops.convert_to_tensor(images)
    dtype = keras.backend.standardize_dtype(images.dtype)
    if not keras.backend.is_float_dtype(dtype):
        raise ValueError(f"low_light must be float, in [0, 1]. Received: {dtype}")
    return ops.cast(images, "float32")
