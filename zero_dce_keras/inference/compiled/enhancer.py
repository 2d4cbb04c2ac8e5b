"""`BilateralDCE` on the processor's cores, without Keras."""

import numpy as np

from zero_dce_keras.inference.arrays import from_integers, to_integers
from zero_dce_keras.inference.compiled.grid_curves import GridCurves
from zero_dce_keras.inference.compiled.grid_net import GridNet
from zero_dce_keras.inference.compiled.kernels import apply_grid, average_cells
from zero_dce_keras.inference.compiled.noise import measure_noise
from zero_dce_keras.inference.compiled.threads import CORES, in_parts, use_one_core
from zero_dce_keras.inference.options import DEFAULT_OPTIONS, EnhanceOptions
from zero_dce_keras.models.bilateral_constants import (
    BANDS,
    LEAST_NOISE,
    NODES,
    RANGES,
    WIDTHS,
)

MOST_WORKERS = 8


class CompiledEnhancer:
    """A `BilateralDCE` as two compiled loops and a little NumPy.

    Numba compiles the loops on first use, some seconds once per machine and depth of
    image, and stores them. Any number of threads may call it.

    Args:
        model: a `BilateralDCE`, or `GridCurves`. Its weights are copied: those of later
            training are not seen.
    """

    gains_are_curves = True  # to be smoothed over time as such

    def __init__(self, model):
        curves = model if isinstance(model, GridCurves) else GridCurves.of_model(model)
        self.num_iterations = curves.num_iterations
        self.can_denoise = curves.can_denoise
        self._size = curves.miniature_size
        self._ratio_share = curves.ratio_share
        self._net = GridNet(curves.layers)

    @property
    def workers(self):
        """How many threads may enhance at once, each with one core."""
        return min(MOST_WORKERS, CORES)

    use_one_core = staticmethod(use_one_core)

    def __call__(self, image, options=DEFAULT_OPTIONS, out=None):
        """Enhance an image `(H, W, 3)`.

        Args:
            image: array, as of `curves`.
            options: `EnhanceOptions`.
            out: as of `CompiledCurves.apply`.
        """
        curves = self.curves(image, options)
        return curves.apply(options.iterations, options.strength, out)

    def curves(self, image, options=DEFAULT_OPTIONS):
        """Estimate the curves of an image, to be applied again and again.

        Args:
            image: array `(H, W, 3)`, uint8, uint16 or float in [0, 1].
            options: `EnhanceOptions`, of which `denoise` and `gains` matter.

        Returns:
            `CompiledCurves`.
        """
        pixels = _read_only(image)
        gains = self.gains(pixels) if options.gains is None else options.gains
        gains = np.asarray(gains, "float32")
        grid = gains[: -len(BANDS) + 1].reshape(self._grid_shape)
        noise = gains[-len(BANDS) + 1 :]
        if options.denoise is False or not self.can_denoise:
            noise = np.zeros_like(noise)
        return CompiledCurves(
            image.dtype, pixels, grid, noise, self.num_iterations, self._ratio_share
        )

    @property
    def num_gains(self):
        """How many numbers `gains` gives."""
        return NODES * self.num_iterations * (self._size // 4) ** 2 + len(BANDS) - 1

    @property
    def _grid_shape(self):
        size = self._size // 4
        return size, size, -1

    def gains(self, image):
        """Return what an image's brightness depends on: its curves, and its noise.

        Args:
            image: array `(H, W, 3)`, uint8, uint16 or float in [0, 1].

        Returns:
            float32 array `(G·G·Z·n + 4,)`: the bilateral grid, then `measure_noise`.
        """
        image = _read_only(image)
        white = np.iinfo(image.dtype).max
        cells = np.empty((self._size, self._size, 3), np.float32)
        in_parts(average_cells, self._size, image, cells)
        grid = self._net(np.clip(cells / np.float32(white), 0, 1))
        noise = np.zeros(len(BANDS) - 1, np.float32)
        if self.can_denoise:
            noise = measure_noise(image, 255 / white)
        return np.concatenate([grid.reshape(-1), noise]).astype("float32")


class CompiledCurves:
    """The curves of one image, in low resolution.

    Args:
        dtype: of the image as it was given.
        image: uint8 or uint16 array `(H, W, 3)`.
        grid: float32 array `(G, G, Z·n)`.
        noise: float32 array `(4,)`, see `measure_noise`.
        num_maps: n; also how often to apply a curve where nothing is said.
        ratio_share: see `apply_shared_curves`.
    """

    def __init__(self, dtype, image, grid, noise, num_maps, ratio_share):
        self._dtype = dtype
        self._image = image
        self._grid = np.ascontiguousarray(grid.transpose(0, 2, 1))
        self._ranges = np.zeros((2, len(noise)), np.float32)
        if noise.max() >= LEAST_NOISE:
            self._ranges[:] = np.maximum(np.outer(RANGES, noise), 1e-3)
        self._num_maps = num_maps
        self._ratio_share = np.float32(ratio_share)

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
        image = self._image
        if out is None:
            out = np.empty(image.shape, image.dtype)
        if EnhanceOptions(iterations, strength).changes_nothing:
            out[:] = image
        else:
            self._apply(
                image,
                self._num_maps if iterations is None else iterations,
                strength,
                out,
            )
        return from_integers(out, self._dtype)

    def _apply(self, image, iterations, strength, out):
        in_parts(
            apply_grid,
            len(image),
            image,
            np.float32(np.iinfo(image.dtype).max),
            self._grid,
            self._num_maps,
            iterations,
            np.float32(strength),
            self._ratio_share,
            self._ranges,
            np.float32(BANDS),
            np.float32(WIDTHS),
            out,
        )


def _read_only(image):
    """Return `to_integers` of an image, read-only: Numba compiles anew for the other kind."""
    image = to_integers(image).view()
    image.flags.writeable = False
    return image
