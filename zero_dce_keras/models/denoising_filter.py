"""The filter that takes noise out of a dark photograph before it is brightened."""

import math

import keras
from keras import ops

from zero_dce_keras.models.bilateral_constants import WIDTHS

STEPS = (1, 2)  # pixels between the taps of the two passes
GUIDE = (0.25, 0.5, 0.25)  # of red, green and blue


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class DenoisingFilter(keras.layers.Layer):
    """Smooths what differs by no more than noise, and keeps edges; no weights.

    Two bilateral passes of 3×3 taps over the photograph as the camera gave it, in the
    second with every other pixel:

        y = Σ w·x / Σ w,  w = exp(−distance² / 2σ²) · max(0, 1 − (d / range)²)²,

    where d is the difference between the guide of the tap and of the pixel. The guide is
    (R + 2G + B) / 4, smoothed for the first pass; all channels share the weights.

    The noise of a camera's dark pixels is a few of 255 levels, however much they are
    brightened afterwards. So the ranges are constants, and the filter follows the gain
    of the enhancement by itself: where little is amplified, what it changes stays small.
    At a second range of 1.5 levels neighbouring pixels of enhanced photographs predict
    each other best (`tools/filter_ranges.py`, without references); the form and the
    first range were calibrated on references: docs/lab/experiments.md.

    Args:
        ranges: two positive numbers, in levels of an 8-bit image.
        **kwargs: `name` and `dtype`, as for every layer.

    Raises:
        ValueError: if `ranges` are something else.

    Example:
        >>> import numpy as np
        >>> noisy = np.random.default_rng(0).normal(0.1, 0.003, (1, 32, 48, 3))
        >>> denoised = DenoisingFilter()(noisy.astype("float32"))
        >>> bool(keras.ops.std(denoised) < 0.5 * noisy.std())
        True

    Source: Tomasi and Manduchi, ICCV 1998 (bilateral filter); the growing steps are those
    of the à-trous wavelets of Dammertz et al., HPG 2010.
    """

    context = 4  # pixels around it that a pixel depends on
    widths = WIDTHS

    def __init__(self, ranges=(3.0, 1.5), **kwargs):
        super().__init__(**kwargs)
        if len(ranges) != len(STEPS) or not all(0 < r < math.inf for r in ranges):
            raise ValueError(f"ranges must be two positive numbers. Received: {ranges}")
        self.ranges = list(ranges)

    def call(self, images):
        guide = smoothed(guide_of(images))
        for step, width, levels in zip(STEPS, WIDTHS, self.ranges, strict=True):
            images = bilateral_pass(images, guide * (255 / levels), step, width)
            guide = guide_of(images)
        return images

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "ranges": self.ranges}


def guide_of(images, channels=-1):
    """Mix the channels into what edges are seen in, `(B, H, W, 1)`.

    Args:
        images: float tensor `(B, H, W, 3)`.
        channels: which axis the channels are: −1, or 1 for `(B, 3, H, W)`. A graph that
            no compiler fuses takes half the time with 1.
    """
    weights = ops.convert_to_tensor(GUIDE, images.dtype)
    if channels == 1:
        weights = weights[:, None, None]
    return ops.sum(images * weights, axis=channels, keepdims=True)


def smoothed(guide, channels=-1):
    """Blur a guide `(B, H, W, 1)` by 1 2 1, along both sides."""
    for axis in _sides(channels):
        padded = _padded(guide, 1, axis)
        before, after = (_shifted(padded, 1, axis, places) for places in (-1, 1))
        guide = (before + 2 * guide + after) / 4
    return guide


def bilateral_pass(images, guide, step, width, channels=-1):
    """Average each pixel with its 3×3 taps at `step`, by likeness and distance.

    Args:
        images: float tensor `(B, H, W, 3)`.
        guide: float tensor `(B, H, W, 1)`; where it differs by 1, a tap counts nothing.
        step: pixels between the taps.
        width: σ of their distance, in pixels.
        channels: see `guide_of`.
    """
    rows, columns = _sides(channels)
    both = ops.concatenate([images, guide], axis=channels)  # shifted together
    both = _padded(both, step, rows)
    total, weights = images, ops.ones_like(guide)  # the pixel itself
    for down in (-step, 0, step):
        row = _padded(_shifted(both, step, rows, down), step, columns)
        for right in (-step, 0, step):
            if down == right == 0:
                continue
            tap = _shifted(row, step, columns, right)
            d = _part(tap, channels, 3, None) - guide
            likeness = ops.square(ops.maximum(1 - d * d, 0))
            weight = math.exp(-(down**2 + right**2) / (2 * width**2)) * likeness
            total = total + weight * _part(tap, channels, 0, 3)
            weights = weights + weight
    return total / weights


def _sides(channels):
    """Return the axes of rows and columns."""
    return (1, 2) if channels == -1 else (2, 3)


def _padded(x, pad, axis):
    """Repeat the border for `pad` pixels, on both sides of an axis."""
    first = _part(x, axis, 0, 1)
    last = _part(x, axis, -1, None)
    return ops.concatenate([first] * pad + [x] + [last] * pad, axis)


def _shifted(padded, pad, axis, places):
    """Return what lies `places` further along an axis, of what was padded by `pad`."""
    return _part(padded, axis, pad + places, places - pad or None)


def _part(x, axis, start, stop):
    index = [slice(None)] * len(x.shape)
    index[axis] = slice(start, stop)
    return x[tuple(index)]
