"""The fast path: curves from a small copy of the image, applied in one fused pass."""

import threading

import numba
import numpy as np

from zero_dce_keras.inference.arrays import from_integers, to_integers
from zero_dce_keras.inference.fast.curves import apply_map
from zero_dce_keras.inference.fast.exposure import gains_of_image, tone_table
from zero_dce_keras.inference.fast.loops import f32, tasks
from zero_dce_keras.inference.fast.metering import cell_sums
from zero_dce_keras.inference.fast.network import FastNetwork
from zero_dce_keras.inference.fast.prepare import prepare_image
from zero_dce_keras.inference.options import DEFAULT_OPTIONS, EnhanceOptions

MOST_WORKERS = 8  # each has memory of its own: 160 MB for frames of 3840×2160


class FastEnhancer:
    """A `ZeroDCEPlusPlus` on the processor's cores, without the layers in between.

    The network runs on a copy `scale_factor` times smaller. All is loops over rows,
    which Numba compiles on first use (half a minute, once per machine and type of image).
    The result is that of the model to a level of 8 bits.

    Each thread that calls it keeps memory for its next image of the same size, for scale
    12 some 13 bytes a pixel. No more than `workers` threads may call at once.

    Args:
        model: a `ZeroDCEPlusPlus` with `resampling="area"`. Its weights are copied: those
            of later training are not seen.

    Raises:
        ValueError: for any other model.
    """

    num_gains = 8  # of `ExposureNormalization`

    def __init__(self, model):
        if not getattr(model, "can_be_fast", False):
            raise ValueError(
                "the fast path needs a ZeroDCEPlusPlus with resampling='area'. "
                f"Received: {type(model).__name__}"
            )
        self.model = model
        self.network = FastNetwork(model.dce_model)
        self._memory = threading.local()

    @property
    def workers(self):
        """How many threads may use the fast path at once, each with one core.

        Where there are images enough, one core for each is faster than all for one. 1
        where Numba has neither OpenMP nor TBB: its own pool of threads ends the process
        when it is used from two.
        """
        cell_sums(np.zeros((1, 1, 3), np.uint8), 1)  # starts Numba's threads
        if numba.threading_layer() == "workqueue":
            return 1
        return min(MOST_WORKERS, numba.config.NUMBA_NUM_THREADS)

    @staticmethod
    def use_one_core():
        """Use one core for all that this thread calls from now on."""
        numba.set_num_threads(1)

    def __call__(self, image, options=DEFAULT_OPTIONS, out=None):
        """Enhance an image `(H, W, 3)`.

        Args:
            image: array, as of `curves`.
            options: `EnhanceOptions`.
            out: as of `FastCurves.apply`.
        """
        height, width = image.shape[:2]
        prepared = getattr(self._memory, "prepared", None)
        if prepared is None or prepared.shape != (height, 3, width):
            prepared = self._memory.prepared = np.empty((height, 3, width), np.uint16)
        curves = self._estimate(image, options, prepared)
        return curves.apply(options.iterations, options.strength, out)

    def curves(self, image, options=DEFAULT_OPTIONS):
        """Estimate the curves of an image, to be applied again and again.

        Args:
            image: array `(H, W, 3)`, uint8, uint16 or float in [0, 1].
            options: `EnhanceOptions`, of which `denoise` and `gains` matter.

        Returns:
            `FastCurves`.
        """
        prepared = np.empty((image.shape[0], 3, image.shape[1]), np.uint16)
        return self._estimate(image, options, prepared)

    def _estimate(self, given, options, prepared):
        image = to_integers(given)
        gains = self.gains(image) if options.gains is None else f32(options.gains)
        small = self.prepare(image, options.denoise is not False, gains, prepared)
        maps = self.network(small)
        model = self.model
        return FastCurves(
            given.dtype, image, prepared, maps, model.scale_factor, model.num_iterations
        )

    def prepare(self, image, denoise, gains, prepared):
        """Denoise an image, set its exposure, and shrink what comes of it.

        Args:
            image: uint8 or uint16 array `(H, W, 3)`.
            denoise: whether to use the denoising filter, where the model has one.
            gains: float32 array `(8,)`, what `gains` gives.
            prepared: uint16 array `(H, 3, W)` to write what curves are applied to.

        Returns:
            float32 array `(h, w, 3)` in [0, 1], what the network looks at.
        """
        normalization = self.model.exposure_normalization
        saturation = 1.0 if normalization is None else normalization.saturation
        noise = self.model.denoising_filter
        filtered = denoise and noise is not None
        return prepare_image(
            image,
            f32(255 / np.iinfo(image.dtype).max),
            tone_table(normalization, gains),
            f32(saturation),
            f32(gains[3]),
            filtered,
            f32(noise.widths if filtered else (1, 1)),
            f32(noise.ranges if filtered else (1, 1)),
            self.model.scale_factor,
            tasks(),
            prepared,
        )

    def gains(self, image):
        """Return the statistics of an image that its brightness depends on.

        Args:
            image: array `(H, W, 3)`, uint8, uint16 or float in [0, 1].

        Returns:
            float32 array `(8,)`, see `ExposureNormalization.gains`.
        """
        return gains_of_image(self.model.exposure_normalization, to_integers(image))


class FastCurves:
    """The curves of one image, at the size that the network saw it.

    Args:
        dtype: of the image as it was given.
        image: uint8 or uint16 array `(H, W, 3)`.
        prepared, maps, scale: see `apply_map`.
        num_iterations: how often to apply a curve where nothing is said.
    """

    def __init__(self, dtype, image, prepared, maps, scale, num_iterations):
        self._dtype = dtype
        self._image = image
        self.maps = maps
        self._prepared = prepared
        self._scale = scale
        self._num_iterations = num_iterations

    def apply(self, iterations=None, strength=1.0, out=None):
        """Return the enhanced image.

        Args:
            iterations, strength: see `EnhanceOptions`.
            out: uint8 or uint16 array like the image to write to; a new one by default.

        Returns:
            array of the image's shape and dtype.

        Raises:
            ValueError: if iterations or strength are not such numbers.
        """
        if out is None:
            out = np.empty_like(self._image)
        if EnhanceOptions(iterations, strength).changes_nothing:
            out[:] = self._image
            return from_integers(out, self._dtype)
        if iterations is None:
            iterations = self._num_iterations
        apply_map(
            self._image,
            self._prepared,
            self.maps,
            self._scale,
            iterations,
            f32(strength),
            f32(np.iinfo(self._image.dtype).max),
            tasks(),
            out,
        )
        return from_integers(out, self._dtype)
