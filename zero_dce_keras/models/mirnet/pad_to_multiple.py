"""Making room for scales."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class PadToMultiple(keras.layers.Layer):
    """Reflects images at the right and the bottom up to a multiple of some number.

    `(B, H, W, C)` → the same, H and W rounded up. Images that are smaller than what
    they lack are reflected to and fro; one pixel is repeated.

    Args:
        multiple: what the height and width become multiples of.
        **kwargs: `name` and `dtype`, as for every layer.

    Example:
        >>> import numpy as np
        >>> row = np.arange(5, dtype="float32").reshape(1, 1, 5, 1)
        >>> [int(value) for value in PadToMultiple(4)(row)[0, 0, :, 0]]
        [0, 1, 2, 3, 4, 3, 2, 1]
    """

    def __init__(self, multiple, **kwargs):
        super().__init__(**kwargs)
        self.multiple = multiple

    def call(self, images):
        height, width = ops.shape(images)[1:3]
        images = ops.take(images, self._reflected(height), axis=1)
        return ops.take(images, self._reflected(width), axis=2)

    def _reflected(self, size):
        """Indices of the pixels along a padded side."""
        padded = (size + self.multiple - 1) // self.multiple * self.multiple
        last = size - 1
        # Folded with period 2·last, 0 … last … 1: at least 1 for the single pixel.
        steps = ops.arange(padded) % ops.maximum(2 * last, 1)
        return ops.minimum(steps, 2 * last - steps)

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        sides = [side and -(-side // self.multiple) * self.multiple for side in sides]
        return (batch, *sides, channels)

    def get_config(self):
        return {**super().get_config(), "multiple": self.multiple}
