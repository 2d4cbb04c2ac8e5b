"""The loops of `ExposureNormalization.gains`: cells, and the gain that they ask for."""

import numpy as np
from numba import prange

from zero_dce_keras.inference.fast.loops import compiled, f32, inlined, luma, parallel


@parallel
def cell_sums(image, size):
    """Sum the blocks of `size`×`size` pixels of (H, W, 3): (3, h, w)."""
    height, width, _ = image.shape
    rows, columns = (height + size - 1) // size, (width + size - 1) // size
    sums = np.zeros((3, rows, columns), np.float32)
    for row in prange(rows):
        line = np.zeros(width * 3, np.uint32)
        for y in range(row * size, min((row + 1) * size, height)):
            pixels = image[y].reshape(-1)
            for i in range(width * 3):
                line[i] += pixels[i]
        for x in range(width):
            for c in range(3):
                sums[c, row, x // size] += f32(line[3 * x + c])
    return sums


@compiled
def log_gain(powered, weights, gamma, saturation, metered, low, high, steps):
    """Return the logarithm of the gain that brings cells to a metered brightness, by bisection.

    Args:
        powered: float32 (3, n), the cells of a white-balanced image to the power of gamma.
        weights: float32 (n,), how much a cell counts.
        gamma, saturation: floats, see `ExposureNormalization`.
        metered: float, the brightness to the fourth.
        low, high: floats, between what to look.
        steps: int, how often to divide that.
    """
    for _ in range(steps):
        middle = (low + high) * f32(0.5)
        factor = np.exp(gamma * middle)
        if (
            _meter(powered[0], powered[1], powered[2], weights, factor, saturation)
            < metered
        ):
            low = middle
        else:
            high = middle
    return (low + high) * f32(0.5)


@compiled
def _meter(red, green, blue, weights, factor, saturation):
    """Brightness, to the fourth, of cells times a factor."""
    total = f32(0)
    for i in range(weights.shape[0]):
        r = _shoulder(factor * red[i])
        g = _shoulder(factor * green[i])
        b = _shoulder(factor * blue[i])
        grey = luma(r, g, b)
        brightest = max(r, max(g, b))
        v = grey + saturation * (brightest - grey)
        total += weights[i] * (v * v) * (v * v)
    return total


@inlined
def _shoulder(z):
    squared = z * z
    return z / np.sqrt(np.sqrt(f32(1) + squared * squared))
