"""Enhancing photographs: give a type, get the type."""

import dataclasses
import functools
from pathlib import Path

import numpy as np
from PIL import Image

from zero_dce_keras.extras import require
from zero_dce_keras.files import check_not_the_input
from zero_dce_keras.images import Photograph
from zero_dce_keras.images.tone_curve import tables_to_srgb
from zero_dce_keras.inference.arrays import check_array, restore_layout, to_rgb_batch
from zero_dce_keras.inference.curves import Curves, apply_maps
from zero_dce_keras.inference.options import DEFAULT_OPTIONS, EnhanceOptions


class Enhancer:
    """A trained model that takes photographs as they come.

    A model with a compiled form, such as `BilateralDCE`, runs in it, without Keras, on
    the processor's cores.

    Args:
        model: a `ZeroDCE`, or another model of the package. One without curves, such as
            `MIRNet`, takes neither iterations nor strength.

    Example:
        >>> import numpy as np
        >>> enhancer = Enhancer.from_preset("zero_dce_lol")
        >>> dark = np.full((32, 48, 3), 20, dtype="uint8")
        >>> bright = enhancer(dark)
        >>> bright.shape, bright.dtype.name, bool(bright.mean() > 60)
        ((32, 48, 3), 'uint8', True)
    """

    _name: str  # what `model` opens when it is asked for

    def __init__(self, model):
        self.model = model

    @classmethod
    def from_preset(cls, name):
        """Return the enhancer of a preset, or of anything else that `load_model` opens.

        A preset with a compiled form is read without Keras, see `read_compiled`.
        """
        enhancer = cls.read_compiled(name)
        if enhancer is None:
            enhancer = cls(require("zero_dce_keras.models.load").load_model(name))
        return enhancer

    @classmethod
    def read_compiled(cls, name):
        """Return the enhancer of a preset with a compiled form; `None` for all else.

        Keras, which takes seconds to load, is left alone: `model` opens the preset in it
        when it is asked for.
        """
        curves = require("zero_dce_keras.inference.compiled").GridCurves.read(name)
        return None if curves is None else cls.of_curves(curves, name)

    @classmethod
    def of_curves(cls, curves, name):
        """Return the enhancer of `GridCurves` that were read from the preset `name`."""
        compiled = require("zero_dce_keras.inference.compiled")
        enhancer = cls.__new__(cls)
        enhancer._name = name
        enhancer.compiled = compiled.CompiledEnhancer(curves)
        return enhancer

    @functools.cached_property
    def model(self):
        """The Keras model."""
        return require("zero_dce_keras.models.load").load_model(self._name)

    @functools.cached_property
    def _runner(self):
        return require("zero_dce_keras.inference.runner").Runner(self.model)

    @functools.cached_property
    def compiled(self):
        """The model's `CompiledEnhancer`; `None` if it has no compiled form.

        It keeps the weights of when it was first used: after more training, make a new
        `Enhancer`.
        """
        if not self.model.can_be_compiled:
            return None
        return require("zero_dce_keras.inference.compiled").CompiledEnhancer(self.model)

    @property
    def has_curves(self):
        """Whether there are curves: what iterations and strength are for."""
        return self.compiled is not None or self.model.has_curves

    @property
    def num_iterations(self):
        """How often a curve is applied where nothing is said."""
        return (self.compiled or self.model).num_iterations

    @property
    def can_denoise(self):
        """Whether there is a denoising filter to leave out."""
        return (self.compiled or self.model).can_denoise

    def _uses_compiled(self, options):
        return options.compiled and self.compiled is not None

    def __getstate__(self):
        """Leave out what can be made again and cannot be copied: memory of threads."""
        return {name: value for name, value in vars(self).items() if name != "compiled"}

    def __call__(
        self,
        image,
        iterations=None,
        strength=1.0,
        denoise=None,
        tile=None,
        compiled=True,
        gains=None,
        progress=None,
    ):
        """Enhance one image or a batch.

        Args:
            image: an array `(H, W, 3)`, grey `(H, W)`, with alpha `(H, W, 4)`, or a batch
                `(B, H, W, 3)` or `(B, H, W, 4)`; uint8, uint16, or float in [0, 1]; a
                PIL image; or the path of a photograph.
            iterations, strength, denoise, tile, compiled, gains, progress: see
                `EnhanceOptions`.

        Returns:
            An array of the same shape and dtype, alpha as it was; for a PIL image or a
            path, an upright PIL image of 8 bits, in colour or grey, with its alpha.

        Raises:
            ValueError: if the array has another shape or dtype, or an argument is out
                of its range.
            MemoryError: if the images are too large for the device.
        """
        options = EnhanceOptions(
            iterations, strength, denoise, tile, compiled, gains, progress
        )
        if isinstance(image, (str, Path, Image.Image)):
            is_open = isinstance(image, Image.Image)
            open_photograph = Photograph.from_pil if is_open else Photograph.read
            return self.enhance_photograph(open_photograph(image), options).to_pil()
        return self.enhance_array(image, options)

    def enhance_array(self, image, options):
        """Enhance an array as a call does; the options are `EnhanceOptions`."""
        self._check(options)
        check_array(image)
        if options.changes_nothing:
            return image.copy()
        colors = to_rgb_batch(image)  # (B, H, W, 3)
        if self._uses_compiled(options):
            enhanced = np.stack([self.compiled(one, options) for one in colors])
        else:
            enhanced = self._runner.enhance(colors, options)
        return restore_layout(enhanced, image)

    def enhance_photograph(self, photograph, options=DEFAULT_OPTIONS):
        """Return a `Photograph` with enhanced pixels; everything else stays as it is.

        Args:
            photograph: `Photograph`.
            options: `EnhanceOptions`.

        Raises:
            ValueError, MemoryError: as a call does.
        """
        self._check(options)
        if options.changes_nothing:
            return photograph
        pixels = photograph.pixels
        # The network knows how sRGB encodes the dark; that of other profiles it takes for
        # brighter. Their primaries stay: nothing is clipped (benchmarks/wide_gamut.py).
        tables = tables_to_srgb(photograph.icc_profile, pixels.dtype)
        if tables:
            pixels = tables[0][pixels]
        pixels = self.enhance_array(pixels, options)
        if tables:
            pixels = tables[1][pixels]
        return dataclasses.replace(photograph, pixels=pixels)

    def curves(self, image, denoise=None, tile=None, compiled=True):
        """Estimate the curves of one image, to be applied again and again.

        Args:
            image: an array `(H, W, 3)`, `(H, W)` or `(H, W, 4)`, as for a call.
            denoise, tile, compiled: see `EnhanceOptions`.

        Returns:
            `Curves`, whose `apply(iterations=None, strength=1.0)` gives what a call with
            these arguments would, without the network. They take 4 bytes a pixel and map
            channel, 96 a pixel for 8 maps; those of a compiled model next to nothing.

        Raises:
            ValueError: as a call does, and for a model without curves.
        """
        options = EnhanceOptions(denoise=denoise, tile=tile, compiled=compiled)
        self._check(options)
        if not self.has_curves:
            raise ValueError(
                f"curves are for models with curves: {type(self.model).__name__} has "
                "none"
            )
        colors = _single_image(image)
        if self._uses_compiled(options):
            apply = self.compiled.curves(colors, options).apply
            return Curves(image, apply, self.num_iterations)
        images, maps = self._runner.estimate(colors, options)
        share = getattr(self.model, "ratio_share", None)
        apply = functools.partial(apply_maps, image, images, maps, ratio_share=share)
        return Curves(image, apply, self.model.num_iterations)

    def gains(self, image):
        """Return the statistics of an image that its brightness depends on.

        Args:
            image: one image, an array as for a call.

        Returns:
            float32 array `(n,)`, see the model's `gains`; `None` for a model that needs
            none.
        """
        gains = self._runner.gains(_single_image(image))
        return None if gains is None else gains.reshape(-1)

    def enhance_file(
        self, source, target, iterations=None, strength=1.0, denoise=None, **options
    ):
        """Read a photograph, enhance it, write it with its metadata, in its depth.

        Args:
            source: path of the photograph.
            target: path to write to, whole or not at all.
            iterations, strength, denoise, **options: see `EnhanceOptions`.

        Returns:
            List of str: what could not be kept as it was.

        Raises:
            OSError, ValueError: if the photograph cannot be read or written.
        """
        check_not_the_input(source, target)
        chosen = EnhanceOptions(iterations, strength, denoise, **options)
        photograph = Photograph.read(source)
        enhanced = self.enhance_photograph(photograph, chosen)
        return [*photograph.notes, *enhanced.write(target)]

    def _check(self, options):
        iterations, strength = options.iterations, options.strength
        if not self.has_curves and (iterations is not None or strength != 1):
            raise ValueError(
                f"iterations and strength are for curves: {type(self.model).__name__} has "
                f"none. Received: {iterations} and {strength}"
            )
        gains = options.gains
        if gains is not None:
            uses_compiled = self._uses_compiled(options)
            count = (self.compiled if uses_compiled else self.model).num_gains
            if len(gains) != count:
                raise ValueError(
                    f"gains must be {count} numbers, as `gains` gives them. "
                    f"Received: {len(gains)}"
                )
        if options.denoise and not self.can_denoise:
            raise ValueError(
                "denoise needs a model with a denoising filter: this "
                f"{type(self.model).__name__} has none"
            )


def infer(model, image):
    """Enhance one image with a model.

    Args:
        model: a `ZeroDCE`.
        image: a PIL image, a path, or an array `(H, W, 3)`: uint8, or float in [0, 1].

    Returns:
        The enhanced image: a PIL image for a PIL image or a path; for an array, an
        array of the same shape and dtype.

    Raises:
        ValueError: if it is none of these.

    Example:
        >>> from PIL import Image
        >>> from zero_dce_keras import ZeroDCE
        >>> infer(ZeroDCE.from_preset("zero_dce_lol"), Image.new("RGB", (48, 32))).size
        (48, 32)
    """
    return Enhancer(model)(image)


def _single_image(image):
    """Return the colours `(H, W, 3)` of an array that is one image."""
    check_array(image)
    if image.ndim == 4:
        raise ValueError(
            f"image must be one image, not a batch. Received: {image.shape}"
        )
    return to_rgb_batch(image)[0]
