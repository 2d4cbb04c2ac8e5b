"""Curves that were estimated once, for a slider to apply."""

import numpy as np

from zero_dce_keras.images import to_float
from zero_dce_keras.inference.arrays import restore_layout, to_dtype, to_rgb_batch
from zero_dce_keras.inference.options import EnhanceOptions

ROWS = 64  # at a time, so that what is worked on stays in the processor's cache


class Curves:
    """The curves of one image; `Enhancer.curves` makes them.

    Args:
        image: the image as it was given.
        apply: function of iterations and strength that gives the enhanced colours,
            `(H, W, 3)`.
        num_iterations: how often to apply a curve where nothing is said.
    """

    def __init__(self, image, apply, num_iterations):
        self.image = image
        self._apply = apply
        self._num_iterations = num_iterations

    def apply(self, iterations=None, strength=1.0):
        """Return the enhanced image, of the dtype and shape of the image.

        Args:
            iterations, strength: see `EnhanceOptions`.

        Raises:
            ValueError: if an argument is out of its range.
        """
        if EnhanceOptions(iterations, strength).changes_nothing:
            return self.image.copy()
        if iterations is None:
            iterations = self._num_iterations
        return restore_layout(self._apply(iterations, strength)[None], self.image)


def apply_maps(image, images, maps, iterations, strength, ratio_share=None):
    """Apply curve maps in NumPy, some rows at a time.

    Args:
        image: array `(H, W, 3)`, `(H, W)` or `(H, W, 4)` of any dtype.
        images: float32 array `(H, W, 3)` in [0, 1], what the curves are applied to: the
            image, or what filter and exposure normalisation made of it.
        maps: float32 array `(H, W, 3·n)` in [−1, 1]; `(H, W, n)` with a `ratio_share`.
        iterations: how many times to apply a curve.
        strength: float in [0, 1] that scales the curves.
        ratio_share: float, see `apply_shared_curves`; `None` for a curve a channel.

    Returns:
        array `(H, W, 3)` of the image's dtype.
    """
    low_light = to_rgb_batch(image)[0]
    strength = np.float32(strength)
    enhanced = np.empty_like(low_light)
    for row in range(0, len(low_light), ROWS):
        rows = slice(row, row + ROWS)
        x = to_float(low_light[rows])
        x = x + strength * (images[rows] - x)
        scaled, start = strength * maps[rows], x.copy()
        channels = 3 if ratio_share is None else 1
        for i in range(iterations):
            k = channels * i % maps.shape[-1]
            x += scaled[..., k : k + channels] * (x * x - x)
        if ratio_share is not None:
            brightest = np.maximum(start.max(-1, keepdims=True), np.float32(1e-4))
            gain = x.max(-1, keepdims=True) / brightest
            x = (1 - ratio_share) * x + ratio_share * gain * start
        enhanced[rows] = to_dtype(x, low_light.dtype)
    return enhanced
