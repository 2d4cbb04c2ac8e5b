"""Shrinking images for a network, and stretching its curve maps to their full size.

Images of any size: one that the scale factor does not divide counts as continued by its
last row and column up to the next multiple, so nothing is cropped. With small size
h = ⌈H / s⌉, both directions are defined by the factor s and not by the ratio of the two
sizes, so the grid lies the same whatever is missing to the multiple.
"""

import numbers

import keras
from keras import ops

from zero_dce_keras.errors import check_choice
from zero_dce_keras.models.choices import RESAMPLINGS


def check_resampling(scale_factor, resampling):
    """Raise a `ValueError` for arguments out of their range."""
    if not isinstance(scale_factor, numbers.Integral) or scale_factor < 1:
        raise ValueError(
            f"scale_factor must be a whole number, at least 1. Received: {scale_factor}"
        )
    check_choice("resampling", resampling, RESAMPLINGS)


class ShrinkImages(keras.layers.Layer):
    """Images `(B, H, W, C)` to `(B, ⌈H/s⌉, ⌈W/s⌉, C)`.

    Args:
        scale_factor: s, at least 1.
        resampling: `"official"`: the mean of the 2×2 pixels (for an odd s: the pixel)
            at the centre of each block of s×s, which is what PyTorch's
            `interpolate(scale_factor=1/s, mode="bilinear")` reads. `"area"`: the mean
            of the whole block, so that noise averages out.
    """

    def __init__(self, scale_factor, resampling="official", **kwargs):
        super().__init__(dtype="float32", **kwargs)
        check_resampling(scale_factor, resampling)
        self.scale_factor = scale_factor
        self.resampling = resampling

    def call(self, images):
        if self.resampling == "official":
            return self._centres(self._centres(images, axis=1), axis=2)
        return block_means(images, self.scale_factor)

    def _centres(self, images, axis):
        size, s = ops.shape(images)[axis], self.scale_factor
        starts = s * ops.arange(_small_size(size, s), dtype="int32")
        pixels = [
            ops.take(images, ops.minimum(starts + offset, size - 1), axis=axis)
            for offset in sorted({(s - 1) // 2, s // 2})
        ]
        return sum(pixels) / len(pixels)

    def compute_output_shape(self, images_shape):
        batch, height, width, channels = images_shape
        small = [
            None if size is None else _small_size(size, self.scale_factor)
            for size in (height, width)
        ]
        return (batch, *small, channels)


class StretchMaps(keras.layers.Layer):
    """Maps `(B, ⌈H/s⌉, ⌈W/s⌉, C)` to the height and width of images `(B, H, W, …)`.

    Bilinear, as two products with small matrices.

    Args:
        scale_factor: s, at least 1.
        resampling: `"official"`: corners aligned to corners, as PyTorch's
            `UpsamplingBilinear2d(s)`; pixels move by up to half a block towards the
            borders. `"area"`: every block keeps its centre.
    """

    def __init__(self, scale_factor, resampling="official", **kwargs):
        super().__init__(dtype="float32", **kwargs)
        check_resampling(scale_factor, resampling)
        self.scale_factor = scale_factor
        self.resampling = resampling

    def call(self, maps, images):
        height, width = ops.shape(images)[1:3]
        small_height, small_width = ops.shape(maps)[1:3]
        # The columns first: then the second, larger product is over few, long rows.
        maps = transform_columns(self._bilinear(small_width, width), maps)
        return transform_rows(self._bilinear(small_height, height), maps)

    def _bilinear(self, small, size):
        """Return the matrix `(size, small)` that interpolates along one axis."""
        s = self.scale_factor
        places = ops.arange(size, dtype="float32")
        last = ops.cast(small, "float32") - 1.0
        if self.resampling == "official":
            places = places * (last / (s * (last + 1.0) - 1.0))
        else:
            places = ops.clip((places + 0.5) / s - 0.5, 0.0, last)
        pixels = ops.arange(small, dtype="float32")
        return ops.maximum(0.0, 1.0 - ops.abs(places[:, None] - pixels))

    def compute_output_shape(self, maps_shape, images_shape):
        return (*images_shape[:3], maps_shape[-1])


def block_means(images, scale_factor):
    """Shrink `(B, H, W, C)` to `(B, ⌈H/s⌉, ⌈W/s⌉, C)`; s may be a tensor.

    Blocks at the lower and right borders are the means of the pixels that there are.
    """
    height, width = ops.shape(images)[1:3]
    images = transform_rows(_block_means(height, scale_factor), images)
    return transform_columns(_block_means(width, scale_factor), images)


def _block_means(size, scale_factor):
    """Return the matrix `(⌈size/s⌉, size)` of the means."""
    blocks = ops.arange(_small_size(size, scale_factor), dtype="int32")
    block_of = ops.arange(size, dtype="int32") // scale_factor
    matrix = ops.cast(blocks[:, None] == block_of, "float32")
    return matrix / ops.sum(matrix, axis=1, keepdims=True)


def _small_size(size, scale_factor):
    return (size + scale_factor - 1) // scale_factor


def transform_rows(matrix, images):
    """Multiply `(new, H)` by `(B, H, W, C)` along the height."""
    height, width, channels = ops.shape(images)[1:]
    rows = ops.reshape(images, (-1, height, width * channels))
    rows = ops.matmul(matrix, rows)
    return ops.reshape(rows, (-1, ops.shape(matrix)[0], width, channels))


def transform_columns(matrix, images):
    """Multiply `(new, W)` by `(B, H, W, C)` along the width."""
    images = ops.transpose(images, (0, 2, 1, 3))
    return ops.transpose(transform_rows(matrix, images), (0, 2, 1, 3))
