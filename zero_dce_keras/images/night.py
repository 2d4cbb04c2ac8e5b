"""Photographs of the day, lit as at night: to learn that night stays night."""

import numpy as np

from zero_dce_keras.images.arrays import to_uint8
from zero_dce_keras.images.camera import darken, linear_to_srgb, srgb_to_linear
from zero_dce_keras.images.luma import LUMA

# The light of lamps, from sodium to moonlight, and of coloured signs.
WHITES = np.array(
    [[1, 0.72, 0.4], [1, 0.85, 0.65], [1, 1, 1], [0.7, 0.85, 1], [0.55, 0.7, 1]],
    "float32",
)
COLOURS = np.array([[1, 0.1, 0.1], [0.2, 1, 0.4], [0.2, 0.3, 1]], "float32")
LIT = 0.0005  # the share of a night that is bright: without a lamp it may be a dark day


def light_as_night(image, rng):
    """Light a photograph by lamps under a black sky.

    Args:
        image: uint8 array `(H, W, 3)`, a photograph of the day.
        rng: `np.random.Generator`; the same state gives the same pixels.

    Returns:
        `(night, lifted)`, uint8 arrays `(H, W, 3)`: the night as a camera takes it, with
        noise, and as it shall be enhanced: shadows lifted by 1.3 to 4.5, lamps as they
        are, black still black.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> day = rng.integers(0, 255, (48, 64, 3)).astype("uint8")
        >>> night, lifted = light_as_night(day, rng)
        >>> bool(night.mean() < lifted.mean() < day.mean())
        True
    """
    day = srgb_to_linear(np.float32(image) / 255)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]].astype("float32")
    places = rows / len(image), columns / len(image)
    while True:
        scene = np.clip(_light_by_lamps(day, *places, rng), 0, 1)
        night = darken(to_uint8(linear_to_srgb(scene)), 1.0, rng)
        if (night.max(axis=-1) > 217).mean() >= LIT:
            return night, lift_shadows(night, rng.uniform(5, 8))


def lift_shadows(night, toe):
    """Return a night as it shall be enhanced.

    Args:
        night: uint8 array `(H, W, 3)`.
        toe: levels below which black is held.
    """
    x = np.float32(night) / 255
    luma = x @ np.array(LUMA, "float32")
    wanted = min(
        0.24 / max(float(np.median(luma)), 1e-3), 0.40 / max(float(luma.mean()), 1e-3)
    )
    gain = np.clip(wanted, 1.3, 4.5)
    brightest = x.max(axis=-1, keepdims=True)
    lifted = brightest + (gain - 1) * brightest * (1 - brightest) ** 3
    black = np.clip(brightest * 255 / toe, 0, 1)
    lifted = lifted * (0.35 + 0.65 * black * black * (3 - 2 * black))
    return to_uint8(x * (lifted / np.maximum(brightest, 1e-4)))


def _light_by_lamps(day, y, x, rng):
    """Darken the sky, put lamps into the picture, and light it by them."""
    horizon, steepness = rng.uniform(0.1, 0.65), rng.uniform(0.02, 0.2)
    ground = 1 / (1 + np.exp(-(y - horizon) / steepness))
    darkest, dimming = rng.uniform(0, 0.15, 2)
    ground = np.minimum(darkest + (1 - dimming) * ground, 1)
    ambient = WHITES[rng.integers(5)] * 10 ** rng.uniform(-2.6, -1.3)
    light = ambient * ground[..., None]
    shine = np.zeros_like(day)
    for _ in range(rng.integers(3, 18)):
        is_white = rng.random() < 0.85
        colour = WHITES[rng.integers(5)] if is_white else COLOURS[rng.integers(3)]
        left, top = rng.uniform(0, 1), rng.uniform(0.15, 0.8)
        distance = (x - left) ** 2 + (y - top) ** 2
        reach = 0.5 * 10 ** rng.uniform(-1.5, -0.2) * rng.uniform(0.03, 0.2) ** 2
        lit = reach / (distance + 0.003) * np.minimum(ground + 0.1, 1)
        light = light + colour * lit[..., None]
        radius = 0.003 * 8 ** rng.uniform(0, 1)
        if rng.random() < 0.2:  # a window, or a sign
            wide, tall = radius * rng.uniform(1, 5), radius * rng.uniform(0.6, 3)
            is_inside = (np.abs(x - left) < wide) & (np.abs(y - top) < tall)
            core = is_inside * rng.uniform(0.3, 3)
        else:
            core = np.clip(1.5 - np.sqrt(distance) / radius, 0, 1) * rng.uniform(1, 4)
        glow = rng.uniform(0, 0.06) * radius**2 / (distance + radius**2)
        shine = shine + (core + glow)[..., None] * (0.4 + 0.6 * colour)
    scene = day * light + shine
    wanted = srgb_to_linear(rng.uniform(0.03, 0.16))  # of the median
    median = max(float(np.median(scene @ np.array(LUMA, "float32"))), 1e-5)
    return scene * np.clip(wanted / median, 0.2, 6) + rng.uniform(0, 0.0006)
