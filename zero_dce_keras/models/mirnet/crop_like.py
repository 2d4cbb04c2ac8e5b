"""Taking padding away."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class CropLike(keras.layers.Layer):
    """The top left part of some images that is as large as some others.

    Example:
        >>> import numpy as np
        >>> padded, images = np.ones((1, 32, 48, 3)), np.ones((1, 31, 45, 3))
        >>> CropLike()(padded, images).shape == images.shape
        True
    """

    def call(self, padded, images):
        height, width = ops.shape(images)[1:3]
        return padded[:, :height, :width]

    def compute_output_shape(self, padded_shape, images_shape):
        return (*images_shape[:3], padded_shape[-1])
