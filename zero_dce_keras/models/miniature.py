"""A picture of any size as a small square: what a network sees of the whole."""

import keras
from keras import ops

from zero_dce_keras.models.resampling import transform_columns, transform_rows


class Miniature(keras.layers.Layer):
    """`miniature` as a layer, for images of any size.

    Args:
        size: side of the miniature.
        **kwargs: `name` and `dtype`, as for every layer.
    """

    def __init__(self, size, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.size = size

    def call(self, images):
        return miniature(images, self.size)

    def compute_output_shape(self, images_shape):
        return (images_shape[0], self.size, self.size, images_shape[-1])


def miniature(images, size):
    """Shrink images `(B, H, W, C)` of any size to `(B, size, size, C)`, by area means.

    A cell that ends within a pixel takes that part of it.
    """
    images = transform_rows(area_means(ops.shape(images)[1], size), images)
    return transform_columns(area_means(ops.shape(images)[2], size), images)


def area_means(length, size):
    """Return the matrix `(size, length)` of how much of each pixel lies in each cell."""
    cells = ops.arange(size, dtype="float32")[:, None]
    pixels = ops.arange(length, dtype="float32")
    side = ops.cast(length, "float32") / size
    starts = ops.maximum(pixels, cells * side)
    stops = ops.minimum(pixels + 1, (cells + 1) * side)
    return ops.maximum(stops - starts, 0) / side
