"""Zero-DCE: a Keras model that learns to enhance without references."""

import functools

import keras
from keras import ops

from zero_dce_keras import losses
from zero_dce_keras.errors import check_choice, check_fraction, check_positive
from zero_dce_keras.models.curves import apply_curves
from zero_dce_keras.models.dce_net import build_dce_net
from zero_dce_keras.models.image_model import as_images
from zero_dce_keras.models.step import Step
from zero_dce_keras.models.zero_dce_files import ZeroDCEFiles


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ZeroDCE(ZeroDCEFiles):
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
        loss_weights: mapping from the names of loss trackers to floats. What it leaves
            out keeps its default: 1 `spatial_consistency_loss`, 10 `exposure_loss`,
            5 `color_constancy_loss`, 200 `illumination_smoothness_loss`, as in the
            official code. The others of `zero_dce_keras.losses.TRAINABLE_LOSSES` are 0
            unless given, such as `denoising_loss` and `total_variation_loss`, which let
            the curves learn to smooth noise, see `zero_dce_keras.losses.denoising`.
        exposure_patch_size: side in pixels of the patches of exposure control.
        loss_form: `"official"` (default), `"paper"`, `"notebook"` or `"keras_io"`: which
            published form of the losses to train with, see `zero_dce_keras.losses`.
        kernel_initializer: Keras initialiser of DCE-Net's kernels.
        exposure_normalization: dict of arguments of `ExposureNormalization`, which then
            brings every photograph to one brightness before DCE-Net sees it; `None`
            (default) for Zero-DCE as published.
        denoising_filter: dict of arguments of `DenoisingFilter`, through which every
            photograph then goes first; `None` (default) for none.
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
    has_curves = True

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
        exposure_normalization=None,
        denoising_filter=None,
        **kwargs,
    ):
        weights = losses.complete_loss_weights(loss_weights)
        check_choice("loss_form", loss_form, losses.LOSS_FORMS)
        check_positive("exposure_patch_size", exposure_patch_size)
        check_fraction("well_exposedness", well_exposedness)
        super().__init__(
            ("total_loss", *weights), exposure_normalization, denoising_filter, **kwargs
        )
        self.num_iterations = num_iterations
        self.filters = filters
        self.num_layers = num_layers
        self.well_exposedness = well_exposedness
        self.loss_weights = weights
        self._denoises = any("denoised" in loss.inputs for loss in self.used_losses)
        if self._denoises and denoising_filter is not None:
            raise ValueError(
                "denoising_loss and total_variation_loss compare neighbours whose noise "
                "is independent, which denoising_filter has mixed: use one or the other"
            )
        self.exposure_patch_size = exposure_patch_size
        self.loss_form = loss_form
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.dce_model = self.build_network()
        self._neighbor_seed = keras.random.SeedGenerator()
        self._teach = None
        self._features = None
        self.built = True  # by construction: DCE-Net knows its shapes

    @classmethod
    def recipe_arguments(cls, recipe):
        initializer = "glorot_uniform"
        if recipe.initial_stddev is not None:
            initializer = keras.initializers.RandomNormal(stddev=recipe.initial_stddev)
        return {
            **super().recipe_arguments(recipe),
            "num_iterations": recipe.num_iterations,
            "filters": recipe.filters,
            "num_layers": recipe.num_layers,
            "well_exposedness": recipe.well_exposedness,
            "loss_weights": {
                **{
                    loss.tracker: getattr(recipe, loss.weight_field)
                    for loss in losses.WEIGHTED_LOSSES
                },
                **{
                    losses.EXTRA_LOSSES[name].tracker: weight
                    for name, weight in (recipe.extra_losses or {}).items()
                },
            },
            "exposure_patch_size": recipe.exposure_patch_size,
            "loss_form": recipe.loss_form,
            "kernel_initializer": initializer,
        }

    def compile(self, *args, teacher=None, **kwargs):
        """Prepare the model for training.

        Args:
            *args: `optimizer` and so on, as of `ImageModel.compile`.
            teacher: another `ZeroDCE`, whose enhanced images this one shall give: their
                mean absolute difference is one more loss, `distillation_loss`. For a
                small model that shall stand in for a larger one; the teacher learns
                nothing, and is not saved with this model.
            **kwargs: what else `ImageModel.compile` takes.

        Raises:
            ValueError: if the teacher is not another `ZeroDCE`.
        """
        if teacher is self or not isinstance(teacher, (ZeroDCE, type(None))):
            raise ValueError(f"teacher must be another ZeroDCE. Received: {teacher!r}")
        super().compile(*args, **kwargs)
        self._teach = None
        self._trackers.pop("distillation_loss", None)
        if teacher is not None:
            # A function, so that its layers do not become layers of this model.
            self._teach = functools.partial(teacher.enhance, training=False)
            tracker = keras.metrics.Mean(name="distillation_loss")
            self._trackers["distillation_loss"] = tracker

    def build_network(self):
        """Build the network that estimates the curves, by the model's attributes."""
        return build_dce_net(
            self.num_iterations,
            self.filters,
            self.num_layers,
            kernel_initializer=self.kernel_initializer,
            dtype=self.dtype_policy,
        )

    def call(self, low_light, num_iterations=None, training=None):
        """Enhance images `(B, H, W, 3)` in [0, 1]; see `apply_curves`."""
        return self.enhance(low_light, num_iterations, training=training)

    def enhance(
        self,
        low_light,
        num_iterations=None,
        strength=None,
        gains=None,
        denoise=True,
        training=None,
    ):
        """Enhance images, with less strength if wanted, or a part of larger ones.

        Args:
            low_light: float tensor `(B, H, W, 3)` in [0, 1].
            num_iterations: how often to apply a curve; 0 is the identity. By default
                the model's own number.
            strength: float tensor `(B,)` in [0, 1] that scales the curves, and how far
                the exposure is normalised; 0 is the identity.
            gains: what `gains` says of the whole images, where these are parts of them.
            denoise: False leaves out the denoising filter, where the model has one.
            training: as in every Keras model.

        Returns:
            float tensor `(B, H, W, 3)` in [0, 1].
        """
        low_light = as_images(low_light)
        if num_iterations == 0:
            return low_light
        images, curve_maps = self.estimate(low_light, gains, denoise, training)
        if strength is not None:
            share = ops.reshape(strength, (-1, 1, 1, 1))
            images = low_light + share * (images - low_light)
            curve_maps = share * curve_maps
        if self.current_step is not None:
            self.current_step.estimated = images, curve_maps
        return self.get_enhanced_image(images, curve_maps, num_iterations)

    def estimate(self, low_light, gains=None, denoise=True, training=None):
        """Estimate the curves, and return them with the images they are applied to.

        Args:
            low_light, gains, denoise, training: as in `enhance`.

        Returns:
            The images after denoising filter and exposure normalisation, float tensor
            `(B, H, W, 3)` in [0, 1]; and their curve maps, `(B, H, W, 3·n)`.
        """
        images = self.prepare(low_light, gains, denoise)
        return images, self.curve_maps(images, training)

    def curve_maps(self, images, training=None):
        """Return the curve maps `(B, H, W, 3·n)` of prepared images `(B, H, W, 3)`."""
        return self.dce_model(images, training=training)

    def get_enhanced_image(self, data, output, num_iterations=None):
        """Apply the curve maps `output` to the images `data`.

        Args:
            data: float tensor `(B, H, W, 3)` in [0, 1], see `estimate`.
            output: float tensor `(B, H, W, 3·n)` in [−1, 1], from `dce_model`.
            num_iterations: 4 gives the image half-way; all n by default.

        Returns:
            float tensor `(B, H, W, 3)` in [0, 1].
        """
        return apply_curves(data, output, num_iterations)

    def compute_losses(self, data, output):
        """Compute the weighted losses of a batch; `fit` and `evaluate` train by it.

        A subclass may change them, or add some: docs/own_loss.md.

        Args:
            data: float tensor `(B, H, W, 3)` in [0, 1], see `estimate`.
            output: their curve maps, float tensor `(B, H, W, 3·n)` in [−1, 1].

        Returns:
            dict from tracker names to scalars; the others add up to `total_loss`.
        """
        enhanced = self.enhanced_images(data, output)
        inputs = self.loss_inputs(data, output, enhanced)
        weighted = {}
        for loss in self.used_losses:
            function = getattr(losses, loss.function)
            values = function(*(inputs[name] for name in loss.inputs))  # (B,)
            weighted[loss.tracker] = self.loss_weights[loss.tracker] * ops.mean(values)
        return {"total_loss": sum(weighted.values()), **weighted}

    def enhanced_images(self, data, output):
        """Return the images that losses judge: in a step those that `call` gave for it."""
        step = self.current_step
        if step is not None and step.is_judged(output):
            return step.enhanced
        return self.get_enhanced_image(data, output)

    @property
    def used_losses(self):
        """Rows of the losses that this model is trained with, of `TRAINABLE_LOSSES`."""
        return [
            loss
            for loss in losses.TRAINABLE_LOSSES
            if loss.tracker in self.loss_weights
        ]

    def loss_inputs(self, low_light, curve_maps, enhanced):
        """Return what losses may take, by the names in the `inputs` of their rows."""
        inputs = {
            "low_light": low_light,
            "curve_maps": curve_maps,
            "enhanced": enhanced,
            "form": self.loss_form,
            "well_exposedness": self.well_exposedness,
            "patch_size": self.exposure_patch_size,
        }
        if self._perceives:
            self._open_features()
            inputs["features"] = self._features
        if self._denoises:
            # Every other pixel, enhanced; its neighbour shows which noise is to go.
            noisy, neighbor = self.draw_neighbors(low_light)
            curve_maps = self.curve_maps(noisy, training=True)
            inputs["denoised"] = self.get_enhanced_image(noisy, curve_maps)
            inputs["neighbor"] = neighbor
        return inputs

    @property
    def _perceives(self):
        return any("features" in loss.inputs for loss in self.used_losses)

    def _open_features(self):
        """Open the network of the perception loss; before a graph is traced."""
        if self._perceives and self._features is None:
            # A function, so that its layers do not become layers of this model.
            self._features = functools.partial(
                losses.build_vgg_features(), training=False
            )

    def fit(self, *args, **kwargs):
        """Train, as `keras.Model.fit` does."""
        self._open_features()
        return super().fit(*args, **kwargs)

    def evaluate(self, *args, **kwargs):
        """Compute the losses and scores of data, as `keras.Model.evaluate` does."""
        self._open_features()
        return super().evaluate(*args, **kwargs)

    def draw_neighbors(self, images):
        """Draw two images of half the size, of neighbouring pixels at random."""
        batch, height, width = ops.shape(images)[:3]
        choices = keras.random.randint(
            (batch, height // 2, width // 2), 0, 8, seed=self._neighbor_seed
        )
        return losses.neighbors(images, choices)

    def losses_and_output(self, low_light, reference, training):
        """Compute weighted losses and enhanced images.

        By the public methods, so that a subclass may override each of them: `call`
        enhances, `compute_losses` judges what it gave.
        """
        with Step(self, reference, training) as step:
            enhanced = self(low_light, training=training)
            if step.estimated is None:  # a `call` that does not use `enhance`
                step.estimated = self.estimate(low_light, training=training)
                enhanced = self.judged_part(enhanced)
            step.enhanced = enhanced
            batch_losses = self.compute_losses(*step.estimated)
            if self._teach is not None:
                taught = self.judged_part(ops.stop_gradient(self._teach(low_light)))
                distillation = self.distance(taught, enhanced)
                batch_losses["total_loss"] += distillation
                batch_losses["distillation_loss"] = distillation
        return batch_losses, enhanced

    def judged_part(self, images):
        """Return the part of whole images that this step's losses look at: all here."""
        return images

    def distance(self, taught, enhanced):
        """Return how far the enhanced images are from those of a teacher; a scalar."""
        return ops.mean(ops.abs(enhanced - taught))

    @property
    def num_maps(self):
        """How many curve maps the model estimates."""
        return self.num_iterations

    @property
    def context(self):
        """How far the model sees in each direction, in pixels."""
        return self.num_layers + self._filter_context

    @property
    def _filter_context(self):
        return 0 if self.denoising_filter is None else self.denoising_filter.context

    @property
    def network(self):
        """The Keras model of all the weights, which `.weights.h5` files hold."""
        return self.dce_model

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
