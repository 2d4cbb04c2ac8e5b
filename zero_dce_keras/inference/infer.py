"""One image through one model, as the notebooks do it."""

from zero_dce_keras.inference.enhancer import Enhancer


def infer(model, image):
    """Enhance one image with a model.

    Args:
        model: a `ZeroDCE`.
        image: a PIL image, a path, or an array `(H, W, 3)`: uint8, or float in [0, 1].

    Returns:
        The enhanced image: a PIL image for a PIL image or a path; for an array, an
        array of the same shape and dtype.

    Raises:
        ValueError: if it is none of these.

    Example:
        >>> from PIL import Image
        >>> from zero_dce_keras import ZeroDCE
        >>> infer(ZeroDCE.from_preset("zero_dce_lol"), Image.new("RGB", (48, 32))).size
        (48, 32)
    """
    return Enhancer(model)(image)
