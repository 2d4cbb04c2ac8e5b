"""Enhancing photographs: give a type, get the type."""

from pathlib import Path

import keras
import numpy as np
from PIL import Image

from zero_dce_keras.devices import is_out_of_memory
from zero_dce_keras.images import (
    read_image,
    read_photograph,
    to_float,
    to_uint8,
    upright_rgb,
    write_photograph,
)
from zero_dce_keras.inference.photographs import enhance_photograph
from zero_dce_keras.models import open_model


class Enhancer:
    """A trained model that takes photographs as they come.

    Args:
        model: a `ZeroDCE`, or another model of the package. One without curves
            (`curve_maps`), such as `MIRNet`, takes neither iterations nor strength.

    Example:

    >>> import numpy as np
    >>> enhancer = Enhancer.from_preset("zero_dce_lol")
    >>> dark = np.full((32, 48, 3), 20, dtype="uint8")
    >>> bright = enhancer(dark)
    >>> bright.shape, bright.dtype.name, bool(bright.mean() > 60)
    ((32, 48, 3), 'uint8', True)
    """

    def __init__(self, model):
        self.model = model
        self._compiled = {}  # by (iterations, denoise)

    @classmethod
    def from_preset(cls, name):
        """The enhancer of a preset, or of anything else that `--weights` takes."""
        return cls(open_model(name))

    @property
    def has_curves(self):
        """Whether the model enhances by curves, which can be scaled and repeated."""
        return hasattr(self.model, "curve_maps")

    def __call__(self, image, iterations=None, strength=1.0, denoise=None):
        """Enhance one image or a batch.

        Args:
            image: an array `(H, W, 3)` or `(B, H, W, 3)`, uint8, uint16, or float in
                [0, 1]; a PIL image; or the path of a photograph.
            iterations: how many times to apply a curve; 0 is the identity, the model's
                own number the default.
            strength: float in [0, 1] that scales the curves; 0 is the identity.
            denoise: False leaves out the denoiser of a model that has one; True fails
                for a model that has none. By default, what there is.

        Returns:
            An array of the same shape and dtype; an RGB PIL image for a PIL image or a
            path.

        Raises:
            ValueError: if the array has another shape or dtype, or an argument is out
                of its range.
            MemoryError: if the images are too large for the device.
        """
        if not self.has_curves and (iterations is not None or strength != 1):
            raise ValueError(
                f"iterations and strength are for curves: {type(self.model).__name__} "
                f"has none. Received: {iterations} and {strength}"
            )
        if not 0 <= strength <= 1:
            raise ValueError(f"strength must be in [0, 1]. Received: {strength}")
        if isinstance(image, (str, Path)):
            return Image.fromarray(
                self(read_image(image), iterations, strength, denoise)
            )
        if isinstance(image, Image.Image):
            return Image.fromarray(
                self(upright_rgb(image), iterations, strength, denoise)
            )
        if denoise and not self.model.can_denoise:
            raise ValueError(
                "denoise needs a model with a denoiser: zero_dce_lol_denoise"
            )
        _check_array(image)
        single = image.ndim == 3
        batch = to_float(image[None] if single else image)  # (B, H, W, 3)
        enhanced = self._enhance(batch, iterations, strength, denoise is not False)
        enhanced = _like(enhanced, image.dtype)
        return enhanced[0] if single else enhanced

    def enhance_file(
        self, source, target, iterations=None, strength=1.0, denoise=None, **options
    ):
        """Read a photograph, enhance it, write it with its metadata, in its depth.

        `target` is written whole or not at all. Returns a list of str: what could not
        be kept as it was.
        """
        if Path(source).resolve() == Path(target).resolve():
            raise ValueError(f"{target}: the input would be overwritten")
        options |= {"iterations": iterations, "strength": strength, "denoise": denoise}
        photograph = read_photograph(source)
        enhanced = enhance_photograph(self, photograph, **options)
        return [*photograph.notes, *write_photograph(target, enhanced)]

    def _enhance(self, images, iterations, strength, denoise):
        if iterations == 0:
            return images
        key = iterations, denoise and self.model.can_denoise
        if key not in self._compiled:
            if self.has_curves:
                self._compiled[key] = _whole_model(self.model, *key)
            else:
                self._compiled[key] = _model_without_curves(self.model)
        inputs = images
        if self.has_curves:
            inputs = [images, np.full(len(images), strength, "float32")]
        try:
            return self._compiled[key].predict_on_batch(inputs)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            count, height, width = images.shape[:3]
            raise MemoryError(
                f"out of memory: {count} image(s) of {width}×{height} at once. Give "
                "fewer or smaller ones"
            ) from error


def _whole_model(model, iterations, denoise):
    """Images and strengths in, enhanced images out: compiled as one, on any backend.

    Only the images travel to the device and back, not the curve maps.
    """
    images = keras.Input((None, None, 3))
    strength = keras.Input(())
    options = {"denoise": denoise} if model.can_denoise else {}
    enhanced = model.enhance(images, iterations, strength, **options)
    return keras.Model([images, strength], enhanced)


def _model_without_curves(model):
    """Images in, enhanced images out, for a model that gives them at once."""
    images = keras.Input((None, None, 3))
    return keras.Model(images, model(images, training=False))


def _check_array(image):
    image_like = isinstance(image, np.ndarray) and image.ndim in (3, 4)
    if not image_like or image.shape[-1] != 3 or 0 in image.shape:
        raise ValueError(
            "image must be a path, a PIL image, or an array (H, W, 3) or (B, H, W, 3). "
            f"Received: {getattr(image, 'shape', type(image).__name__)}"
        )
    if image.dtype not in (np.uint8, np.uint16) and image.dtype.kind != "f":
        raise ValueError(
            f"image must be uint8, uint16 or float in [0, 1]. Received: {image.dtype}"
        )
    if image.dtype.kind == "f" and not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(
            "image must be in [0, 1] where it is float. "
            f"Received: values from {image.min()} to {image.max()}"
        )


def _like(enhanced, dtype):
    """Float images in [0, 1] as `dtype`."""
    if dtype == np.uint8:
        return to_uint8(enhanced)
    enhanced = np.clip(enhanced, 0, 1)
    if dtype == np.uint16:
        return np.rint(enhanced * 65535).astype(np.uint16)
    return enhanced.astype(dtype)
