"""The loops over all pixels, compiled by Numba: few, so that compiling them is short.

Threads of Python run them side by side on parts of a photograph: Numba's own would take
another five seconds to compile, and some kinds of them must not be used from two threads.

A row of the photograph at a time, as planes, so that the inner loops become vectors and
what they share stays in the processor's cache.
"""

import numpy as np
from numba import njit

f32 = np.float32
# No NaN and no infinities in images; a division by zero is a bug, not an exception.
OPTIONS = {"fastmath": True, "error_model": "numpy", "nogil": True, "cache": True}
SPARE = 64  # places behind a row, for whole vectors
PAD = 2  # pixels that a row goes on at both ends


@njit(**OPTIONS)
def average_cells(first, last, image, cells):
    """Average a photograph in rows of equal cells, which may end within a pixel.

    Args:
        first, last: the rows of cells, from `first` to before `last`.
        image: integers (H, W, 3).
        cells: float32 (S, S, 3), to write the means to, in the image's integers.
    """
    height, width, _ = image.shape
    size = cells.shape[0]
    tall, wide = height / size, width / size
    sums = np.empty(3 * width, np.float32)
    for row in range(first, last):
        sums[:] = 0
        start, stop = row * tall, (row + 1) * tall
        for y in range(int(start), min(int(np.ceil(stop)), height)):
            share = f32(min(y + 1.0, stop) - max(y + 0.0, start))
            pixels = image[y].reshape(-1)
            for x in range(3 * width):
                sums[x] += share * f32(pixels[x])
        for column in range(size):
            left, right = column * wide, (column + 1) * wide
            for c in range(3):
                total = f32(0)
                for x in range(int(left), min(int(np.ceil(right)), width)):
                    share = min(x + 1.0, right) - max(x + 0.0, left)
                    total += f32(share) * sums[3 * x + c]
                cells[row, column, c] = total / f32(tall * wide)


