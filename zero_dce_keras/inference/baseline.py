"""What of an enhanced picture is not the network's work."""

import keras

from zero_dce_keras.images import to_float, to_uint8


def without_network(model, image):
    """Enhance an image with curves of zero, or give what a network without curves is given.

    What remains is the work of the denoising filter and of exposure normalisation. Every
    card and table says how it scores.

    Args:
        model: a model of the package.
        image: uint8 array `(H, W, 3)`.

    Returns:
        uint8 array `(H, W, 3)`.

    Example: Zero-DCE as published has nothing but its network.

    >>> import numpy as np
    >>> from zero_dce_keras import ZeroDCE
    >>> image = np.full((16, 24, 3), 20, "uint8")
    >>> bool((without_network(ZeroDCE(filters=2), image) == image).all())
    True
    """
    prepared = model.prepare(to_float(image[None]))
    return to_uint8(keras.ops.convert_to_numpy(prepared)[0])
