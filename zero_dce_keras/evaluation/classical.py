"""Ways to enhance that learn nothing: what a network must be better than.

Each takes and returns a uint8 array `(H, W, 3)`. CLAHE is scikit-image's, and LIME's
linear system is solved by SciPy, which comes with it: the extra `sample`.
"""

import numpy as np
from PIL import Image

from zero_dce_keras.extras import require
from zero_dce_keras.images import to_uint8
from zero_dce_keras.images.luma import LUMA

# LIME: weight of smoothness, power of the illumination map, sigma of its Gaussian.
ALPHA, POWER, SIGMA = 0.15, 0.8, 2
EPSILON = 1e-3
MOST_PIXELS = 500_000


def gamma(image):
    """Return the power of an image that brings its mean luma to .5, within [.3, 1].

    Example:
        >>> gamma(np.full((2, 3, 3), 64, "uint8"))[0, 0].tolist()
        [128, 128, 128]
    """
    mean = np.clip((image @ np.array(LUMA)).mean() / 255, 0.001, 0.999)
    exponent = np.clip(np.log(0.5) / np.log(mean), 0.3, 1)
    return to_uint8((np.arange(256) / 255) ** exponent)[image]


def equalize_histogram(image):
    """Equalise the histogram of HSV's value; the ratios of the channels stay.

    Example:
        >>> image = np.zeros((1, 2, 3), "uint8")
        >>> image[0, 1] = 40, 20, 0
        >>> equalize_histogram(image)[0].tolist()
        [[0, 0, 0], [255, 128, 0]]
    """
    value = image.max(-1)
    counts = np.bincount(value.ravel(), minlength=256)
    below = np.cumsum(counts)
    first = counts[value.min()]  # the darkest becomes black
    risen = (below - first) / max(value.size - first, 1)
    gain = np.clip(risen, 0, 1) / np.maximum(np.arange(256) / 255, 1 / 255)
    return to_uint8(image / 255 * gain[value][..., None])


def clahe(image):
    """Equalise HSV's value by `skimage.exposure.equalize_adapthist`, clip limit .01."""
    equalize = require("skimage.exposure").equalize_adapthist
    return to_uint8(equalize(image, clip_limit=0.01))


def lime(image):
    """Enhance by LIME: divide by an illumination map that keeps the structure.

    The map T is nearest to the largest channel while it is smooth where there is only
    texture: `min Σ (T̂ − T)² + α Σ W (∇T)² / (|∇T̂| + ε)`, one linear system (the paper's
    faster solver, weights of its strategy III, α .15); the result is `L / T^.8`. The
    denoising by BM3D that the paper puts behind it is left out, and the map of more than
    half a megapixel is that of a miniature.

    Source: Guo, Li and Ling, "LIME: Low-light image enhancement via illumination map
    estimation", IEEE Transactions on Image Processing, 2017.
    """
    image = image / 255
    largest = image.max(-1)
    shrink = np.sqrt(MOST_PIXELS / largest.size)
    small = largest
    if shrink < 1:
        small = _resize(
            largest, *(max(1, round(side * shrink)) for side in largest.shape)
        )
    light = _illumination(small.astype(float))
    if shrink < 1:
        light = _resize(light, *largest.shape)
    return to_uint8(image / np.clip(light, EPSILON, 1)[..., None] ** POWER)


def _resize(plane, height, width):
    small = height < len(plane)
    way = Image.Resampling.BOX if small else Image.Resampling.BILINEAR
    return np.asarray(
        Image.fromarray(plane.astype("float32")).resize((width, height), way)
    )


def _illumination(largest):
    """Solve for the illumination map of the largest channel, a float array (H, W)."""
    gaussian = require("skimage.filters").gaussian
    sparse, linalg = require("scipy.sparse"), require("scipy.sparse.linalg")
    weights = []
    for axis in (0, 1):
        step = np.diff(largest, axis=axis, append=np.take(largest, [-1], axis))
        structure = 1 / (np.abs(gaussian(step, SIGMA)) + EPSILON)
        weight = ALPHA * structure / (np.abs(step) + EPSILON)
        last = [slice(None), slice(None)]
        last[axis] = slice(-1, None)
        weight[tuple(last)] = 0  # no neighbour beyond the edge
        weights.append(weight.ravel())
    down, right = weights
    width = largest.shape[1]
    diagonal = 1 + right + down
    diagonal[1:] += right[:-1]
    diagonal[width:] += down[:-width]
    system = sparse.diags(
        [diagonal, -right[:-1], -right[:-1], -down[:-width], -down[:-width]],
        [0, 1, -1, width, -width],
        format="csc",
    )
    # Symmetric and positive: factored as such, without pivoting.
    factors = linalg.splu(
        system,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0,
        options={"SymmetricMode": True},
    )
    return factors.solve(largest.ravel()).reshape(largest.shape)


CLASSICAL = {
    "gamma": gamma,
    "histogram": equalize_histogram,
    "clahe": clahe,
    "lime": lime,
}