@njit(**OPTIONS)
def apply_grid(
    first,
    last,
    image,
    white,
    grid,
    num_maps,
    iterations,
    strength,
    ratio_share,
    ranges,
    bands,
    widths,
    out,
):
    """Filter some rows of a photograph and apply the curves of its bilateral grid.

    Args:
        first, last: the rows, from `first` to before `last`.
        image: integers (H, W, 3).
        white: float, the image's largest integer.
        grid: float32 (G, Z·n, G): rows, maps (of the darkest node first), columns; Z is 3.
        num_maps: n.
        iterations: how many times to apply a curve.
        strength: float in [0, 1].
        ratio_share: float in [0, 1], see `apply_shared_curves`.
        ranges: float32 (2, 4), in levels, of the filter's passes and the bands; where
            the first is 0, nothing is filtered.
        bands: float32 (5,), where the bands of brightness begin and end, in levels.
        widths: float32 (2,), σ of the filter's taps in pixels.
        out: integers (H, W, 3) of the image's type, to write to.
    """
    height, width, _ = image.shape
    size, channels, _ = grid.shape
    is_filtered = ranges[0, 0] > 0
    ahead = 4 if is_filtered else 0  # rows that the filter looks ahead, and back
    near = np.exp(f32(-0.5) * np.float32([1, 4]) / (widths * widths))
    far = near * near  # along the diagonal
    near_step, far_step = PAD - 1, PAD  # pixels between the taps of the passes
    # Rings of rows: row y of the image lies at y & 7.
    raw = np.empty((8, 3, width + 2 * PAD), np.float32)
    guide = np.empty((8, width + 2 * PAD), np.float32)
    smooth = np.empty((8, width + 2 * PAD), np.float32)
    once = np.empty((8, 3, width + 2 * PAD), np.float32)
    once_guide = np.empty((8, width + 2 * PAD), np.float32)
    twice = np.empty((3, width + 2 * PAD), np.float32)
    line = np.empty(width + 2 * PAD, np.float32)
    curved = np.empty((3, width), np.float32)
    rounded = np.empty((3, width), out.dtype)
    shares = np.zeros((3, width + SPARE), np.float32)
    curve = np.empty(width + SPARE, np.float32)
    nodes_here = np.empty((channels, size), np.float32)
    for y in range(first - ahead, last + ahead):
        if 0 <= y < height:
            _load(image[y], f32(255) / white, raw[y & 7])
            if is_filtered:
                _guide(raw[y & 7], guide[y & 7])
        v = y - 1
        if is_filtered and v >= first - 3 and 0 <= v < height:
            above, below = max(v - 1, 0) & 7, min(v + 1, height - 1) & 7
            _smooth(guide[above], guide[v & 7], guide[below], line, smooth[v & 7])
            _in_units(smooth[v & 7], ranges[0], bands)
        v = y - 2
        if is_filtered and v >= first - 2 and 0 <= v < height:
            above, below = max(v - 1, 0) & 7, min(v + 1, height - 1) & 7
            _bilateral(
                raw[above],
                raw[v & 7],
                raw[below],
                smooth[above],
                smooth[v & 7],
                smooth[below],
                near_step,
                near[0],
                far[0],
                once[v & 7],
            )
            _guide(once[v & 7], once_guide[v & 7])
            _in_units(once_guide[v & 7], ranges[1], bands)
        v = y - ahead
        if v < first or v >= last:
            continue
        source = raw[v & 7]
        if is_filtered:
            above, below = max(v - 2, 0) & 7, min(v + 2, height - 1) & 7
            _bilateral(
                once[above],
                once[v & 7],
                once[below],
                once_guide[above],
                once_guide[v & 7],
                once_guide[below],
                far_step,
                near[1],
                far[1],
                twice,
            )
            source = twice
        _between_rows(grid, v, height, nodes_here)
        _brightness(source, shares)
        if is_filtered and strength < f32(1):
            before = raw[v & 7]
            for c in range(3):
                for x in range(width + 2 * PAD):
                    change = source[c, x] - before[c, x]
                    source[c, x] = before[c, x] + strength * change
        for c in range(3):
            plane, x_c = source[c, PAD:], curved[c]
            for x in range(width):
                x_c[x] = plane[x] * f32(1 / 255)
        for i in range(iterations):
            k = i % num_maps
            _curve(nodes_here, k, num_maps, shares, strength, curve)
            _iterate(curved, curve)
        _finish(source, curved, ratio_share, white, line, rounded, out[v])


@njit(**OPTIONS)
def _load(pixels, levels, out):
    """Load a row of the image as planes, in levels of 8 bits."""
    flat = pixels.reshape(-1)
    for c in range(3):
        plane = out[c, PAD:]
        for x in range(pixels.shape[0]):
            plane[x] = levels * f32(flat[3 * x + c])
        _extend(out[c])


@njit(**OPTIONS)
def _extend(row):
    """Continue the border at both ends of a row."""
    end = row.shape[0] - PAD
    for k in range(PAD):
        row[k] = row[PAD]
        row[end + k] = row[end - 1]


@njit(**OPTIONS)
def _guide(planes, out):
    red, green, blue = planes[0], planes[1], planes[2]
    for x in range(out.shape[0]):
        out[x] = f32(0.25) * red[x] + f32(0.5) * green[x] + f32(0.25) * blue[x]


@njit(**OPTIONS)
def _smooth(above, here, below, line, out):
    for x in range(line.shape[0]):
        line[x] = above[x] + f32(2) * here[x] + below[x]
    left, middle, right = line[PAD - 1 :], line[PAD:], line[PAD + 1 :]
    smooth = out[PAD:]
    for x in range(out.shape[0] - 2 * PAD):
        smooth[x] = (left[x] + f32(2) * middle[x] + right[x]) * f32(0.0625)
    _extend(out)


@njit(**OPTIONS)
def _in_units(guide, ranges, bands):
    """Stretch a row of brightness so that a difference of 1 is the range there."""
    b0, b1, b2, b3, b4 = bands
    w1, w2, w3, w4 = b1 - b0, b2 - b1, b3 - b2, b4 - b3
    r1, r2 = f32(1) / ranges[0], f32(1) / ranges[1]
    r3, r4 = f32(1) / ranges[2], f32(1) / ranges[3]
    for x in range(guide.shape[0]):
        v = guide[x]
        dark = r1 * min(max(v - b0, f32(0)), w1) + r2 * min(max(v - b1, f32(0)), w2)
        light = r3 * min(max(v - b2, f32(0)), w3) + r4 * min(max(v - b3, f32(0)), w4)
        guide[x] = dark + light


