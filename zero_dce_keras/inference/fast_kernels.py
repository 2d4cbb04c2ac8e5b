"""The fast path's loops over pixels, compiled by Numba for the processor at hand.

What layers of the models do for a batch, operation by operation, these functions do for
one image, row by row and on all cores: a few rows stay in the processor's cache while
everything that depends on them is computed. Between the functions, a photograph is kept
as rows of planes (H, 3, W) of 16 bits: half the memory traffic of floats.
"""

import numpy as np
from numba import get_num_threads, njit, prange

f32 = np.float32
PAD = 2  # pixels that a row goes on at both ends
WHITE = f32(65535)

# No NaN and no infinities in images; a division by zero is a bug, not an exception.
OPTIONS = {"fastmath": True, "error_model": "numpy", "nogil": True, "cache": True}
parallel = njit(parallel=True, **OPTIONS)
compiled = njit(**OPTIONS)
inlined = njit(inline="always", **OPTIONS)


def tasks():
    """Into how many parts to divide rows: 4 a core, so that none waits long for another.

    Not asked in compiled code, where it would keep Numba from storing what it compiled.
    """
    return 4 * get_num_threads()


# Metering: `ExposureNormalization.gains`


@parallel
def cell_sums(image, size):
    """Sums of the blocks of `size`×`size` pixels of (H, W, 3): (3, h, w)."""
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
    """The logarithm of the gain that brings cells to a metered brightness, by bisection.

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
        grey = _luma(r, g, b)
        brightest = max(r, max(g, b))
        v = grey + saturation * (brightest - grey)
        total += weights[i] * (v * v) * (v * v)
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
        tone: floats (3, 8193), each channel's tone curve at the levels of
            `place_in_table`.
        saturation, share: floats, see `ExposureNormalization`.
        filtered: whether to denoise.
        widths, ranges: floats (2,), the constants of the denoising filter.
        scale: side of the blocks.
        tasks: into how many parts the rows are divided.
        prepared: uint16 (H, 3, W), to write what the curves are applied to.

    Returns:
        float32 (h, w, 3) in [0, 1], the means of the blocks.
    """
    height, width, _ = image.shape
    rows, columns = (height + scale - 1) // scale, (width + scale - 1) // scale
    small = np.empty((rows, columns, 3), np.float32)
    near = np.exp(f32(-0.5) * np.float32([1, 4]) / (widths * widths))
    far = near * near  # along the diagonal
    # Guides are in units of the filter's range: where they differ by 1, nothing counts.
    units = f32(0.25) / ranges
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
        toned = np.empty((3, width), np.float32)
        sums = np.zeros((3, width), np.float32)
        first = (task * rows // tasks) * scale
        last = min(((task + 1) * rows // tasks) * scale, height)
        ahead = 4 if filtered else 0  # rows that the filter looks ahead, and back
        for y in range(first - ahead, last + ahead):
            if 0 <= y < height:
                _load(image[y], levels, raw[y & 7])
                _guide(raw[y & 7], units[0], guide[y & 7])
            v = y - 1
            if filtered and v >= first - 3 and 0 <= v < height:
                a, b, c = _around(v, 1, height)
                _smooth(guide[a], guide[b], guide[c], line, smooth[b])
            v = y - 2
            if filtered and v >= first - 2 and 0 <= v < height:
                a, b, c = _around(v, 1, height)
                rows_of = raw[a], raw[b], raw[c]
                guides = smooth[a], smooth[b], smooth[c]
                _bilateral(rows_of, guides, 1, near[0], far[0], once[b])
                _guide(once[b], units[1], once_guide[b])
            v = y - ahead
            if v < first or v >= last:
                continue
            source = raw[v & 7]
            if filtered:
                a, b, c = _around(v, 2, height)
                rows_of = once[a], once[b], once[c]
                guides = once_guide[a], once_guide[b], once_guide[c]
                _bilateral(rows_of, guides, 2, near[1], far[1], twice)
                source = twice
            unchanged, out = raw[v & 7], prepared[v]
            _normalize(
                source, unchanged, tone, saturation, share, line, toned, sums, out
            )
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
        plane = out[c, PAD:]
        for x in range(pixels.shape[0]):
            plane[x] = levels * f32(flat[3 * x + c])
        _extend(out[c])


@inlined
def _extend(row):
    """The border goes on at both ends of a row."""
    end = row.shape[0] - PAD
    for k in range(PAD):
        row[k] = row[PAD]
        row[end + k] = row[end - 1]


@compiled
def _guide(planes, unit, out):
    red, green, blue = planes[0], planes[1], planes[2]
    for x in range(out.shape[0]):
        out[x] = unit * (red[x] + f32(2) * green[x] + blue[x])


@compiled
def _smooth(above, here, below, line, out):
    for x in range(line.shape[0]):
        line[x] = above[x] + f32(2) * here[x] + below[x]
    left, middle, right = _shifted(line, 1)
    smooth = out[PAD:]
    for x in range(out.shape[0] - 2 * PAD):
        smooth[x] = (left[x] + f32(2) * middle[x] + right[x]) * f32(0.0625)
    _extend(out)


@inlined
def _shifted(row, step):
    """A row without its ends, a number of pixels before, at, and behind each pixel."""
    return row[PAD - step :], row[PAD:], row[PAD + step :]


@inlined
def _bilateral(rows, guides, step, near, far, out):
    """The middle one of three rows of planes (3, W), by 3×3 taps at `step`."""
    a, b, c = rows
    red_a, green_a, blue_a = (
        _shifted(a[0], step),
        _shifted(a[1], step),
        _shifted(a[2], step),
    )
    red_b, green_b, blue_b = (
        _shifted(b[0], step),
        _shifted(b[1], step),
        _shifted(b[2], step),
    )
    red_c, green_c, blue_c = (
        _shifted(c[0], step),
        _shifted(c[1], step),
        _shifted(c[2], step),
    )
    guide_a0, guide_a1, guide_a2 = _shifted(guides[0], step)
    guide_b0, guide_b1, guide_b2 = _shifted(guides[1], step)
    guide_c0, guide_c1, guide_c2 = _shifted(guides[2], step)
    out_red, out_green, out_blue = out[0, PAD:], out[1, PAD:], out[2, PAD:]
    for x in range(out.shape[1] - 2 * PAD):
        here = guide_b1[x]
        a0, a2 = _likeness(guide_a0[x], here), _likeness(guide_a2[x], here)
        c0, c2 = _likeness(guide_c0[x], here), _likeness(guide_c2[x], here)
        a1, c1 = _likeness(guide_a1[x], here), _likeness(guide_c1[x], here)
        b0, b2 = _likeness(guide_b0[x], here), _likeness(guide_b2[x], here)
        norm = f32(1) / (
            f32(1) + near * (a1 + b0 + b2 + c1) + far * (a0 + a2 + c0 + c2)
        )
        weights = a0, a1, a2, b0, b2, c0, c1, c2, near, far
        out_red[x] = norm * _weighted(red_a, red_b, red_c, weights, x)
        out_green[x] = norm * _weighted(green_a, green_b, green_c, weights, x)
        out_blue[x] = norm * _weighted(blue_a, blue_b, blue_c, weights, x)
    for k in range(3):
        _extend(out[k])


@inlined
def _likeness(guide, here):
    difference = guide - here
    likeness = max(f32(1) - difference * difference, f32(0))
    return likeness * likeness


@inlined
def _weighted(a, b, c, weights, x):
    a0, a1, a2, b0, b2, c0, c1, c2, near, far = weights
    beside = a1 * a[1][x] + b0 * b[0][x] + b2 * b[2][x] + c1 * c[1][x]
    diagonal = a0 * a[0][x] + a2 * a[2][x] + c0 * c[0][x] + c2 * c[2][x]
    return b[1][x] + near * beside + far * diagonal


@compiled
def _normalize(planes, unchanged, tone, saturation, share, line, toned, sums, out):
    """A row's exposure: added to the sums of its blocks, and written in 16 bits."""
    width = out.shape[1]
    bits = line.view(np.int32)
    for c in range(3):
        plane, curve, v = planes[c, PAD:], tone[c], toned[c]
        for x in range(width):
            line[x] = plane[x] + f32(1)
        for x in range(width):
            bits[x] = place_in_table(bits[x])
        for x in range(width):
            v[x] = curve[np.uint32(bits[x])]
    red, green, blue = toned[0], toned[1], toned[2]
    for x in range(width):
        line[x] = (f32(1) - saturation) * _luma(red[x], green[x], blue[x])
    for c in range(3):
        v, total, written = toned[c], sums[c], out[c]
        if share < f32(1):
            before = unchanged[c, PAD:]
            for x in range(width):
                start = before[x] * f32(1 / 255)
                normalized = line[x] + saturation * v[x]
                v[x] = start + share * (normalized - start)
        else:
            for x in range(width):
                v[x] = line[x] + saturation * v[x]
        for x in range(width):
            total[x] += v[x]
            written[x] = np.uint16(np.int32(v[x] * WHITE + f32(0.5)))


@inlined
def place_in_table(bits):
    """The entry of a tone table that is nearest to a level.

    Args:
        bits: those of the float32 1 + level, level in [0, 255], as an int32. Without the
            last ones they grow in steps of a 1024th of a power of 2: shadows, where tone
            curves are steep, get more entries.

    Returns:
        int32 in [0, 8192].
    """
    nearest = np.int32(bits + np.int32(1 << 12)) >> np.int32(13)
    return np.int32(nearest - np.int32(127 << 10))


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
def apply(image, prepared, maps, scale, iterations, strength, white, tasks, out):
    """Stretch a map of curves to full size and apply it.

    Args:
        image: integers (H, W, 3).
        prepared: uint16 (H, 3, W), from `prepare`.
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
    """A row of maps (3, w) to full width (3, W)."""
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
    """The two neighbours among `count` block centres, and the share of the second."""
    exact = (f32(place) + f32(0.5)) / f32(scale) - f32(0.5)
    exact = min(max(exact, f32(0)), f32(count - 1))
    first = int(exact)
    return first, min(first + 1, count - 1), exact - f32(first)
