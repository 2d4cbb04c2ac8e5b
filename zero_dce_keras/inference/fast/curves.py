"""Curves, stretched from the small copy to full size and applied.

The loops of `StretchMaps` with resampling "area", and of `apply_curves`.
"""

import numpy as np
from numba import prange

from zero_dce_keras.inference.fast.loops import (
    WHITE,
    compiled,
    f32,
    inlined,
    parallel,
)


@parallel
def apply_map(image, prepared, maps, scale, iterations, strength, white, tasks, out):
    """Stretch a map of curves to full size and apply it.

    Args:
        image: integers (H, W, 3).
        prepared: uint16 (H, 3, W), from `prepare_image`.
        maps: float32 (h, 3, w).
        scale: int, pixels on a side of what one pixel of the maps stands for.
        iterations: how many times to apply the curves.
        strength: float in [0, 1].
        white: float, the image's largest integer.
        tasks: into how many parts the rows are divided.
        out: integers (H, W, 3) of the image's type, to write to.
    """
    height, width, _ = image.shape
    rows, _, columns = maps.shape
    left, right = np.empty(width, np.uint32), np.empty(width, np.uint32)
    part = np.empty(width, np.float32)
    for x in range(width):
        left[x], right[x], part[x] = _between(x, scale, columns)
    for task in prange(tasks):
        # Rows of the maps at full width: row y lies at y & 1.
        stretched = np.empty((2, 3, width), np.float32)
        curve = np.empty(width, np.float32)
        v = np.empty(width, np.float32)
        rounded = np.empty((3, width), out.dtype)
        known = -1  # the last row that was stretched
        for y in range(task * height // tasks, (task + 1) * height // tasks):
            first, second, share = _between(y, scale, rows)
            for row in range(max(first, known + 1), second + 1):
                _stretch(maps[row], left, right, part, stretched[row & 1])
                known = row
            for c in range(3):
                # A loop after the other over rows in the cache: all of them vectorise.
                above, below = stretched[first & 1, c], stretched[second & 1, c]
                start = prepared[y, c]
                for x in range(width):
                    curve[x] = strength * (above[x] + share * (below[x] - above[x]))
                    v[x] = f32(start[x]) * (f32(1) / WHITE)
                if strength < f32(1):
                    for x in range(width):
                        before = f32(image[y, x, c]) / white
                        v[x] = before + strength * (v[x] - before)
                _iterate(v, curve, iterations)
                for x in range(width):
                    rounded[c, x] = np.int32(_clipped(v[x]) * white + f32(0.5))
            flat = out[y].reshape(-1)
            for x in range(width):
                flat[3 * x] = rounded[0, x]
                flat[3 * x + 1] = rounded[1, x]
                flat[3 * x + 2] = rounded[2, x]


@compiled
def _stretch(row, left, right, part, out):
    """Stretch a row of maps (3, w) to full width (3, W)."""
    for c in range(3):
        plane, stretched = row[c], out[c]
        for x in range(stretched.shape[0]):
            a, b = plane[left[x]], plane[right[x]]
            stretched[x] = a + part[x] * (b - a)


@compiled
def _iterate(v, curve, iterations):
    """Apply a row of curves to a row, again and again."""
    for _ in range(iterations // 4):
        for x in range(v.shape[0]):
            once = _curved(v[x], curve[x])
            twice = _curved(once, curve[x])
            v[x] = _curved(_curved(twice, curve[x]), curve[x])
    for _ in range(iterations % 4):
        for x in range(v.shape[0]):
            v[x] = _curved(v[x], curve[x])


@inlined
def _curved(v, curve):
    return v + curve * (v * v - v)


@inlined
def _between(place, scale, count):
    """Return the neighbours among `count` block centres, and the share of the second."""
    exact = (f32(place) + f32(0.5)) / f32(scale) - f32(0.5)
    exact = min(max(exact, f32(0)), f32(count - 1))
    first = int(exact)
    return first, min(first + 1, count - 1), exact - f32(first)


@inlined
def _clipped(v):
    return min(max(v, f32(0)), f32(1))
