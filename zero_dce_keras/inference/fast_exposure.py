"""Exposure normalisation of one image for the fast path, in NumPy.

The formulas are those of `ExposureNormalization`, which has the explanations.
"""

import functools

import numpy as np

from zero_dce_keras.inference import fast_kernels as kernels
from zero_dce_keras.models import cell_size
from zero_dce_keras.models.exposure_normalization import (
    BISECTIONS,
    BLACK,
    CENTRE_WIDTH,
    LEAST_GAMMA,
    LOG_GAINS,
    LOG_TYPICAL,
)

STEPS = 4096  # of the table of a tone curve, whose nearest entry counts
NO_GAINS = np.float32([1, 1, 1, 1, 0, 0, 0, 1])


def gains_of_image(normalization, image):
    """As `ExposureNormalization.gains`, of one image.

    Args:
        normalization: an `ExposureNormalization`, or `None`.
        image: uint8 or uint16 array `(H, W, 3)`.

    Returns:
        float32 array `(8,)`.
    """
    if normalization is None:
        return NO_GAINS
    cells = _cells(image)
    weights = _metering_weights(normalization.centre_weight, *cells.shape[:2])
    share = _share(normalization, cells, weights)
    black = np.float32(normalization.black) * cells.min(axis=(0, 1))
    cells = cells - black + np.float32(normalization.pedestal)
    brightness = max(cells.mean(), BLACK)
    gamma = normalization.gamma + normalization.gamma_slope * (
        np.log(brightness) - LOG_TYPICAL
    )
    gamma = np.float32(np.clip(gamma, LEAST_GAMMA, 1))
    means = cells.mean(axis=(0, 1))
    white_balance = (means.mean() / np.maximum(means, BLACK)) ** normalization.cast
    powered = np.maximum(cells * white_balance, BLACK) ** gamma
    low, high = LOG_GAINS
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        factor = np.float32(np.exp(gamma * middle))
        saturation = np.float32(normalization.saturation)
        if (
            kernels.meter(powered, weights, factor, saturation)
            < normalization.target**4
        ):
            low = middle
        else:
            high = middle
    factors = white_balance * np.exp((low + high) / 2)
    return np.float32([*factors, share, *black, gamma])


def tone_table(normalization, gains):
    """The tone curves of the three channels, float32 `(3, STEPS + 1)`.

    At the squares of equal steps of [0, 1]: shadows, where curves are steep, get more.
    """
    x = np.tile(np.linspace(0, 1, STEPS + 1, dtype="float32") ** 2, (3, 1))
    if normalization is None:
        return x
    factors, black, gamma = gains[:3, None], gains[4:7, None], gains[7]
    raised = np.maximum(x - black, 0) + np.float32(normalization.pedestal)
    z = np.maximum(raised * factors, BLACK) ** gamma
    return (z / (1 + z**4) ** 0.25).astype("float32")


def _cells(image):
    """The means of the metering cells, float32 `(h, w, 3)` in [0, 1]."""
    size = cell_size(*image.shape[:2])
    sums = kernels.cell_sums(np.ascontiguousarray(image), size)
    rows, columns = (
        np.minimum(size, length - np.arange(0, length, size))
        for length in image.shape[:2]
    )
    counts = np.outer(rows, columns)[..., None] * np.iinfo(image.dtype).max
    return (sums / counts).astype("float32")


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
    metered = (weights * cells.max(axis=-1) ** 4).sum() ** 0.25
    return np.clip((high - metered) / (high - low), 0, 1)
