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
        ValueError: if a file cannot be read, or the two of a pair differ in size.
    """

    def read(path):
        image = read_image(path)
        if image_size is None:
            return image
        return resize_image(image, image_size, image_size)

    def read_pair(pair):
        if pair.reference is None:
            return read(pair.low_light)
        low_light, reference = read(pair.low_light), read(pair.reference)
        if low_light.shape != reference.shape:
            raise ValueError(
                f"{pair.low_light} and {pair.reference} differ in size: "
                f"{low_light.shape[:2]} and {reference.shape[:2]}"
            )
        return np.concatenate([low_light, reference], axis=-1)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(read_pair, pairs))
