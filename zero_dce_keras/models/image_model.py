"""The contract of the models, and what they have in common."""

import keras
from keras import ops

from zero_dce_keras import metrics
from zero_dce_keras.models.denoising_filter import DenoisingFilter
from zero_dce_keras.models.exposure_normalization import (
    NUM_GAINS,
    ExposureNormalization,
    without_adaptive_tone,
)
from zero_dce_keras.models.fitting import Fitting
from zero_dce_keras.models.load import load_model
from zero_dce_keras.models.preset_mixin import PresetMixin
from zero_dce_keras.models.trainers import Trainer

REFERENCE_METRICS = {
    "mse": metrics.mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "psnr": metrics.psnr,
    "ssim": metrics.ssim,
}
# Metered brightnesses between which exposure normalisation fades out. Of LOL's dark
# photographs 95 % are metered below .25, of their references 75 % above .5.
WELL_EXPOSED = (0.25, 0.5)
ANY_SIZE = (None, None, None, 3)  # of images


class ImageModel(PresetMixin, Fitting, Trainer):
    """Base of all models: a `keras.Model` around one network, in any size of image.

    It has trackers, a default optimizer, weights files and presets, a denoising filter
    and exposure normalisation before the network where they are asked for, and the
    training step of the Keras backend.

    A subclass must give

    - `network`: the Keras model that holds all weights, and nothing but them; the
      constructor sets it, and `built = True`. Its layers are given names: by these a
      run's state knows their weights.
    - `call(low_light, training=None)`: float32 images `(B, H, W, 3)` in [0, 1], enhanced,
      of images `(B, H, W, 3)` in [0, 1]. It begins with `normalize`.
    - `losses_and_output(low_light, reference, training)`: `(losses, enhanced)` of a
      batch, within a `Step`, by the methods that a subclass may override: `call`, whose
      result is judged and given, and `compute_losses`. The reference is `None` where
      there is none. A model that learns from pairs gets `(images, gains)` as
      `low_light`, here and in `call`, where its recipe crops and normalises the
      exposure: `normalize` takes both.
    - `compute_losses(data, output)`: a dict from names to scalars, weighted, so that they
      add up to the first one, `total_loss`; the trainer adds those of `add_loss` and of
      regularisers. References are in `batch_reference`.
    - `get_config()`: the arguments of the constructor, added to those of this class.
    - `size_arguments`: names of the arguments, and attributes, that decide the shapes
      of the weights.

    and a line in `zero_dce_keras.models.registry`. It overrides, where it differs,

    - `enhance(low_light, …, gains=None, denoise=True)`: as `call`, not for training, of
      images or, with the gains of the whole ones, of parts; `denoise=False` leaves out
      the filter.
    - `has_curves`: whether it estimates curves. It then has `estimate`, `curve_maps`,
      `get_enhanced_image`, `num_maps`, `num_iterations`, and `enhance` takes
      `num_iterations` and `strength`, all as those of `ZeroDCE`.
    - `can_be_compiled`: whether there is a form of it without Keras, which an `Enhancer`
      takes.
    - `can_be_tiled`: False where it looks at the whole image and gives no way to enhance
      parts of one.
    - `num_gains`, `gains(images)` and `gains_of_cells(cells)`: how many numbers an image's
      parts must be told of the whole, and these numbers, from a miniature of it.
    - `context`: how many pixels around it a pixel depends on; `None` for the whole
      image, or for what is not known.
    - `grid`: parts of an image begin at multiples of this many pixels.
    - `default_learning_rate`: that of `compile`.
    - `recipe_arguments(recipe)`: the arguments of the constructor that a recipe gives,
      added to those of this class; `from_recipe` uses them.
    - `torch_names()`, `torch_arguments(shapes)`, `layer_arguments(kernels)` and
      `least_parameters(**arguments)`: how `load_model` recognises files that say nothing
      of this package. Without them it opens files of this package only.

    Args:
        loss_names: names of the losses, `total_loss` first; each gets a tracker.
        exposure_normalization, denoising_filter: dicts of arguments of
            `ExposureNormalization` and `DenoisingFilter`, or `None` for none.
        **kwargs: `name` and `dtype`, as for every `keras.Model`.
    """

    size_arguments: tuple[str, ...] = ()
    has_curves = False
    can_be_compiled = False
    can_be_tiled = True
    context = None
    grid = 1

    @classmethod
    def from_preset(cls, name):
        """Open a preset, or anything else that `load_model` opens, of this class.

        Args:
            name: one of `list_presets()`, or a directory that `save_to_preset` wrote.

        Returns:
            The model, with its weights.

        Raises:
            ValueError: there is no such preset, or it holds another kind of model.
        """
        model = load_model(name)
        if not isinstance(model, cls):
            raise ValueError(
                f"preset must hold a {cls.__name__}. "
                f"Received: {str(name)!r}, a {type(model).__name__}"
            )
        return model

    @classmethod
    def from_recipe(cls, recipe, dtype):
        """Make the model that a recipe describes; it is not compiled.

        Args:
            recipe: a `zero_dce_keras.training.Recipe`.
            dtype: dtype policy of the model.
        """
        return cls(**cls.recipe_arguments(recipe), dtype=dtype)

    @classmethod
    def recipe_arguments(cls, recipe):
        """Return the arguments of the constructor that a recipe gives, as a dict."""
        normalization = None
        if recipe.normalize_exposure:
            well_exposed = WELL_EXPOSED if recipe.leave_well_exposed else None
            normalization = {"well_exposed": well_exposed}
        return {
            "exposure_normalization": normalization,
            "denoising_filter": {} if recipe.denoising_filter else None,
        }

    @classmethod
    def from_config(cls, config):
        """Rebuild a model; layers that were frozen by hand are frozen again."""
        arguments = {k: v for k, v in config.items() if k != "frozen_layers"}
        model = super().from_config(arguments)
        layers = list(model.network._flatten_layers())
        for number in config.get("frozen_layers", ()):
            layers[number].trainable = False
        return model

    def __init__(
        self, loss_names, exposure_normalization=None, denoising_filter=None, **kwargs
    ):
        # Images stay float32 under a mixed precision policy; the network casts its own.
        super().__init__(autocast=False, **kwargs)
        # What `build` would note for summaries and converters. It would also lock the
        # model against the layers and trackers of a subclass.
        self._build_shapes_dict = {"input_shape": ANY_SIZE}
        self.current_step = None  # a `Step`
        # Not class attributes: on PyTorch they would hide the layers.
        self.exposure_normalization = None  # its statistics are of whole images
        if exposure_normalization is not None:
            arguments = without_adaptive_tone(exposure_normalization)
            self.exposure_normalization = with_shape(
                ExposureNormalization(**arguments, dtype="float32")
            )
        self.denoising_filter = None
        if denoising_filter is not None:
            self.denoising_filter = with_shape(
                DenoisingFilter(**denoising_filter, dtype="float32")
            )
        self._trackers = {
            name: keras.metrics.Mean(name=name)
            for name in (*loss_names, *REFERENCE_METRICS)
        }

    def get_build_config(self):
        return None  # the constructor builds

    def compute_output_shape(self, input_shape):
        """Return the shape of the enhanced images, which is that of the images."""
        return tuple(input_shape)

    def export(self, filepath, *args, input_signature=None, **kwargs):
        """Export the model for inference, as `keras.Model.export` does.

        Args:
            filepath: path of the artifact.
            *args, **kwargs: what else it takes: `format`, for instance.
            input_signature: by default that of float32 images `(B, H, W, 3)` in [0, 1]
                of any number and size, as far as the backend and the format can.
        """
        if input_signature is None:
            input_signature = [keras.InputSpec(shape=ANY_SIZE, dtype="float32")]
        super().export(filepath, *args, input_signature=input_signature, **kwargs)

    def torch_names(self):
        """Name the weights as PyTorch code does, see `load_torch_checkpoint`.

        Returns:
            list of `(name, variable, kind)`.
        """
        raise ValueError(f"{type(self).__name__} has no weights in PyTorch")

    @classmethod
    def torch_arguments(cls, shapes):
        """Return the arguments of the model that a PyTorch state dict is for.

        Args:
            shapes: dict from names to shapes, those of the state dict.

        Returns:
            dict; `None` for the state dict of another model.
        """

    @classmethod
    def layer_arguments(cls, kernels):
        """Return the arguments of the model that a network's weights file is for.

        Args:
            kernels: dict from kinds of layers, `"conv2d"` for instance, to lists of the
                shapes of their kernels, in the order of the layers.

        Returns:
            dict; `None` for the weights of another model.
        """

    @classmethod
    def least_parameters(cls, **arguments):
        """Return a number of parameters that a model of this size does not fall below.

        It is computed before the model is built, from what `torch_arguments` or
        `layer_arguments` gave, so that a small file cannot ask for a huge model.
        """
        return 0

    @property
    def can_denoise(self):
        """Whether there is a denoising filter, which `denoise=False` leaves out."""
        return self.denoising_filter is not None

    @property
    def num_gains(self):
        """How many numbers `gains` has for an image; 0 where it has none."""
        return 0 if self.exposure_normalization is None else NUM_GAINS

    def gains(self, low_light):
        """Measure what the model must know of whole images to enhance parts of them.

        Returns:
            float tensor `(B, 1, 1, num_gains)`, see `ExposureNormalization.gains`;
            `None` where the model needs nothing of the whole.
        """
        if self.exposure_normalization is None:
            return None
        return self.exposure_normalization.gains(low_light)

    def gains_of_cells(self, cells):
        """Compute `gains` of images from their `MeteringCells`, `(B, h, w, 3)`."""
        if self.exposure_normalization is None:
            return None
        return self.exposure_normalization.gains_of_cells(cells)

    def prepare(self, low_light, gains=None, denoise=True):
        """Filter the noise and normalise the exposure, where the model does.

        Args:
            low_light: float tensor `(B, H, W, 3)` in [0, 1].
            gains: what `gains` says of the whole images, where these are parts of them.
            denoise: False leaves out the denoising filter.

        Returns:
            float32 tensor `(B, H, W, 3)` in [0, 1], what the network looks at.
        """
        images = low_light = as_images(low_light)
        if gains is None:
            gains = self.gains(low_light)
        if denoise and self.denoising_filter is not None:
            images = self.denoising_filter(images)
        if self.exposure_normalization is None:
            return images
        return self.exposure_normalization.apply_gains(images, gains, low_light)

    def normalize(self, low_light):
        """Prepare what a batch has: images, or parts of images with the gains of these.

        Args:
            low_light: float tensor `(B, H, W, 3)` in [0, 1]; or a tuple of it and of
                `(B, 1, 1, num_gains)`, what `gains` says of the whole images.

        Returns:
            float32 tensor `(B, H, W, 3)` in [0, 1], see `prepare`.
        """
        if isinstance(low_light, (tuple, list)):
            return self.prepare(*low_light)
        return self.prepare(low_light)

    def enhance(self, low_light, denoise=True):
        """Enhance images `(B, H, W, 3)` in [0, 1].

        Args:
            low_light: the images.
            denoise: False leaves out the denoising filter; a subclass that has one says
                how.
        """
        if self.can_denoise and not denoise:
            raise NotImplementedError(f"{type(self).__name__}.enhance without a filter")
        return self(low_light, training=False)

    def get_config(self):
        normalization, filtering = self.exposure_normalization, self.denoising_filter
        layers = self.network._flatten_layers()
        frozen = [n for n, layer in enumerate(layers) if not layer.trainable]
        return {
            **super().get_config(),
            **({"frozen_layers": frozen} if frozen else {}),
            "exposure_normalization": normalization and normalization.arguments,
            "denoising_filter": filtering and {"ranges": filtering.ranges},
        }

    @property
    def metrics(self):
        return list(self._trackers.values())

    @property
    def batch_reference(self):
        """The references of the batch that `compute_losses` judges, as it is to see them.

        Float tensor `(B, H, W, 3)`; `None` where there are none, and outside of a step.
        """
        return None if self.current_step is None else self.current_step.reference

    def add_tracker(self, name):
        """Track one more loss: a scalar that `compute_losses` gives by this name.

        To be called in the constructor, after that of this class.

        Args:
            name: str, the key in the logs of `fit` and `evaluate`.

        Raises:
            ValueError: if there is such a tracker already.
        """
        if name in self._trackers:
            raise ValueError(f"name must be a new one. Received: {name!r}")
        self._trackers[name] = keras.metrics.Mean(name=name)

    def update_trackers(self, batch_losses, enhanced, reference=None):
        """Add a batch to the trackers; return the results of those it concerns."""
        batch_size = ops.shape(enhanced)[0]
        values = dict(batch_losses)
        if reference is not None:
            for name, metric in REFERENCE_METRICS.items():
                values[name] = metric(reference, enhanced)  # (B,)
        if unknown := values.keys() - self._trackers.keys():
            raise ValueError(
                "losses must have trackers: call add_tracker(name) in the constructor. "
                f"Received: {sorted(unknown)}"
            )
        for name, value in values.items():
            per_image = ops.broadcast_to(value, (batch_size,))
            self._trackers[name].update_state(per_image)
        return {name: self._trackers[name].result() for name in values}


def with_shape(layer, *input_shapes):
    """Return a layer whose output shape `summary` knows before the first call.

    Not for a model: in a functional model that is saved, Keras would mistake this for
    its first use there.

    Args:
        layer: a Keras layer with `compute_output_shape`; nothing of it is run.
        *input_shapes: those of its inputs; by default images of any size.
    """
    layer(*(keras.Input(batch_shape=shape) for shape in input_shapes or [ANY_SIZE]))
    return layer


def as_images(images, name="low_light"):
    """Return images as float32, whatever float type they came in."""
    images = ops.convert_to_tensor(images)
    dtype = keras.backend.standardize_dtype(images.dtype)
    if not keras.backend.is_float_dtype(dtype):
        raise ValueError(f"{name} must be float, in [0, 1]. Received: {dtype}")
    return ops.cast(images, "float32")
