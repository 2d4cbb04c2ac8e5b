"""Enhancing photographs: give a type, get the type."""

import functools
from pathlib import Path

import numpy as np
from PIL import Image

from zero_dce_keras.images import (
    photograph_of,
    read_photograph,
    to_pil,
    write_photograph,
)
from zero_dce_keras.inference.arrays import as_colour, as_given, check_array
from zero_dce_keras.inference.curves import Curves, apply_maps, check_curve_options
from zero_dce_keras.inference.photographs import enhance_photograph
from zero_dce_keras.inference.runner import Runner
from zero_dce_keras.models import list_presets, load_card, load_model


class Enhancer:
    """A trained model that takes photographs as they come.

    Args:
        model: a `ZeroDCE`, or another model of the package. One without curves, such as
            `MIRNet`, takes neither iterations nor strength.
        companion: what `fast=True` uses: a `ZeroDCEPlusPlus` with `resampling="area"`,
            or the name of its preset. By default the model, if it is such a one.

    Example:
        >>> import numpy as np
        >>> enhancer = Enhancer.from_preset("zero_dce_lol")
        >>> dark = np.full((32, 48, 3), 20, dtype="uint8")
        >>> bright = enhancer(dark)
        >>> bright.shape, bright.dtype.name, bool(bright.mean() > 60)
        ((32, 48, 3), 'uint8', True)
    """

    def __init__(self, model, companion=None):
        self.model = model
        self._companion = model if companion is None else companion
        self._runner = Runner(model)

    @classmethod
    def from_preset(cls, name):
        """The enhancer of a preset, or of anything else that `--weights` takes.

        `fast=True` uses the companion weights that the preset's card names.
        """
        return cls(load_model(name), _companion_of(name))

    @property
    def can_be_fast(self):
        """Whether there are companion weights for `fast=True`."""
        companion = self._companion
        is_one = getattr(companion, "resampling", None) == "area"
        return is_one or isinstance(companion, str)

    @functools.cached_property
    def fast(self):
        """The `FastEnhancer` of the companion weights, made on first use.

        It keeps the weights of that moment: after more training, make a new `Enhancer`.

        Raises:
            ValueError: if there are no companion weights.
            ImportError: if Numba is missing, which the extra `fast` brings.
        """
        try:
            from zero_dce_keras.inference.fast import FastEnhancer
        except ModuleNotFoundError as error:
            raise ImportError(
                f"fast needs {error.name}: pip install 'zero_dce_keras[fast]'"
            ) from None
        companion = self._companion
        if isinstance(companion, str):
            companion = load_model(companion)
        if not self.can_be_fast:
            names = [name for name in list_presets() if _companion_of(name)]
            raise ValueError(
                "fast needs companion weights, which these weights do not name; give no "
                f"--fast (fast=False), or a preset that does: {', '.join(names)}"
            )
        return FastEnhancer(companion)

    def __getstate__(self):
        """Without what can be made again, and cannot be copied: memory of threads."""
        return {name: value for name, value in vars(self).items() if name != "fast"}

    def __call__(
        self,
        image,
        iterations=None,
        strength=1.0,
        denoise=None,
        tile=None,
        fast=False,
        gains=None,
    ):
        """Enhance one image or a batch.

        Args:
            image: an array `(H, W, 3)`, grey `(H, W)`, with alpha `(H, W, 4)`, or a batch
                `(B, H, W, 3)` or `(B, H, W, 4)`; uint8, uint16, or float in [0, 1]; a
                PIL image; or the path of a photograph.
            iterations: how many times to apply a curve; 0 is the identity, the model's
                own number the default.
            strength: float in [0, 1] that scales the curves; 0 is the identity.
            denoise: False leaves out the denoising filter of a model that has one; True
                fails for a model that has none. By default, what there is.
            tile: side in pixels of the parts that the image is cut into, so that the
                memory it takes does not grow with it. The result is the same for models
                with curves; a model that looks at the whole image, such as `MIRNet`,
                gives parts that are blended where they overlap. By default 512 for
                images above a megapixel; 0 never cuts.
            fast: True estimates the curves on a small copy of the image by the companion
                weights, as they were when `fast` was first used, and applies them in
                one pass on the processor: some 100 to 250 times faster. Floats are
                worked on with 16 bits, and `tile` is not needed.
            gains: float array `(8,)` in place of the image's own statistics, see
                `gains`: so that the frames of a video are treated alike.

        Returns:
            An array of the same shape and dtype, alpha as it was; for a PIL image or a
            path, an upright PIL image of 8 bits, in colour or grey, with its alpha.

        Raises:
            ValueError: if the array has another shape or dtype, an argument is out of
                its range, or there are no companion weights.
            MemoryError: if the images are too large for the device.
        """
        if isinstance(image, (str, Path, Image.Image)):
            is_open = isinstance(image, Image.Image)
            photograph = photograph_of(image) if is_open else read_photograph(image)
            options = iterations, strength, denoise, tile, fast, gains
            return to_pil(enhance_photograph(self, photograph, *options))
        self._check(iterations, strength, denoise, fast)
        check_array(image)
        if gains is not None and (
            np.shape(gains) != (8,) or not np.isfinite(gains).all()
        ):
            raise ValueError(
                f"gains must be 8 numbers, as `gains` gives them. Received: {gains!r}"
            )
        colour = as_colour(image)  # (B, H, W, 3)
        denoise = denoise is not False
        if iterations == 0 or strength == 0:
            return image.copy()
        if fast:
            enhanced = [
                self.fast(one, iterations, strength, denoise, gains) for one in colour
            ]
            return as_given(np.stack(enhanced), image)
        enhanced = self._runner.enhance(
            colour, iterations, strength, denoise, tile, gains
        )
        return as_given(enhanced, image)

    def curves(self, image, denoise=None, tile=None, fast=False):
        """The curves of one image, estimated once, to be applied again and again.

        Args:
            image: an array `(H, W, 3)`, `(H, W)` or `(H, W, 4)`, as for a call.
            denoise, tile, fast: as for a call.

        Returns:
            `Curves`, whose `apply(iterations=None, strength=1.0)` gives what a call with
            these arguments would, without the network. They take 4 bytes a pixel and map
            channel, 96 a pixel for 8 maps; fast ones take 6.

        Raises:
            ValueError: as a call does, and for a model without curves.
        """
        self._check(None, 1.0, denoise, fast)
        if not self.model.has_curves and not fast:
            raise ValueError(
                f"curves are for models with curves: {type(self.model).__name__} has "
                "none"
            )
        colour, denoise = _one(image), denoise is not False
        if fast:
            apply = self.fast.curves(colour, denoise).apply
            return Curves(image, apply, self.fast.model.num_iterations)
        images, maps = self._runner.estimate(colour, denoise, tile)
        apply = functools.partial(apply_maps, image, images, maps)
        return Curves(image, apply, self.model.num_iterations)

    def gains(self, image):
        """The statistics of an image that its brightness depends on.

        Args:
            image: one image, an array as for a call.

        Returns:
            float32 array `(8,)`, see `ExposureNormalization.gains`; `None` for a model
            that does not normalise the exposure.
        """
        image = _one(image)
        gains = self._runner.gains(image)
        return None if gains is None else gains.reshape(-1)

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

    def _check(self, iterations, strength, denoise, fast):
        model = self.fast.model if fast else self.model
        name = type(model).__name__
        if not model.has_curves and (iterations is not None or strength != 1):
            raise ValueError(
                f"iterations and strength are for curves: {name} has none. "
                f"Received: {iterations} and {strength}"
            )
        check_curve_options(iterations, strength)
        if denoise and not model.can_denoise:
            raise ValueError(
                f"denoise needs a model with a denoising filter: this {name} has none"
            )


def _companion_of(name):
    """The preset that the card of a preset names for `fast=True`; `None` for none."""
    is_preset = str(name) in list_presets() or Path(name).is_dir()
    return load_card(name).get("companion") if is_preset else None


def _one(image):
    """The colours `(H, W, 3)` of an array that is one image."""
    check_array(image)
    if image.ndim == 4:
        raise ValueError(
            f"image must be one image, not a batch. Received: {image.shape}"
        )
    return as_colour(image)[0]
