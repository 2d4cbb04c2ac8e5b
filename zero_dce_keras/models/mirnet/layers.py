"""The small layers and helpers that the blocks of MIRNet are made of."""

import keras
from keras import ops


def pytorch_uniform():
    """Return U(−1/√fan_in, 1/√fan_in), which the official code's kernels start from."""
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def convolution(filters, size, dtype=None, use_bias=False, **kwargs):
    """Make a convolution that keeps height and width; without a bias, as in MIRNet."""
    return keras.layers.Conv2D(
        filters,
        size,
        padding="same",
        use_bias=use_bias,
        kernel_initializer=pytorch_uniform(),
        data_format="channels_last",
        dtype=dtype,
        **kwargs,
    )


def transposed_convolution(
    filters, size, stride, dtype=None, use_bias=False, padding="same", **kwargs
):
    """Make a transposed convolution; with `padding="same"`, `stride` times as large."""
    return keras.layers.Conv2DTranspose(
        filters,
        size,
        strides=stride,
        padding=padding,
        use_bias=use_bias,
        kernel_initializer=pytorch_uniform(),
        data_format="channels_last",
        dtype=dtype,
        **kwargs,
    )


def build_all(channels, *layers):
    """Build layers for features of so many channels, unless they were built before.

    Left to themselves, nested layers build by tracing one another: minutes for MIRNet.
    """
    for layer in layers:
        if not layer.built:
            layer.build((None, None, None, channels))


def learnt_slope(dtype=None):
    """Make a PReLU with one slope for all channels, from 0.25 on, as PyTorch's."""
    return keras.layers.PReLU(
        alpha_initializer=keras.initializers.Constant(0.25),
        shared_axes=[1, 2, 3],
        dtype=dtype,
    )


def shared_slope(activation, dtype=None):
    """Return the activation that a block shares with others, or make one of its own.

    Args:
        activation: a layer, its configuration (from `get_config`), or `None`.
        dtype: dtype policy of a new one.
    """
    if activation is None:
        return learnt_slope(dtype)
    if isinstance(activation, dict):
        return keras.saving.deserialize_keras_object(activation)
    return activation


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ChannelAttention(keras.layers.Layer):
    """Scales every channel by a weight in (0, 1), seen from the mean of all channels.

    `x · sigmoid(W₂ relu(W₁ mean(x)))`; the shape stays.

    Args:
        channels: channels C of the input.
        reduction: W₁ leaves C / `reduction` channels, at least 1.
        **kwargs: `name` and `dtype`, as for every layer.

    Example:
        >>> import numpy as np
        >>> images = np.ones((1, 32, 48, 16), "float32")
        >>> ChannelAttention(16)(images).shape == images.shape
        True

    Source: section 3.3 of https://arxiv.org/abs/2003.06792.
    """

    def __init__(self, channels, reduction=8, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        self.reduction = reduction
        hidden = max(channels // reduction, 1)
        self.squeeze = convolution(
            hidden, 1, activation="relu", dtype=self.dtype_policy
        )
        self.excite = convolution(
            channels, 1, activation="sigmoid", dtype=self.dtype_policy
        )

    def build(self, input_shape):
        build_all(self.channels, self.squeeze)
        build_all(self.squeeze.filters, self.excite)

    def call(self, x):
        mean = ops.mean(x, axis=(1, 2), keepdims=True)  # (B, 1, 1, C)
        return x * self.excite(self.squeeze(mean))

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "reduction": self.reduction,
        }


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ChannelPooling(keras.layers.Layer):
    """The maximum and the mean over the channels, in that order.

    `(B, H, W, C)` → `(B, H, W, 2)`.

    Example:
        >>> import numpy as np
        >>> pooled = ChannelPooling()(np.float32([[[[1, 2, 6]]]]))
        >>> [float(value) for value in pooled[0, 0, 0]]
        [6.0, 3.0]

    Source: `ChannelPool` in `networks/MIRNet_model.py` of
    https://github.com/swz30/MIRNet.
    """

    def call(self, x):
        largest = ops.max(x, axis=-1, keepdims=True)
        mean = ops.mean(x, axis=-1, keepdims=True)
        return ops.concatenate([largest, mean], axis=-1)


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class SpatialAttention(keras.layers.Layer):
    """Scales every pixel by a weight in (0, 1), seen from 5×5 pixels around it.

    `x · sigmoid(conv5×5([max, mean] over the channels))`; the shape stays.

    Example:
        >>> import numpy as np
        >>> SpatialAttention()(np.ones((1, 32, 48, 4), "float32")).shape == (1, 32, 48, 4)
        True

    Source: section 3.3 of https://arxiv.org/abs/2003.06792.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pooling = ChannelPooling(dtype=self.dtype_policy)
        self.convolution = convolution(
            1, 5, activation="sigmoid", dtype=self.dtype_policy
        )

    def build(self, input_shape):
        build_all(2, self.convolution)

    def call(self, x):
        return x * self.convolution(self.pooling(x))


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class SelectiveKernelFeatureFusion(keras.layers.Layer):
    """A weighted mean of streams, with weights seen from the mean of their sum.

    For every channel the weights of the streams add up to 1: the softmax runs across
    the streams, not over the channels.

    A list of tensors `(B, H, W, C)` → `(B, H, W, C)`.

    Args:
        channels: channels C of every stream.
        num_streams: length of the list.
        reduction: the weights are seen from C / `reduction` channels, at least 4.
        **kwargs: `name` and `dtype`, as for every layer.

    Example: equal streams stay as they are.

    >>> import numpy as np
    >>> stream = np.full((1, 32, 48, 16), 0.5, "float32")
    >>> fused = SelectiveKernelFeatureFusion(16)([stream, stream, stream])
    >>> bool(np.allclose(fused, stream))
    True

    Source: section 3.2 of https://arxiv.org/abs/2003.06792; `SKFF` in
    `networks/MIRNet_model.py` of https://github.com/swz30/MIRNet.
    """

    def __init__(self, channels, num_streams=3, reduction=8, **kwargs):
        super().__init__(**kwargs)
        dtype = self.dtype_policy
        self.channels = channels
        self.num_streams = num_streams
        self.reduction = reduction
        self.squeeze = convolution(max(channels // reduction, 4), 1, dtype)
        self.activation = learnt_slope(dtype)
        self.excite = [convolution(channels, 1, dtype) for _ in range(num_streams)]

    def build(self, input_shape):
        build_all(self.channels, self.squeeze)
        build_all(self.squeeze.filters, self.activation, *self.excite)

    def call(self, streams):
        weights = self.stream_weights(streams)
        return sum(weight * stream for weight, stream in zip(weights, streams))

    def stream_weights(self, streams):
        """Return the weights of the streams: a list of tensors `(B, 1, 1, C)` in (0, 1)."""
        mean = ops.mean(sum(streams), axis=(1, 2), keepdims=True)  # (B, 1, 1, C)
        seen = self.activation(self.squeeze(mean))
        scores = ops.stack([layer(seen) for layer in self.excite])  # (S, B, 1, 1, C)
        return ops.unstack(ops.softmax(scores, axis=0), self.num_streams)

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "num_streams": self.num_streams,
            "reduction": self.reduction,
        }


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
        """Return the indices of the pixels along a padded side."""
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
