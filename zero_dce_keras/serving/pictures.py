"""Enhancing a picture of any size in bounded memory, by operations of a graph.

What a model learns from the whole picture it takes first; then it works in tiles, of
which only the finished pixels stay. AutoGraph makes loops of the graph of those below.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from zero_dce_keras.models.bilateral_constants import LEAST_NOISE
from zero_dce_keras.models.bilateral_dce.bilateral_dce import BilateralDCE
from zero_dce_keras.models.bilateral_dce.grid import (
    keep_ratios,
    node_shares,
    slice_planes,
)
from zero_dce_keras.models.bilateral_dce.noise import (
    filter_noise,
    noise_of_patches,
    noise_patches,
)
from zero_dce_keras.models.exposure_normalization import CELL, cell_size
from zero_dce_keras.models.miniature import area_means
from zero_dce_keras.models.resampling import block_means, transform_columns

TILE = 512
# Pixels on each side of a tile where the model sees the whole image: two tiles of one flat
# sky may differ by a level or two, which shows the less the farther it is spread.
OVERLAP = 64
PLANES, PIXELS = (0, 3, 1, 2), (0, 2, 3, 1)  # the order of axes; planes are faster
BAND = 128  # rows, or rows of cells, that are looked at together


class Settings(NamedTuple):
    """How to enhance; only `denoise` matters to models without curves.

    Args:
        iterations: int32 scalar, how often to apply a curve.
        strength: float32 scalar in [0, 1] that scales the curves.
        denoise: False leaves out the filter of a model that has one.
    """

    iterations: tf.Tensor
    strength: tf.Tensor
    denoise: bool


def enhance_picture(model, picture, white, settings):
    """Enhance one picture of any size.

    The result is that of the whole picture at once; of a model that looks at the whole
    picture, such as `MIRNet`, tiles fade into each other.

    Args:
        model: a model of the package.
        picture: tensor `(H, W, 3)`, integers from 0 to `white`, or float.
        white: float32 scalar, the value of white.
        settings: `Settings`.

    Returns:
        tensor like the picture.
    """
    find_parts = _bilateral_parts if isinstance(model, BilateralDCE) else _parts
    parts = find_parts(model, picture, white, settings)
    picture = tf.ensure_shape(picture, (None, None, 3))
    height, width = _sides(picture)
    context = parts.context + -parts.context % parts.grid

    def tile(rows, columns):
        (top, bottom), (left, right) = rows, columns
        first_row, first_column = (
            tf.maximum(top - context, 0),
            tf.maximum(left - context, 0),
        )
        seen = picture[first_row : bottom + context, first_column : right + context]
        enhanced = parts.enhance(_to_float(seen, white)[None], first_row, first_column)
        top, left = top - first_row, left - first_column
        return enhanced[0, top:, left:][: bottom - rows[0], : right - columns[0]]

    def band(top, bottom):
        def column(left, right):
            return tf.transpose(tile((top, bottom), (left, right)), (1, 0, 2))

        joined = join_spans(width, TILE, parts.overlap, parts.grid, column)
        return tf.transpose(joined, (1, 0, 2))

    def finish(rows):
        if picture.dtype.is_floating:
            return rows
        return tf.cast(tf.round(tf.clip_by_value(rows, 0, 1) * white), picture.dtype)

    return join_spans(height, TILE, parts.overlap, parts.grid, band, finish)


def join_spans(length, size, overlap, grid, part, finish=tf.identity):
    """Compute a tensor span by span, along its first axis.

    Args:
        length: int32 scalar, of the axis.
        size: of a span, about.
        overlap: how many places a span reaches into its neighbours on each side. There
            the two fade into each other.
        grid: spans start at multiples of this.
        part: function from where a span starts and stops to its float tensor
            `(stop − start, w, c)`.
        finish: function of a finished tensor of some rows.

    Returns:
        tensor `(length, w, c)`.
    """
    count = tf.maximum(1, (length + size - 1) // size)
    starts = tf.range(count) * length // count // grid * grid
    stops = tf.concat([starts[1:], length[None]], axis=0)
    dtype = finish(tf.zeros((0, 0, 1))).dtype
    pieces = tf.TensorArray(
        dtype, count, infer_shape=False, element_shape=(None, None, None)
    )
    carried = tf.zeros((0, 1, 1))  # the last rows of a span, which the next begins with
    for k in tf.range(count):
        tf.autograph.experimental.set_loop_options(
            parallel_iterations=1,
            shape_invariants=[(carried, tf.TensorShape([None, None, None]))],
        )
        start = tf.maximum(starts[k] - overlap, 0)
        rows = part(start, tf.minimum(stops[k] + overlap, length))
        shared = tf.shape(carried)[0]
        rising = (tf.range(tf.cast(shared, tf.float32)) + 0.5)[:, None, None]
        rising /= tf.cast(tf.maximum(shared, 1), tf.float32)
        rising *= rising * (3 - 2 * rising)  # without edges where a fade begins
        faded = carried + rising * (rows[:shared] - carried)
        left = tf.where(k < count - 1, 2 * overlap, 0)
        last = tf.shape(rows)[0] - left
        pieces = pieces.write(k, finish(tf.concat([faded, rows[shared:last]], axis=0)))
        carried = rows[last:]
    return pieces.concat()


class Parts(NamedTuple):
    """How to enhance one picture in parts.

    Args:
        enhance: function from a part `(1, h, w, 3)` in [0, 1], and the row and the
            column where it begins, to the same, enhanced.
        context: how many pixels around it a pixel depends on.
        overlap: how many pixels parts share with their neighbours on each side.
        grid: parts begin at multiples of this many pixels.
    """

    enhance: Callable
    context: int
    overlap: int = 0
    grid: int = 1


def _parts(model, picture, white, settings):
    """Return the `Parts` of a picture; the arguments are those of `enhance_picture`."""
    arguments = {}
    if model.num_gains:
        cells = _metering_cells(picture, white)
        arguments["gains"] = model.gains_of_cells(cells[None])
    if model.can_denoise:
        arguments["denoise"] = settings.denoise

    def enhance(part, top, left):
        if not model.has_curves:
            return model.enhance(part, **arguments)
        images, maps = model.estimate(part, **arguments)
        low_light, images, maps = (
            tf.transpose(x, PLANES) for x in (part, images, maps)
        )
        curved = apply_maps(low_light, images, maps, model, settings)
        return tf.transpose(curved, PIXELS)

    if model.context is None:
        return Parts(enhance, 0, OVERLAP, model.grid)
    return Parts(enhance, model.context, grid=model.grid)


def _bilateral_parts(model, picture, white, settings):
    """Return the `Parts` of a picture for a `BilateralDCE`: the network runs once."""
    small = _miniature(picture, white, model.miniature_size)
    curves = model.dce_model(small, training=False)
    sides = _sides(picture)
    denoises = model.can_denoise and settings.denoise
    noise = tf.zeros(1)
    if denoises:
        noise = noise_of_patches(_to_float(noise_patches(picture[None]), white))
    is_noisy = tf.reduce_max(noise) >= LEAST_NOISE

    def enhance(part, top, left):
        height, width = _sides(part[0])
        low_light = images = tf.transpose(part, PLANES)
        if denoises and is_noisy:
            images = filter_noise(images, noise, channels=1)
        rows = node_shares(sides[0], curves.shape[1])[top : top + height]
        columns = node_shares(sides[1], curves.shape[1])[left : left + width]
        brightest = tf.reduce_max(images, axis=1)
        maps = slice_planes(curves, brightest, model.num_maps, rows, columns)
        maps = tf.stack(maps, axis=1)
        curved = apply_maps(low_light, images, maps, model, settings)
        return tf.transpose(curved, PIXELS)

    return Parts(enhance, model.denoising_filter.context if denoises else 0)


def apply_maps(low_light, images, maps, model, settings):
    """Apply curve maps, as often and as far as the settings say.

    Args:
        low_light: float tensor `(1, 3, h, w)`, a part of the picture.
        images, maps: what `estimate` of the model gives for it, in planes too.
        model: a model with curves.
        settings: `Settings`.
    """
    share = getattr(model, "ratio_share", None)  # None: a curve for each channel
    channels = 3 if share is None else 1
    images = low_light + settings.strength * (images - low_light)
    maps = settings.strength * maps
    x, i = images, tf.constant(0)
    while i < settings.iterations:
        start = channels * i % tf.shape(maps)[1]
        curved = x + maps[:, start : start + channels] * (x * x - x)
        x = tf.ensure_shape(curved, images.shape)
        i += 1
    if share is not None:
        x = keep_ratios(images, x, share, channels=1)
    return tf.where(settings.iterations == 0, low_light, x)


def _metering_cells(picture, white):
    """Return the cells `(h, w, 3)` that exposure is metered on, see `MeteringCells`."""
    height, width = _sides(picture)
    cell = cell_size(height, width)

    def rows(start, stop):
        return block_means(_to_float(picture[start:stop], white)[None], cell)[0]

    return join_spans(height, BAND // CELL * cell, 0, cell, rows)


def _miniature(picture, white, size):
    """Return the miniature `(1, size, size, 3)` of a picture, see `grid.miniature`."""
    height, width = _sides(picture)
    shares = area_means(height, size)
    total = tf.zeros((size, 3 * width))
    for start in tf.range(0, height, BAND):
        tf.autograph.experimental.set_loop_options(parallel_iterations=1)
        rows = _to_float(picture[start : start + BAND], white)
        rows = tf.reshape(rows, (-1, 3 * width))
        total += tf.matmul(shares[:, start : start + BAND], rows)
    columns = tf.reshape(total, (1, size, width, 3))
    return transform_columns(area_means(width, size), columns)


def _sides(picture):
    shape = tf.shape(picture)
    return shape[0], shape[1]


def _to_float(picture, white):
    return tf.cast(picture, tf.float32) / white
