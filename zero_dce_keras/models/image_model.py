"""What models that turn images into images have in common."""

import keras
from keras import ops

from zero_dce_keras import metrics
from zero_dce_keras.models.denoising_filter import DenoisingFilter
from zero_dce_keras.models.exposure_normalization import ExposureNormalization
from zero_dce_keras.models.l2_adam import L2Adam
from zero_dce_keras.models.presets import PresetMixin
from zero_dce_keras.models.trainers import Trainer

REFERENCE_METRICS = {
    "mse": metrics.mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "psnr": metrics.psnr,
    "ssim": metrics.ssim,
}


class ImageModel(PresetMixin, Trainer):
    """A `keras.Model` around one network, with trackers, an optimizer and presets.

    A subclass gives `call` and `losses_and_output`, and sets `network`, which holds all
    weights.

    Args:
        loss_names: names of the losses, `total_loss` first.
        exposure_normalization, denoising_filter: dicts of arguments of
            `ExposureNormalization` and `DenoisingFilter`, or `None` for none.
        **kwargs: `name` and `dtype`, as for every `keras.Model`.
    """

    has_curves = False  # whether `enhance` takes iterations and strength
    context = None  # pixels around it that a pixel depends on; None: the whole image
    grid = 1  # parts of an image begin at multiples of this many pixels
    default_learning_rate = 1e-4

    def __init__(
        self, loss_names, exposure_normalization=None, denoising_filter=None, **kwargs
    ):
        # Images stay float32 under a mixed precision policy; the network casts its own.
        super().__init__(autocast=False, **kwargs)
        # Not class attributes: on PyTorch they would hide the layers.
        self.exposure_normalization = None  # its statistics are of whole images
        if exposure_normalization is not None:
            self.exposure_normalization = ExposureNormalization(
                **exposure_normalization, dtype="float32"
            )
        self.denoising_filter = None
        if denoising_filter is not None:
            self.denoising_filter = DenoisingFilter(**denoising_filter, dtype="float32")
        self._trackers = {
            name: keras.metrics.Mean(name=name)
            for name in (*loss_names, *REFERENCE_METRICS)
        }

    can_be_fast = False  # whether the fast path can take the model's weights

    @property
    def can_denoise(self):
        """Whether there is a denoising filter, which `denoise=False` leaves out."""
        return self.denoising_filter is not None

    def gains(self, low_light):
        """What the model must know of whole images to enhance parts of them.

        Returns:
            float tensor `(B, 1, 1, 8)`, see `ExposureNormalization.gains`; `None` where
            the model does not normalise the exposure.
        """
        if self.exposure_normalization is None:
            return None
        return self.exposure_normalization.gains(low_light)

    def prepare(self, low_light, gains=None, denoise=True):
        """Images after the denoising filter and exposure normalisation, where there are.

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

    def enhance(self, low_light, denoise=True):
        """Enhanced images `(B, H, W, 3)` of images `(B, H, W, 3)` in [0, 1].

        Args:
            low_light: the images.
            denoise: False leaves out the denoising filter; a subclass that has one says
                how.
        """
        if self.can_denoise and not denoise:
            raise NotImplementedError(f"{type(self).__name__}.enhance without a filter")
        return self(low_light, training=False)

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
            learning_rate: float or a Keras learning rate schedule; by default 1e-4,
                for MIRNet 2e-4.
            global_clipnorm: gradients whose global norm is larger are scaled to it.
            weight_decay: decoupled weight decay (AdamW's).
            l2: coupled weight decay, added to the gradient after clipping.
            **kwargs: what else `keras.Model.compile` takes, `jit_compile` say; but no
                losses and metrics, which the models have of their own.

        Raises:
            ValueError: if an optimizer comes with arguments for another one, or if
                there are losses or metrics.
        """
        for name in ("loss", "loss_weights", "metrics", "weighted_metrics"):
            if kwargs.get(name) is not None:
                raise ValueError(
                    f"{name} would not be used: {type(self).__name__} computes its own "
                    "losses and metrics, see the arguments of its constructor. "
                    f"Received: {kwargs[name]!r}"
                )
        options = (learning_rate, global_clipnorm, weight_decay, l2)
        if optimizer is not None and any(option is not None for option in options):
            raise ValueError(
                "learning_rate, global_clipnorm, weight_decay and l2 make an optimizer: "
                f"give them, or an optimizer. Received: {optimizer!r} and {options}"
            )
        if optimizer is None:
            if learning_rate is None:
                learning_rate = self.default_learning_rate
            optimizer = L2Adam(
                learning_rate,
                l2=l2,
                max_gradient_norm=global_clipnorm,
                weight_decay=weight_decay,
            )
        super().compile(optimizer=optimizer, **kwargs)
        # Now, so that a model saved before its first step reloads without a warning.
        self.optimizer.build(self.trainable_variables)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def get_config(self):
        normalization, filtering = self.exposure_normalization, self.denoising_filter
        return {
            **super().get_config(),
            "exposure_normalization": normalization and normalization.arguments,
            "denoising_filter": filtering and {"ranges": filtering.ranges},
        }

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


def as_images(images, name="low_light"):
    """Images as float32, whatever float type they came in."""
    images = ops.convert_to_tensor(images)
    dtype = keras.backend.standardize_dtype(images.dtype)
    if not keras.backend.is_float_dtype(dtype):
        raise ValueError(f"{name} must be float, in [0, 1]. Received: {dtype}")
    return ops.cast(images, "float32")