@njit(**OPTIONS)
def _bilateral(a, b, c, guide_a, guide_b, guide_c, step, near, far, out):
    """Filter the middle one of three rows of planes (3, W), by 3×3 taps at `step`."""
    lo, hi = PAD - step, PAD + step
    ga0, ga1, ga2 = guide_a[lo:], guide_a[PAD:], guide_a[hi:]
    gb0, gb1, gb2 = guide_b[lo:], guide_b[PAD:], guide_b[hi:]
    gc0, gc1, gc2 = guide_c[lo:], guide_c[PAD:], guide_c[hi:]
    ra0, ra1, ra2 = a[0, lo:], a[0, PAD:], a[0, hi:]
    rb0, rb1, rb2 = b[0, lo:], b[0, PAD:], b[0, hi:]
    rc0, rc1, rc2 = c[0, lo:], c[0, PAD:], c[0, hi:]
    na0, na1, na2 = a[1, lo:], a[1, PAD:], a[1, hi:]
    nb0, nb1, nb2 = b[1, lo:], b[1, PAD:], b[1, hi:]
    nc0, nc1, nc2 = c[1, lo:], c[1, PAD:], c[1, hi:]
    ua0, ua1, ua2 = a[2, lo:], a[2, PAD:], a[2, hi:]
    ub0, ub1, ub2 = b[2, lo:], b[2, PAD:], b[2, hi:]
    uc0, uc1, uc2 = c[2, lo:], c[2, PAD:], c[2, hi:]
    red, green, blue = out[0, PAD:], out[1, PAD:], out[2, PAD:]
    for x in range(out.shape[1] - 2 * PAD):
        here = gb1[x]
        a0, a2 = far * _likeness(ga0[x], here), far * _likeness(ga2[x], here)
        c0, c2 = far * _likeness(gc0[x], here), far * _likeness(gc2[x], here)
        a1, c1 = near * _likeness(ga1[x], here), near * _likeness(gc1[x], here)
        b0, b2 = near * _likeness(gb0[x], here), near * _likeness(gb2[x], here)
        norm = f32(1) / (f32(1) + a0 + a1 + a2 + b0 + b2 + c0 + c1 + c2)
        r = rb1[x] + a0 * ra0[x] + a1 * ra1[x] + a2 * ra2[x] + b0 * rb0[x]
        r += b2 * rb2[x] + c0 * rc0[x] + c1 * rc1[x] + c2 * rc2[x]
        g = nb1[x] + a0 * na0[x] + a1 * na1[x] + a2 * na2[x] + b0 * nb0[x]
        g += b2 * nb2[x] + c0 * nc0[x] + c1 * nc1[x] + c2 * nc2[x]
        u = ub1[x] + a0 * ua0[x] + a1 * ua1[x] + a2 * ua2[x] + b0 * ub0[x]
        u += b2 * ub2[x] + c0 * uc0[x] + c1 * uc1[x] + c2 * uc2[x]
        red[x], green[x], blue[x] = norm * r, norm * g, norm * u
    for k in range(3):
        _extend(out[k])


@njit(**OPTIONS)
def _likeness(guide, here):
    difference = guide - here
    likeness = max(f32(1) - difference * difference, f32(0))
    return likeness * likeness


@njit(**OPTIONS)
def _between_rows(grid, y, height, out):
    """Write the nodes' maps (Z·n, G) for a row of the image."""
    size = grid.shape[0]
    place = (f32(y) + f32(0.5)) * (f32(size) / f32(height)) - f32(0.5)
    place = min(max(place, f32(0)), f32(size - 1))
    upper = int(place)
    lower = min(upper + 1, size - 1)
    share = place - f32(upper)
    for c in range(out.shape[0]):
        for x in range(size):
            out[c, x] = grid[upper, c, x] + share * (
                grid[lower, c, x] - grid[upper, c, x]
            )


