"""Pictures that are bright by nature, not by over-exposure: pages, walls, haze."""

import numpy as np

from zero_dce_keras.images.arrays import to_uint8


def draw_page(size, rng):
    """Draw a sheet of paper with lines of writing, in soft light, whole or on a table.

    Args:
        size: int, side in pixels.
        rng: `np.random.Generator`; the same state gives the same pixels.

    Returns:
        uint8 array `(size, size, 3)`.

    Example:
        >>> import numpy as np
        >>> page = draw_page(128, np.random.default_rng(0))
        >>> page.shape, bool(np.percentile(page, 90) > 140)
        ((128, 128, 3), True)
    """
    rows, columns = np.mgrid[:size, :size] / size
    centre = rng.random(2)
    distance = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2
    light = rng.uniform(0.67, 0.98) * (1 - rng.uniform(0, 0.15) * distance)
    tint = 1 - rng.uniform(0, 0.06, 3)
    page = (light * _writing(size, rng))[..., None] * (tint / tint.max())
    if rng.random() < 0.4:  # on a table
        table = rng.uniform(0.08, 0.63) * rng.uniform(0.6, 1, 3)
        top, left = rng.integers(0, size // 4, 2)
        bottom, right = size // 2 + top, size - left
        page[:top], page[bottom:], page[:, :left], page[:, right:] = 4 * (table,)
    return to_uint8(np.clip(page + rng.normal(0, 0.004, page.shape), 0, 1))


def draw_wall(size, rng):
    """Draw a bright plain surface in uneven light: a wall, a sky, snow.

    Args:
        size: int, side in pixels.
        rng: `np.random.Generator`.

    Returns:
        uint8 array `(size, size, 3)`.
    """
    rows, columns = np.mgrid[:size, :size] / size - 0.5
    slope = rng.uniform(-0.2, 0.2, 2)
    light = rng.uniform(0.5, 0.97) + slope[0] * rows + slope[1] * columns
    tint = 1 - rng.uniform(0, 0.12, 3)
    wall = light[..., None] * (tint / tint.max())
    noise = rng.normal(0, rng.uniform(0, 0.01), wall.shape)
    return to_uint8(np.clip(wall + noise, 0, 0.985))


def add_haze(image, rng):
    """Veil a photograph: no black, no white, as in mist or snow.

    Args:
        image: uint8 array `(H, W, 3)`.
        rng: `np.random.Generator`.

    Returns:
        uint8 array `(H, W, 3)`.
    """
    darkest = rng.uniform(0.39, 0.7)
    brightest = rng.uniform(max(darkest + 0.12, 0.78), 0.99)
    return to_uint8(darkest + (brightest - darkest) * np.float32(image) / 255)


def _writing(size, rng):
    """Return what ink leaves of the light, `(size, size)`; now and then there is none."""
    page = np.ones((size, size))
    if rng.random() < 0.2:
        return page
    pitch, margin = rng.integers(6, 24), rng.integers(size // 32, size // 5)
    height = max(1, int(pitch * rng.uniform(0.2, 0.6)))
    for row in range(margin, size - margin, pitch):
        column = margin
        while column < size - margin:
            word = int(rng.integers(2, 14))
            right = min(column + word, size - margin)
            page[row : row + height, column:right] = rng.uniform(0.05, 0.5)
            column += word + int(rng.integers(1, 5))
    return page
