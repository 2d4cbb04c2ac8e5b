"""One look at a miniature of the whole photograph, and what follows for every pixel."""

import keras
from keras import ops

from zero_dce_keras.models.mirnet.layers import build_all

VIEW = 16  # side of the miniature
CHANNELS = (12, 24)  # of the convolutions that look at it
BLACK = 1e-4  # what is darker counts as this, so that slopes are finite
# How far the whole photograph can be changed: the logarithms of gain and gamma, and the
# share of one channel that is added to another.
LIMITS = (0.7, 0.5, *[0.3] * 9)


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class GlobalView(keras.layers.Layer):
    """Sees from a miniature how a photograph as a whole is to be changed.

    `(B, 16, 16, 3)` → `(B, 11)`: the logarithms of a gain and of a gamma, and a 3×3
    matrix of colours, for `ChangeTone`. Everything is 0 before the training. 4,403
    parameters.

    Args:
        **kwargs: `name` and `dtype`, as for every layer.

    Example:
        >>> import numpy as np
        >>> GlobalView()(np.ones((2, 16, 16, 3), "float32")).shape == (2, 11)
        True
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        dtype = self.dtype_policy
        self.convolutions = [
            keras.layers.Conv2D(
                channels,
                3,
                strides=2,
                padding="same",
                activation="relu",
                data_format="channels_last",
                dtype=dtype,
            )
            for channels in CHANNELS
        ]
        self.hidden = keras.layers.Dense(CHANNELS[-1], activation="relu", dtype=dtype)
        self.changes = keras.layers.Dense(
            len(LIMITS), activation="tanh", kernel_initializer="zeros", dtype="float32"
        )

    def build(self, input_shape):
        for layer, channels in zip(self.convolutions, (3, *CHANNELS)):
            build_all(channels, layer)
        self.hidden.build((None, 2 * CHANNELS[-1]))
        self.changes.build((None, CHANNELS[-1]))

    def call(self, view):
        for layer in self.convolutions:
            view = layer(view)
        whole = [ops.mean(view, axis=(1, 2)), ops.max(view, axis=(1, 2))]
        seen = self.hidden(ops.concatenate(whole, axis=-1))
        return self.changes(seen) * ops.convert_to_tensor(LIMITS, "float32")


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ChangeTone(keras.layers.Layer):
    """Changes images pixel by pixel, each as a whole: `y + M·y` with `y = k · x^γ`.

    Images `(B, H, W, 3)` and `(B, 11)` from `GlobalView` → `(B, H, W, 3)`. Nothing is
    clipped; 11 zeros leave images as they are.

    Example: a gain of 2.

    >>> import numpy as np
    >>> changes = np.float32([[np.log(2), *[0] * 10]])
    >>> grey = np.full((1, 32, 48, 3), 0.25, "float32")
    >>> round(float(ChangeTone()([grey, changes])[0, 0, 0, 0]), 5)
    0.5
    """

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def call(self, inputs):
        images, changes = inputs
        changes = changes[:, None, None, :]  # (B, 1, 1, 11)
        logs = ops.log(ops.maximum(images, BLACK))
        toned = ops.exp(changes[..., :1] + ops.exp(changes[..., 1:2]) * logs)
        mixed = [
            toned[..., i : i + 1] * changes[..., 2 + 3 * i : 5 + 3 * i]
            for i in range(3)
        ]
        return toned + sum(mixed)

    def compute_output_shape(self, input_shape):
        return input_shape[0]