@njit(**OPTIONS)
def _brightness(planes, shares):
    """Write how much each node along the brightness counts at each pixel of a row."""
    red, green, blue = planes[0, PAD:], planes[1, PAD:], planes[2, PAD:]
    dark, half, full = shares[0], shares[1], shares[2]
    for x in range(planes.shape[1] - 2 * PAD):
        brightest = max(max(red[x], green[x]), blue[x]) * f32(1 / 255)
        place = f32(2) * np.sqrt(brightest)
        dark[x] = max(f32(1) - place, f32(0))
        full[x] = max(place - f32(1), f32(0))
        half[x] = f32(1) - dark[x] - full[x]


@njit(**OPTIONS)
def _curve(nodes_here, k, num_maps, shares, strength, out):
    """Write a row of map k at full width, between columns and along the brightness.

    Rows have `SPARE` more places: between two columns the loop runs over whole vectors,
    and what it writes too much is written again.
    """
    width = out.shape[0] - SPARE
    size = nodes_here.shape[1]
    step = f32(size) / f32(width)
    start = 0
    for column in range(-1, size):
        # Pixels between the centres of this node and the next one.
        stop = width
        if column < size - 1:
            stop = min(int(np.ceil((column + 1.5) / step - 0.5)), width)
        if stop <= start:
            continue
        a, b = max(column, 0), min(column + 1, size - 1)
        offset = (f32(start) + f32(0.5)) * step - f32(0.5) - f32(a)
        dark, rise_dark = _line(nodes_here[k], a, b, offset, step, strength)
        half, rise_half = _line(nodes_here[num_maps + k], a, b, offset, step, strength)
        full, rise_full = _line(
            nodes_here[2 * num_maps + k], a, b, offset, step, strength
        )
        end = start + (stop - start + SPARE - 1) // SPARE * SPARE
        end = min(end, width + SPARE)
        part, dark_share = out[start:end], shares[0, start:end]
        half_share, full_share = shares[1, start:end], shares[2, start:end]
        # Counted from 0, or no vectors: a negative index would count from the end.
        for x in range(part.shape[0]):
            place = f32(np.int32(x))
            value = dark_share[x] * (dark + rise_dark * place)
            value += half_share[x] * (half + rise_half * place)
            part[x] = value + full_share[x] * (full + rise_full * place)
        start = stop


@njit(**OPTIONS)
def _iterate(planes, curve):
    for c in range(3):
        plane = planes[c]
        for x in range(plane.shape[0]):
            plane[x] += curve[x] * (plane[x] * plane[x] - plane[x])


@njit(**OPTIONS)
def _line(node, a, b, offset, step, strength):
    """Value at the first of some pixels between two columns, and rise to the next."""
    rise = strength * (node[b] - node[a])
    return strength * node[a] + rise * offset, rise * step


@njit(**OPTIONS)
def _finish(planes, curved, ratio_share, white, line, rounded, out):
    """Mix what the curves give with what keeps the channels' ratios; write integers."""
    red, green, blue = planes[0, PAD:], planes[1, PAD:], planes[2, PAD:]
    width = out.shape[0]
    c_red, c_green, c_blue = curved[0], curved[1], curved[2]
    for x in range(width):
        before = max(max(red[x], green[x]), blue[x]) * f32(1 / 255)
        after = max(max(c_red[x], c_green[x]), c_blue[x])
        line[x] = ratio_share * after / max(before, f32(1e-4)) * f32(1 / 255)
    flat = out.reshape(-1)
    for c in range(3):
        plane, x_c, integers = planes[c, PAD:], curved[c], rounded[c]
        for x in range(width):
            value = (f32(1) - ratio_share) * x_c[x] + line[x] * plane[x]
            integers[x] = np.int32(min(max(value, f32(0)), f32(1)) * white + f32(0.5))
    for x in range(width):
        flat[3 * x] = rounded[0, x]
        flat[3 * x + 1] = rounded[1, x]
        flat[3 * x + 2] = rounded[2, x]
