"""The fast path's loops over pixels, compiled by Numba for the processor at hand.

What layers of the models do for a batch, operation by operation, these functions do for
one image, row by row and on all cores: a few rows stay in the processor's cache while
everything that depends on them is computed. Between the functions, a photograph is kept
as rows of planes (H, 3, W) of 16 bits: half the memory traffic of floats.
"""

import numpy as np
from numba import njit, prange

f32 = np.float32
PAD = 2  # pixels that a row goes on at both ends
WHITE = f32(65535)

# No NaN and no infinities in images; a division by zero is a bug, not an exception.
OPTIONS = {"fastmath": True, "error_model": "numpy", "nogil": True, "cache": True}
parallel = njit(parallel=True, **OPTIONS)
compiled = njit(**OPTIONS)
inlined = njit(inline="always", **OPTIONS)


# Metering: `ExposureNormalization.gains`


@parallel
def cell_sums(image, size):
    """Sums of the blocks of `size`×`size` pixels of (H, W, 3): (h, w, 3)."""
    height, width, _ = image.shape
    rows, columns = (height + size - 1) // size, (width + size - 1) // size
    sums = np.zeros((rows, columns, 3), np.float32)
    for row in prange(rows):
        line = np.zeros(width * 3, np.uint32)
        for y in range(row * size, min((row + 1) * size, height)):
            pixels = image[y].reshape(-1)
            for i in range(width * 3):
                line[i] += pixels[i]
        for x in range(width):
            for c in range(3):
                sums[row, x // size, c] += f32(line[3 * x + c])
    return sums


@compiled
def meter(powered, weights, factor, saturation):
    """Metered brightness, to the fourth, of cells (h, w, 3) times a factor."""
    total = f32(0)
    for row in range(powered.shape[0]):
        for x in range(powered.shape[1]):
            r = _shoulder(factor * powered[row, x, 0])
            g = _shoulder(factor * powered[row, x, 1])
            b = _shoulder(factor * powered[row, x, 2])
            grey = _luma(r, g, b)
            brightest = max(r, max(g, b))
            v = _clipped(grey + saturation * (brightest - grey))
            total += weights[row, x] * v * v * v * v
    return total


@inlined
def _shoulder(z):
    squared = z * z
    return z / np.sqrt(np.sqrt(f32(1) + squared * squared))


@inlined
def _luma(r, g, b):
    return f32(0.299) * r + f32(0.587) * g + f32(0.114) * b


@inlined
def _clipped(v):
    return min(max(v, f32(0)), f32(1))


# Filter and exposure: `DenoisingFilter`, `ExposureNormalization.apply_gains`, and the
# means of blocks that Zero-DCE++ looks at


@parallel
def prepare(
    image,
    levels,
    tone,
    saturation,
    share,
    filtered,
    widths,
    ranges,
    scale,
    tasks,
    prepared,
):
    """Filter and normalise an image, and shrink what comes of it.

    Args:
        image: integers (H, W, 3).
        levels: float, how many of 256 levels one step of the image's integers is.
        tone: floats (3, n + 1): each channel's tone curve at the squares of n + 1 equal
            steps of [0, 1].
        saturation, share: floats, see `ExposureNormalization`.
        filtered: whether to denoise.
        widths, ranges: floats (2,), the constants of the denoising filter.
        scale: side of the blocks.
        tasks: into how many the rows are divided. (Asked here, Numba's number of
            threads would keep it from storing what it compiled.)
        prepared: uint16 (H, 3, W), to write what the curves are applied to.

    Returns:
        float32 (h, w, 3) in [0, 1], the means of the blocks.
    """
    height, width, _ = image.shape
    rows, columns = (height + scale - 1) // scale, (width + scale - 1) // scale
    small = np.empty((rows, columns, 3), np.float32)
    near = np.exp(f32(-0.5) * np.float32([1, 4]) / (widths * widths))
    far = near * near  # along the diagonal
    inverse = f32(1) / (ranges * ranges)
    tasks = min(rows, tasks)
    for task in prange(tasks):
        # Rings of rows: row y of the image lies at y & 7.
        raw = np.empty((8, 3, width + 2 * PAD), np.float32)
        guide = np.empty((8, width + 2 * PAD), np.float32)
        smooth = np.empty((8, width + 2 * PAD), np.float32)
        once = np.empty((8, 3, width + 2 * PAD), np.float32)
        once_guide = np.empty((8, width + 2 * PAD), np.float32)
        twice = np.empty((3, width + 2 * PAD), np.float32)
        line = np.empty(width + 2 * PAD, np.float32)
        sums = np.zeros((3, width), np.float32)
        first = (task * rows // tasks) * scale
        last = min(((task + 1) * rows // tasks) * scale, height)
        ahead = 4 if filtered else 0  # rows that the filter looks ahead, and back
        for y in range(first - ahead, last + ahead):
            if 0 <= y < height:
                _load(image[y], levels, raw[y & 7])
                _guide(raw[y & 7], guide[y & 7])
            v = y - 1
            if filtered and v >= first - 3 and 0 <= v < height:
                a, b, c = _around(v, 1, height)
                _smooth(guide[a], guide[b], guide[c], line, smooth[b])
            v = y - 2
            if filtered and v >= first - 2 and 0 <= v < height:
                a, b, c = _around(v, 1, height)
                rows_of = raw[a], raw[b], raw[c]
                guides = smooth[a], smooth[b], smooth[c]
                _bilateral(rows_of, guides, 1, inverse[0], near[0], far[0], once[b])
                _guide(once[b], once_guide[b])
            v = y - ahead
            if v < first or v >= last:
                continue
            source = raw[v & 7]
            if filtered:
                a, b, c = _around(v, 2, height)
                rows_of = once[a], once[b], once[c]
                guides = once_guide[a], once_guide[b], once_guide[c]
                _bilateral(rows_of, guides, 2, inverse[1], near[1], far[1], twice)
                source = twice
            _normalize(source, raw[v & 7], tone, saturation, share, sums, prepared[v])
            if (v + 1) % scale == 0 or v + 1 == height:
                _means(sums, v % scale + 1, scale, small[v // scale])
    return small


@inlined
def _around(y, step, height):
    """Places in a ring of the rows above, at and below y; the border goes on."""
    return max(y - step, 0) & 7, y & 7, min(y + step, height - 1) & 7


@compiled
def _load(pixels, levels, out):
    """A row of the image as planes, in levels of 8 bits."""
    flat = pixels.reshape(-1)
    for c in range(3):
        for x in range(pixels.shape[0]):
            out[c, x + PAD] = levels * f32(flat[3 * x + c])
    _extend(out)


@inlined
def _extend(planes):
    """The border goes on at both ends of a row."""
    end = planes.shape[1] - PAD
    for c in range(3):
        for k in range(PAD):
            planes[c, k] = planes[c, PAD]
            planes[c, end + k] = planes[c, end - 1]


@compiled
def _guide(planes, out):
    for x in range(out.shape[0]):
        out[x] = (planes[0, x] + f32(2) * planes[1, x] + planes[2, x]) * f32(0.25)


@compiled
def _smooth(above, here, below, line, out):
    last = out.shape[0] - 1
    for x in range(last + 1):
        line[x] = above[x] + f32(2) * here[x] + below[x]
    for x in range(PAD, last + 1 - PAD):
        out[x] = (line[x - 1] + f32(2) * line[x] + line[x + 1]) * f32(0.0625)
    for k in range(PAD):
        out[k] = out[PAD]
        out[last - k] = out[last - PAD]


@compiled
def _bilateral(rows, guides, step, inverse, near, far, out):
    """The middle one of three rows of planes (3, W), by 3×3 taps at `step`."""
    a, b, c = rows
    guide_a, guide_b, guide_c = guides
    for i in range(out.shape[1] - 2 * PAD):  # from 0: else it would not vectorise
        left, x, right = i + PAD - step, i + PAD, i + PAD + step
        here = guide_b[x]
        a0 = _weight(guide_a[left] - here, inverse, far)
        a1 = _weight(guide_a[x] - here, inverse, near)
        a2 = _weight(guide_a[right] - here, inverse, far)
        b0 = _weight(guide_b[left] - here, inverse, near)
        b2 = _weight(guide_b[right] - here, inverse, near)
        c0 = _weight(guide_c[left] - here, inverse, far)
        c1 = _weight(guide_c[x] - here, inverse, near)
        c2 = _weight(guide_c[right] - here, inverse, far)
        norm = f32(1) / (f32(1) + a0 + a1 + a2 + b0 + b2 + c0 + c1 + c2)
        for k in range(3):
            upper = a0 * a[k, left] + a1 * a[k, x] + a2 * a[k, right]
            middle = b0 * b[k, left] + b[k, x] + b2 * b[k, right]
            lower = c0 * c[k, left] + c1 * c[k, x] + c2 * c[k, right]
            out[k, x] = norm * (upper + middle + lower)
    _extend(out)


@inlined
def _weight(difference, inverse, weight):
    likeness = max(f32(1) - difference * difference * inverse, f32(0))
    return weight * likeness * likeness


@compiled
def _normalize(planes, unchanged, tone, saturation, share, sums, out):
    """A row's exposure: added to the sums of its blocks, and written in 16 bits."""
    width = out.shape[1]
    toned = np.empty((3, width), np.float32)
    grey = np.empty(width, np.float32)
    place = np.empty(width, np.uint32)
    steps = f32(tone.shape[1] - 1) / np.sqrt(f32(255))
    for c in range(3):
        for x in range(width):
            place[x] = np.uint32(
                np.int32(steps * np.sqrt(planes[c, x + PAD]) + f32(0.5))
            )
        curve = tone[c]
        for x in range(width):
            toned[c, x] = curve[place[x]]
    for x in range(width):
        grey[x] = _luma(toned[0, x], toned[1, x], toned[2, x])
    for c in range(3):
        for x in range(width):
            v = _clipped(grey[x] + saturation * (toned[c, x] - grey[x]))
            before = unchanged[c, x + PAD] * f32(1 / 255)
            v = before + share * (v - before)
            sums[c, x] += v
            out[c, x] = np.uint16(np.int32(v * WHITE + f32(0.5)))


@compiled
def _means(sums, height, scale, out):
    """A row of block means of the sums of its lines, which begin anew."""
    width = sums.shape[1]
    for column in range(out.shape[0]):
        start, stop = column * scale, min((column + 1) * scale, width)
        for c in range(3):
            total = f32(0)
            for x in range(start, stop):
                total += sums[c, x]
            out[column, c] = total / f32(height * (stop - start))
    sums[:] = 0


# Curves: `StretchMaps` with resampling "area", and `apply_curves`


@parallel
def apply(image, prepared, maps, scale, iterations, strength, white, out):
    """Stretch a map of curves to full size and apply it.

    Args:
        image: integers (H, W, 3).
        prepared: uint16 (H, 3, W), from `prepare`.
        maps: float32 (h, w, 3).
        scale: int, pixels on a side of what one pixel of the maps stands for.
        iterations: how many times to apply the curves.
        strength: float in [0, 1].
        white: float, the image's largest integer.
        out: integers (H, W, 3) of the image's type, to write to.
    """
    height, width, _ = image.shape
    rows, columns, _ = maps.shape
    left, right = np.empty(width, np.uint32), np.empty(width, np.uint32)
    part = np.empty(width, np.float32)
    for x in range(width):
        left[x], right[x], part[x] = _between(x, scale, columns)
    for task in prange((height + scale - 1) // scale):
        stretched = np.empty(
            (2, 3, width), np.float32
        )  # the maps' rows above and below
        curve = np.empty(width, np.float32)
        enhanced = np.empty((3, width), np.float32)
        rounded = np.empty((3, width), out.dtype)
        known = -1
        for y in range(task * scale, min((task + 1) * scale, height)):
            above, below, share = _between(y, scale, rows)
            if known != above:
                _stretch(maps[above], left, right, part, stretched[0])
                _stretch(maps[below], left, right, part, stretched[1])
                known = above
            for c in range(3):
                # A loop after the other over rows in the cache: all of them vectorise.
                v, before = enhanced[c], image[y, :, c]
                for x in range(width):
                    a, b = stretched[0, c, x], stretched[1, c, x]
                    curve[x] = strength * (a + share * (b - a))
                    v[x] = f32(prepared[y, c, x]) * (f32(1) / WHITE)
                if strength < f32(1):
                    for x in range(width):
                        start = f32(before[x]) / white
                        v[x] = start + strength * (v[x] - start)
                for _ in range(iterations):
                    for x in range(width):
                        v[x] += curve[x] * (v[x] * v[x] - v[x])
                for x in range(width):
                    rounded[c, x] = np.int32(_clipped(v[x]) * white + f32(0.5))
            flat = out[y].reshape(-1)
            for x in range(width):
                flat[3 * x] = rounded[0, x]
                flat[3 * x + 1] = rounded[1, x]
                flat[3 * x + 2] = rounded[2, x]


@compiled
def _stretch(row, left, right, part, out):
    """A row (w, 3) of maps as planes (3, W)."""
    for c in range(3):
        for x in range(out.shape[1]):
            a, b = row[left[x], c], row[right[x], c]
            out[c, x] = a + part[x] * (b - a)


@inlined
def _between(place, scale, count):
    """The two neighbours among `count` block centres, and the share of the second."""
    exact = (f32(place) + f32(0.5)) / f32(scale) - f32(0.5)
    exact = min(max(exact, f32(0)), f32(count - 1))
    first = int(exact)
    return first, min(first + 1, count - 1), exact - f32(first)
