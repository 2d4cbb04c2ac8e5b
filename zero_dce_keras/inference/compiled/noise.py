"""How noisy a photograph is: `measure_noise` of the model, in NumPy."""

import itertools

import numpy as np

from zero_dce_keras.models.bilateral_constants import (
    BANDS,
    FEWEST,
    FLATTEST,
    GROWTH,
    MOST_NOISE,
    PATCHES,
    SIDE,
)


def measure_noise(image, levels):
    """Return the noise of a photograph in each band of brightness.

    Args:
        image: integer array `(H, W, 3)`.
        levels: float, how many of 256 levels a step of the integers is.

    Returns:
        float32 array `(4,)`, in levels of 8 bits; 0 where it is not known.
    """
    patches = image[_places(image.shape[0])][:, _places(image.shape[1])]
    guide = patches @ np.float32([0.25, 0.5, 0.25]) * np.float32(levels)
    guide = guide.reshape(PATCHES, SIDE, PATCHES, SIDE).transpose(0, 2, 1, 3)
    guide = guide.reshape(-1, SIDE, SIDE)
    across = np.square(guide[:, :, 2:] - guide[:, :, :-2]).mean((1, 2))
    down = np.square(guide[:, 2:] - guide[:, :-2]).mean((1, 2))
    noise, brightness = np.sqrt((across + down) / 4), guide.mean((1, 2))
    is_known = (brightness >= 1) & (brightness <= 250)
    bands = np.full(len(BANDS) - 1, np.inf, "float32")
    for k, (low, high) in enumerate(itertools.pairwise(BANDS)):
        members = noise[is_known & (brightness >= low) & (brightness < high)]
        if len(members) >= FEWEST:
            place = int(np.float32(FLATTEST) * np.float32(len(members)))
            bands[k] = np.partition(members, place)[place]
    quietest = bands.min()
    if not np.isfinite(quietest):
        return np.zeros_like(bands)
    return np.minimum(np.minimum(bands, np.float32(GROWTH) * quietest), MOST_NOISE)


def _places(length):
    starts = np.arange(PATCHES) * max(length - SIDE, 0) // (PATCHES - 1)
    return np.minimum((starts[:, None] + np.arange(SIDE)).reshape(-1), length - 1)
