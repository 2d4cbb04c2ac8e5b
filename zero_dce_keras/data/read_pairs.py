"""From files to arrays."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from zero_dce_keras.images import read_image, resize_image


def read_pairs(pairs, image_size=None):
    """Decode photographs in parallel.

    Args:
        pairs: list of `Pair`.
        image_size: side to resize to; `None` keeps the size.

    Returns:
        List of uint8 arrays `(H, W, 3)`, or `(H, W, 6)` with the reference behind the
        photograph.

    Raises:
        ValueError: if a file cannot be read, or the two of a pair differ in size as
            they lie on disk, upright.
    """

    def resize(image):
        if image_size is None:
            return image
        return resize_image(image, image_size, image_size)

    def read_pair(pair):
        low_light = read_image(pair.low_light)
        if pair.reference is None:
            return resize(low_light)
        reference = read_image(pair.reference)
        check_same_size(pair, low_light, reference)  # before both become squares
        return np.concatenate([resize(low_light), resize(reference)], axis=-1)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(read_pair, pairs))


def check_same_size(pair, low_light, reference):
    """Raise a `ValueError` that names both files, unless their images fit together.

    Args:
        pair: the `Pair` that was read.
        low_light: its photograph, array `(H, W, 3)`.
        reference: its reference, array `(H, W, 3)`.
    """
    if low_light.shape != reference.shape:
        raise ValueError(
            f"{pair.low_light} and {pair.reference} differ in size: "
            f"{low_light.shape[:2]} and {reference.shape[:2]}"
        )
