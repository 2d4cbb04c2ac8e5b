"""Filter and exposure, and the small copy that the network looks at.

The loops of `DenoisingFilter`, of `ExposureNormalization.apply_gains` and of the means of
blocks, row by row: a few rows stay in the processor's cache while everything that depends
on them is computed.
"""

import numpy as np
from numba import prange

from zero_dce_keras.inference.fast.loops import (
    WHITE,
    compiled,
    f32,
    inlined,
    luma,
    parallel,
)

PAD = 2  # pixels that a row goes on at both ends

# A table of tones has an entry for every level of [0, 255] at which the float32 1 + level
# ends in so many zeros: shadows, where tone curves are steep, get more entries.
ZEROS = 13
FIRST = 127 << (23 - ZEROS)  # what the bits of 1.0 begin with
LEVELS = ((np.arange(8193, dtype="int32") + FIRST) << ZEROS).view("float32") - 1


@parallel
def prepare_image(
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
        tone: floats (3, 8193), each channel's tone curve at `LEVELS`.
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
    """Load a row of the image as planes, in levels of 8 bits."""
    flat = pixels.reshape(-1)
    for c in range(3):
        plane = out[c, PAD:]
        for x in range(pixels.shape[0]):
            plane[x] = levels * f32(flat[3 * x + c])
        _extend(out[c])


@inlined
def _extend(row):
    """Continue the border at both ends of a row."""
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
    """Return a row without its ends, a number of pixels before, at, and behind each pixel."""
    return row[PAD - step :], row[PAD:], row[PAD + step :]


@inlined
def _bilateral(rows, guides, step, near, far, out):
    """Filter the middle one of three rows of planes (3, W), by 3×3 taps at `step`."""
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
    """Normalise a row: add it to the sums of its blocks, write it in 16 bits."""
    width = out.shape[1]
    bits = line.view(np.int32)
    for c in range(3):
        plane, curve, v = planes[c, PAD:], tone[c], toned[c]
        for x in range(width):
            line[x] = plane[x] + f32(1)
        for x in range(width):
            bits[x] = _entry(bits[x])
        for x in range(width):
            v[x] = curve[np.uint32(bits[x])]
    red, green, blue = toned[0], toned[1], toned[2]
    for x in range(width):
        line[x] = (f32(1) - saturation) * luma(red[x], green[x], blue[x])
    for c in range(3):
        v, total, written = toned[c], sums[c], out[c]
        if share < f32(1):
            before = unchanged[c, PAD:]
            for x in range(width):
                start = before[x] * f32(1 / 255)
                normalized = line[x] + saturation * v[x]
                mixed = start + share * (normalized - start)
                total[x] += mixed
                written[x] = _sixteen_bits(mixed)
        else:
            for x in range(width):
                normalized = line[x] + saturation * v[x]
                total[x] += normalized
                written[x] = _sixteen_bits(normalized)


@inlined
def _sixteen_bits(value):
    return np.uint16(np.int32(value * WHITE + f32(0.5)))


@inlined
def _entry(bits):
    """Which of `LEVELS` is nearest, by the bits of the float32 1 + level as an int32."""
    nearest = np.int32(bits + np.int32(1 << (ZEROS - 1))) >> np.int32(ZEROS)
    return np.int32(nearest - np.int32(FIRST))


@compiled
def _means(sums, height, scale, out):
    """Turn the sums of lines into a row of block means; begin the sums anew."""
    width = sums.shape[1]
    for column in range(out.shape[0]):
        start, stop = column * scale, min((column + 1) * scale, width)
        for c in range(3):
            total = f32(0)
            for x in range(start, stop):
                total += sums[c, x]
            out[column, c] = total / f32(height * (stop - start))
    sums[:] = 0
