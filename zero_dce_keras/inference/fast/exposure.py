"""What the exposure of an image comes to: gains, and tables of the tone curves.

The formulas are those of `ExposureNormalization`, which has the explanations.
"""

import functools

import numpy as np

from zero_dce_keras.inference.fast.metering import cell_sums, log_gain
from zero_dce_keras.inference.fast.prepare import LEVELS
from zero_dce_keras.models.exposure_normalization import (
    BISECTIONS,
    BLACK,
    CENTRE_WIDTH,
    LOG_GAINS,
    cell_size,
)

NO_GAINS = np.float32([1, 1, 1, 1, 0, 0, 0, 1])


def gains_of_image(normalization, image):
    """Return the gains of one image, as `ExposureNormalization.gains` does.

    Args:
        normalization: an `ExposureNormalization`, or `None`.
        image: uint8 or uint16 array `(H, W, 3)`.

    Returns:
        float32 array `(8,)`.
    """
    if normalization is None:
        return NO_GAINS
    cells = _cells(image)
    weights = _metering_weights(normalization.centre_weight, *cells.shape[1:])
    cells, weights = cells.reshape(3, -1), weights.reshape(-1)
    share = _share(normalization, cells, weights)
    cells = cells + np.float32(normalization.pedestal)
    means = cells.mean(axis=1)
    gamma = np.float32(normalization.gamma)
    white_balance = (means.mean() / np.maximum(means, BLACK)) ** normalization.cast
    powered = _power(cells * white_balance[:, None], gamma)
    low, high = LOG_GAINS
    gain = log_gain(
        powered,
        weights,
        gamma,
        np.float32(normalization.saturation),
        np.float32(normalization.target**4),
        np.float32(low),
        np.float32(high),
        BISECTIONS,
    )
    factors = white_balance * np.exp(gain)
    return np.float32([*factors, share, 0, 0, 0, gamma])


def tone_table(normalization, gains):
    """Return the tone curves of the channels at `LEVELS`, float32 `(3, 8193)`."""
    x = np.tile(LEVELS / 255, (3, 1))
    if normalization is None:
        return x
    balanced = (x + np.float32(normalization.pedestal)) * gains[:3, None]
    z = _power(balanced, gains[7])
    return z / np.sqrt(np.sqrt(1 + np.square(np.square(z))))


def _power(x, exponent):
    """Return x ** exponent for positive x, in less time."""
    return np.exp(exponent * np.log(np.maximum(x, np.float32(BLACK))))


def _cells(image):
    """Average the metering cells: float32 `(3, h, w)` in [0, 1]."""
    size = cell_size(*image.shape[:2])
    sums = cell_sums(image, size)
    rows, columns = (
        np.minimum(size, length - np.arange(0, length, size))
        for length in image.shape[:2]
    )
    return sums / np.float32(np.outer(rows, columns) * np.iinfo(image.dtype).max)


@functools.lru_cache(maxsize=8)
def _metering_weights(centre_weight, height, width):
    y, x = ((np.arange(length) + 0.5) / length * 2 - 1 for length in (height, width))
    squares = y[:, None] ** 2 + x**2
    centre = np.exp(-squares / (2 * CENTRE_WIDTH**2))
    weights = 1 + centre_weight * centre
    return (weights / weights.sum()).astype("float32")


def _share(normalization, cells, weights):
    if normalization.well_exposed is None:
        return 1.0
    low, high = normalization.well_exposed
    metered = (weights * cells.max(axis=0) ** 4).sum() ** 0.25
    return np.clip((high - metered) / (high - low), 0, 1)
