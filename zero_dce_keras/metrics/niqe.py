"""NIQE: how far an image is from what natural photographs look like, without a reference.

The model, mean and covariance of the features of 125 undistorted photographs, is that of
the authors' release (Laboratory for Image and Video Engineering, LIVE, The University of
Texas at Austin, http://live.ece.utexas.edu/research/quality/niqe_release.zip), which
published values are computed with. `niqe_params.npz` holds it as PyPI's `mmagic` 1.2.0
(Apache-2.0) does in `mmagic/evaluation/metrics/niqe_pris_params.npz`. The release may be
used, copied, modified and distributed for any purpose, with its copyright notice: that is
the array `notice` of the file.
"""

import functools
import math
from pathlib import Path

import numpy as np

from zero_dce_keras.images.luma import LUMA

PARAMETERS = Path(__file__).with_name("niqe_params.npz")
BLOCK = 96
WINDOW_RADIUS, WINDOW_SIGMA = 3, 7 / 6
SHAPES = np.arange(200, 10001) / 1000  # of generalised Gaussians, that are tried
NEIGHBOURS = (0, 1), (1, 0), (1, 1), (1, -1)


def niqe(image):
    """Compute the Naturalness Image Quality Evaluator. Lower is more natural.

        √((ν1 − ν2)ᵀ ((Σ1 + Σ2) / 2)⁻¹ (ν1 − ν2))

    with mean ν and covariance Σ of 36 features of the blocks of 96×96 pixels: of
    undistorted photographs, and of the image. Good photographs score 2 to 5. Noise and
    blur raise it, a change of colour does not.

    Args:
        image: uint8 array, `(H, W, 3)` or grey `(H, W)`, of two blocks at least:
            96×192 or 192×96. What is left over on the right and below counts for
            nothing.

    Returns:
        float, 0 or more.

    Raises:
        ValueError: if the image has another shape or type, is too small, or has fewer
            than two blocks that are not flat.

    Example:
        >>> import numpy as np
        >>> noise = np.random.default_rng(0).integers(0, 256, (192, 288, 3), "uint8")
        >>> niqe(noise) > 15
        True

    Source: Mittal, Soundararajan and Bovik, "Making a 'completely blind' image quality
    analyzer", IEEE Signal Processing Letters, 2013; `computequality.m` of its release.
    """
    grey = _to_grey(image)  # (H, W), multiples of 96
    features = np.concatenate(
        [_features(grey, BLOCK), _features(_halve(grey), BLOCK // 2)], axis=1
    )  # (blocks, 36)
    # A flat block has no shape. Each feature's mean is over the blocks that have it.
    whole = features[np.isfinite(features).all(axis=1)]
    if len(whole) < 2:
        raise ValueError(
            f"image must have two blocks of {BLOCK}×{BLOCK} that are not flat. "
            f"Received: {len(whole)}"
        )
    mean, covariance = _parameters()
    distance = mean - np.nanmean(features, axis=0)
    pooled = (covariance + np.cov(whole, rowvar=False)) / 2
    return float(np.sqrt(distance @ np.linalg.pinv(pooled) @ distance))


def _to_grey(image):
    """Return the levels of grey, whole numbers as float64, of whole blocks."""
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.shape[2:] not in ((), (3,)) or image.ndim < 2:
        raise ValueError(
            "image must be a uint8 array (H, W, 3) or (H, W). "
            f"Received: {image.dtype} of shape {image.shape}"
        )
    rows, columns = (size // BLOCK for size in image.shape[:2])
    if rows * columns < 2:
        raise ValueError(
            f"image must have two blocks of {BLOCK}×{BLOCK} pixels at least. "
            f"Received: shape {image.shape}"
        )
    image = image[: rows * BLOCK, : columns * BLOCK]
    return np.round(image @ np.array(LUMA)) if image.ndim == 3 else image.astype(float)


@functools.cache
def _parameters():
    """Return mean (36,) and covariance (36, 36) of the features of good photographs."""
    with np.load(PARAMETERS) as file:
        return file["mean"], file["covariance"]


def _features(grey, size):
    """Return the 18 features of each block of one scale: float array (blocks, 18)."""
    rows, columns = (side // size for side in grey.shape)
    blocks = _normalize(grey).reshape(rows, size, columns, size)
    blocks = blocks.swapaxes(1, 2).reshape(-1, size, size)
    shape, left, right, _ = _fit(blocks)
    features = [shape, (left + right) / 2]
    for neighbour in NEIGHBOURS:  # a block's neighbours wrap, as in the release
        shape, left, right, mean = _fit(blocks * np.roll(blocks, neighbour, (1, 2)))
        features += [shape, mean, left, right]
    return np.stack(features, axis=1)


def _normalize(grey):
    """Subtract the local mean, and divide by the local standard deviation + 1."""
    mean = _blur(grey)
    deviation = np.sqrt(np.abs(_blur(grey * grey) - mean * mean))
    # Rounded, as else what is flat would have the structure of rounding errors.
    return np.round((grey - mean) / (deviation + 1), 9)


def _blur(grey):
    """Apply the Gaussian window of 7×7, with the edge repeated."""
    offsets = np.arange(-WINDOW_RADIUS, WINDOW_RADIUS + 1)
    window = np.exp(-(offsets**2) / (2 * WINDOW_SIGMA**2))
    window /= window.sum()
    for _ in range(2):  # down the columns, and again when they are the rows
        padded = np.pad(grey, ((WINDOW_RADIUS, WINDOW_RADIUS), (0, 0)), mode="edge")
        grey = sum(w * padded[i : i + len(grey)] for i, w in enumerate(window)).T
    return grey


def _halve(grey):
    """Halve an image as MATLAB's `imresize` does: cubic over 8 pixels, edges mirrored."""
    offsets = np.abs(np.arange(-3.5, 4) / 2)
    near = 1.5 * offsets**3 - 2.5 * offsets**2 + 1
    far = -0.5 * offsets**3 + 2.5 * offsets**2 - 4 * offsets + 2
    weights = np.where(offsets <= 1, near, far)
    weights /= weights.sum()
    for _ in range(2):
        height = len(grey)
        padded = np.pad(grey, ((3, 3), (0, 0)), mode="symmetric")
        grey = sum(w * padded[i : i + height : 2] for i, w in enumerate(weights)).T
    return grey


def _fit(blocks):
    """Fit an asymmetric generalised Gaussian to the values of each block.

    By moments: the ratio of the squared mean of |x| to the mean of x², corrected for
    the asymmetry, tells the shape.

    Returns:
        Shape, width on the left, width on the right, and mean: arrays (blocks,), NaN for
        a block without values on both sides of 0.
    """
    values = blocks.reshape(len(blocks), -1)
    squares = values * values
    with np.errstate(invalid="ignore", divide="ignore"):
        left, right = (
            np.sqrt(np.sum(squares * side, 1) / np.count_nonzero(side, 1))
            for side in (values < 0, values > 0)
        )
        skew = left / right
        ratio = np.mean(np.abs(values), 1) ** 2 / np.mean(squares, 1)
    ratio *= (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    ratios, gammas = _tables()
    index = np.searchsorted((ratios[1:] + ratios[:-1]) / 2, ratio)
    shape = np.where(np.isfinite(ratio), SHAPES[index], np.nan)
    gamma1, gamma2, gamma3 = gammas[:, index]
    width = np.sqrt(gamma1 / gamma3)
    left, right = left * width, right * width
    return shape, left, right, (right - left) * gamma2 / gamma1


@functools.cache
def _tables():
    """Return Γ(2/α)² / (Γ(1/α)·Γ(3/α)), rising, and Γ(1/α), Γ(2/α), Γ(3/α) of `SHAPES`."""
    gammas = np.array([[math.gamma(n / shape) for shape in SHAPES] for n in (1, 2, 3)])
    return gammas[1] ** 2 / (gammas[0] * gammas[2]), gammas
