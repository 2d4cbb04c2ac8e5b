"""Denoising without references: neighbouring pixels differ mostly in their noise."""

import keras
import numpy as np
from keras import ops

# The pixels of a 2×2 cell, numbered 0 1 / 2 3: the ordered pairs that share an edge.
PAIRS = np.array(
    [[0, 1], [1, 0], [0, 2], [2, 0], [1, 3], [3, 1], [2, 3], [3, 2]], "int32"
)


def neighbors(images, choices):
    """Return two images of half the size whose pixels were neighbours.

    Args:
        images: float tensor `(B, H, W, 3)`; a last odd row or column is left out.
        choices: int tensor `(B, H // 2, W // 2)` in 0 … 7: which two neighbours of each
            2×2 cell to take, in which order.

    Returns:
        Two float tensors `(B, H // 2, W // 2, 3)`.

    Example:
        >>> import numpy as np
        >>> image = np.arange(4.0, dtype="float32").reshape(1, 2, 2, 1)
        >>> [float(pixel[0, 0, 0, 0]) for pixel in neighbors(image, np.array([[[4]]]))]
        [1.0, 3.0]

    Source: Huang et al., "Neighbor2Neighbor", section 3.2, https://arxiv.org/abs/2101.02824.
    """
    rows, columns = images.shape[1] // 2 * 2, images.shape[2] // 2 * 2
    cells = ops.stack(
        [
            images[:, i:rows:2, j:columns:2]  # the cells' pixels of one place
            for i, j in ((0, 0), (0, 1), (1, 0), (1, 1))
        ],
        axis=-1,
    )  # (B, h, w, 3, 4)
    pairs = ops.take(ops.convert_to_tensor(PAIRS), choices, axis=0)  # (B, h, w, 2)
    one_hot = ops.one_hot(pairs, 4, dtype=cells.dtype)[..., None, :, :]
    return tuple(ops.sum(cells * one_hot[..., k, :], axis=-1) for k in (0, 1))


def denoising(denoised, neighbor):
    """Return the mean squared distance of a denoised image from its noisy neighbour.

    Noise that differs from pixel to pixel cannot be predicted, so a model learns what
    the two have in common.

    Args:
        denoised: float tensor `(B, H, W, 3)`; the output of a model for one image of
            `neighbors`.
        neighbor: float tensor of the same shape; the other image.

    Returns:
        float tensor `(B,)`, at least 0.

    Example:
        >>> import numpy as np
        >>> image = np.full((1, 16, 24, 3), 0.5, dtype="float32")
        >>> float(denoising(image, image + 0.1)[0]) - 0.01 < 1e-6
        True
    """
    difference = ops.subtract(denoised, neighbor)
    return ops.mean(ops.square(difference), axis=(1, 2, 3))


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class DenoisingLoss(keras.losses.Loss):
    """`denoising` as a Keras loss: `loss(neighbor, denoised)`.

    Example:
        >>> import numpy as np
        >>> image = np.full((1, 16, 24, 3), 0.5, dtype="float32")
        >>> float(DenoisingLoss()(image, image))
        0.0
    """

    def call(self, y_true, y_pred):
        return denoising(y_pred, y_true)
