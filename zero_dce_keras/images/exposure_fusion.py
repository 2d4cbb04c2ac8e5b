"""Exposure fusion: one picture from several exposures of a scene."""

import math

import numpy as np

from zero_dce_keras.images.luma import LUMA

KERNEL = np.array([1, 4, 6, 4, 1], "float32") / 16
WIDTH = 0.2  # σ of how far from mid-grey a well-exposed channel lies


def fuse_exposures(images):
    """Fuse exposures of one scene into a picture with the best of each.

    Each pixel counts by its contrast, its saturation and how well it is exposed; the
    images are blended in a Laplacian pyramid, by Gaussian pyramids of these weights.

    Args:
        images: list of uint8 arrays `(H, W, 3)`, of one size, 2 pixels at least.

    Returns:
        uint8 array `(H, W, 3)`.

    Raises:
        ValueError: if there is no image, or they differ in size.

    Example: what is black in one is taken from the other.

    >>> import numpy as np
    >>> grey = np.random.default_rng(0).integers(90, 160, (32, 48, 3)).astype("uint8")
    >>> fused = fuse_exposures([grey, np.zeros_like(grey)])
    >>> bool(np.abs(fused - grey.astype(float)).mean() < 1)
    True

    Source: Mertens, Kautz and Van Reeth, "Exposure fusion", Pacific Graphics 2007; the
    pyramids are those of OpenCV's `createMergeMertens(1, 1, 1)`.
    """
    if not images or len({np.shape(image) for image in images}) != 1:
        shapes = [np.shape(image) for image in images]
        raise ValueError(f"images must be of one size. Received: {shapes}")
    stack = [np.float32(image) / 255 for image in images]
    weights = np.stack([_quality(image) for image in stack])
    weights = weights / weights.sum(axis=0)
    levels = int(math.log2(min(stack[0].shape[:2])))
    total = [np.float32(0)] * (levels + 1)
    for image, weight in zip(stack, weights, strict=True):
        weight = weight[..., None]
        for level in range(levels):
            smaller = _halve(image)
            total[level] = total[level] + weight * (
                image - _double(smaller, image.shape)
            )
            image, weight = smaller, _halve(weight)
        total[levels] = total[levels] + weight * image
    fused = total[-1]
    for detail in reversed(total[:-1]):
        fused = detail + _double(fused, detail.shape)
    return np.rint(255 * np.clip(fused, 0, 1)).astype(np.uint8)


def _quality(image):
    """Return how much each pixel of `(H, W, 3)` counts, `(H, W)`."""
    grey = np.pad(image @ np.array(LUMA, "float32"), 1, mode="reflect")
    beside = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    contrast = np.abs(beside - 4 * grey[1:-1, 1:-1])
    mean = image.mean(axis=-1, keepdims=True)
    saturation = np.sqrt(np.square(image - mean).sum(axis=-1))
    well_exposed = np.exp(-np.square(image - 0.5) / (2 * WIDTH**2)).prod(axis=-1)
    return contrast * saturation * well_exposed + 1e-12


def _halve(image):
    """Blur `(H, W, C)` and keep every other row and column."""
    return _blur(_blur(image, 0)[::2], 1)[:, ::2]


def _blur(image, axis):
    pad = [(0, 0)] * image.ndim
    pad[axis] = (2, 2)
    padded = np.pad(image, pad, mode="reflect")
    places = np.arange(image.shape[axis])
    return sum(
        share * np.take(padded, places + shift, axis)
        for shift, share in enumerate(KERNEL)
    )


def _double(image, shape):
    """Enlarge `(h, w, C)` to `shape`: by zeros between the pixels, and the blur."""
    for axis in (0, 1):
        size = image.shape[axis]
        places = np.arange(size)
        before = np.take(image, np.minimum(np.abs(places - 1), size - 1), axis)
        after = np.take(image, np.minimum(places + 1, size - 1), axis)
        pairs = np.stack(
            [(before + 6 * image + after) / 8, (image + after) / 2], axis + 1
        )
        doubled = list(image.shape)
        doubled[axis] = 2 * size
        image = np.take(pairs.reshape(doubled), np.arange(shape[axis]), axis)
    return image
