"""Perception: the distance of two pictures in the features of a trained network."""

import keras
from keras import ops

from zero_dce_keras.errors import one_line

LAYER = "block4_conv3"  # relu4_3 of VGG16
# Channel means of ImageNet, in the order and range that Keras' weights were trained on.
IMAGENET_BGR = (103.939, 116.779, 123.68)
HOW_TO_GET = (
    "download https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 where there is a network, and "
    "put it into ~/.keras/models or give its path: weights=PATH"
)


def build_vgg_features(weights="imagenet"):
    """Build the part of VGG16 that `perception` compares pictures with: up to relu4_3.

    Args:
        weights: `"imagenet"`, for which Keras downloads a file of 56 MB once; the path
            of that file; or `None` for random weights.

    Returns:
        A `keras.Model` from `(B, H, W, 3)` in [0, 1], H and W at least 8, to
        activations `(B, H/8, W/8, 512)`. It does not train.

    Raises:
        ValueError: if the weights are missing and cannot be downloaded, or do not fit.

    Example:
        >>> build_vgg_features(weights=None).output.shape
        (None, None, None, 512)
    """
    try:
        vgg = keras.applications.VGG16(
            include_top=False,
            weights=None if weights is None else str(weights),
            input_shape=(None, None, 3),
        )
    except Exception as error:
        # Keras raises a bare Exception for a failed download.
        if isinstance(error, MemoryError):
            raise
        raise ValueError(
            f"weights={str(weights)!r} of VGG16 are unavailable "
            f"({one_line(error)[:200]}): {HOW_TO_GET}"
        ) from None
    images = keras.Input((None, None, 3))
    # The network was trained on BGR in 0–255, around the means of ImageNet.
    pixels = ops.flip(255.0 * images, axis=-1) - ops.convert_to_tensor(IMAGENET_BGR)
    features = keras.Model(vgg.input, vgg.get_layer(LAYER).output)(pixels)
    model = keras.Model(images, features, name="vgg_features")
    model.trainable = False
    return model


def perception(reference, enhanced, features):
    """Return the mean squared difference of the activations that two images cause.

    Args:
        reference: float tensor `(B, H, W, 3)` in [0, 1].
        enhanced: float tensor of the same shape.
        features: function from images to activations `(B, h, w, C)`, as
            `build_vgg_features` makes it.

    Returns:
        float tensor `(B,)`, at least 0.

    Example: `features` may be any function; here the activations are the images.

    >>> import numpy as np
    >>> black, grey = (np.full((1, 8, 8, 3), v, "float32") for v in (0, 0.5))
    >>> float(perception(black, grey, features=lambda images: images)[0])
    0.25

    Source: `perception_loss` in `Zero-DCE_code/Myloss.py` of
    https://github.com/Li-Chongyi/Zero-DCE, which gives the activations of relu4_3.
    """
    difference = features(enhanced) - features(reference)
    return ops.mean(ops.square(difference), axis=(1, 2, 3))


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class PerceptionLoss(keras.losses.Loss):
    """`perception` as a Keras loss: `loss(reference, enhanced)`.

    Args:
        weights: of VGG16, see `build_vgg_features`; read when the loss is constructed.
        **kwargs: `name`, `reduction` and `dtype`, as for every `keras.losses.Loss`.

    Raises:
        ValueError: if the weights are missing and cannot be downloaded.

    Example:
        >>> import numpy as np
        >>> image = np.full((1, 16, 24, 3), 0.5, dtype="float32")
        >>> float(PerceptionLoss(weights=None)(image, image))
        0.0
    """

    def __init__(self, weights="imagenet", **kwargs):
        super().__init__(**kwargs)
        self.weights = None if weights is None else str(weights)
        self.features = build_vgg_features(weights)

    def call(self, y_true, y_pred):
        return perception(y_true, y_pred, self.features)

    def get_config(self):
        return {**super().get_config(), "weights": self.weights}
