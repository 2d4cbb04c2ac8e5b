"""How much noise a photograph has, by brightness, and a filter that follows it."""

import itertools

import keras
from keras import ops

from zero_dce_keras.models.bilateral_constants import (
    BANDS,
    FEWEST,
    FLATTEST,
    GROWTH,
    LEAST_NOISE,
    MOST_NOISE,
    PATCHES,
    RANGES,
    SIDE,
    WIDTHS,
)
from zero_dce_keras.models.denoising_filter import (
    STEPS,
    bilateral_pass,
    guide_of,
    smoothed,
)

UNKNOWN = 1e6  # levels


def measure_noise(images):
    """Measure the noise of whole photographs in their flattest patches.

    The noise of a patch is the standard deviation of the differences between pixels two
    apart, of (R + 2G + B) / 4, divided by √2. In each band of brightness the value that
    15 % of its patches do not reach is taken, and at most 1.5 times that of the quietest
    band: where it is more, the patches have texture. Patches of black or white are no
    evidence.

    Args:
        images: float tensor `(B, H, W, 3)` in [0, 1].

    Returns:
        float tensor `(B, 4)`, in levels of 8 bits, of the bands that begin at 0, 12, 36
        and 84 of them; 0 where the noise is not known.
    """
    return noise_of_patches(noise_patches(images))


def noise_patches(images):
    """Return the patches that noise is measured in, side by side: `(B, 256, 256, 3)`."""
    height, width = ops.shape(images)[1:3]
    patches = ops.take(images, _places(height), axis=1)
    return ops.take(patches, _places(width), axis=2)


def noise_of_patches(patches):
    """Measure the noise of photographs as `measure_noise` does, from their patches."""
    guide = 255 * guide_of(patches)[..., 0]  # (B, 256, 256)
    guide = ops.reshape(guide, (-1, PATCHES, SIDE, PATCHES, SIDE))
    guide = ops.reshape(
        ops.transpose(guide, (0, 1, 3, 2, 4)), (-1, PATCHES**2, SIDE, SIDE)
    )
    across = ops.square(guide[..., 2:] - guide[..., :-2])
    down = ops.square(guide[:, :, 2:] - guide[:, :, :-2])
    noise = ops.sqrt((ops.mean(across, (2, 3)) + ops.mean(down, (2, 3))) / 4)
    brightness = ops.mean(guide, (2, 3))
    is_known = ops.logical_and(brightness >= 1, brightness <= 250)
    bands = [
        _flattest(noise, is_known & (brightness >= low) & (brightness < high))
        for low, high in itertools.pairwise(BANDS)
    ]
    bands = ops.stack(bands, axis=-1)  # (B, 4)
    quietest = ops.min(bands, axis=-1, keepdims=True)
    noise = ops.minimum(ops.minimum(bands, GROWTH * quietest), MOST_NOISE)
    return ops.where(quietest < UNKNOWN, noise, 0.0)


def _places(length):
    """Return the indices of the patches' pixels along an axis, `(256,)`."""
    starts = ops.arange(PATCHES, dtype="int32") * ops.maximum(length - SIDE, 0)
    places = starts[:, None] // (PATCHES - 1) + ops.arange(SIDE, dtype="int32")
    return ops.minimum(ops.reshape(places, (-1,)), length - 1)


def _flattest(noise, is_member):
    """Return the noise of the flattest members of `(B, N)` patches; `(B,)`."""
    ordered = ops.sort(ops.where(is_member, noise, UNKNOWN), axis=1)
    count = ops.sum(ops.cast(is_member, "float32"), axis=1, keepdims=True)
    place = ops.cast(ops.floor(FLATTEST * count), "int32")
    found = ops.take_along_axis(ordered, place, axis=1)
    return ops.where(count >= FEWEST, found, UNKNOWN)[:, 0]


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class AdaptiveDenoisingFilter(keras.layers.Layer):
    """`DenoisingFilter` with ranges that follow the noise of each photograph.

    Two bilateral passes, as there; what counts as an edge is 3 times (in the second pass
    1.5 times) the noise that `measure_noise` found at that brightness. A photograph with
    a noise below a quarter of a level stays as it is.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> noisy = rng.normal(0.1, 0.006, (1, 64, 96, 3)).astype("float32")
        >>> denoised = AdaptiveDenoisingFilter()(noisy)
        >>> bool(keras.ops.std(denoised) < 0.5 * noisy.std())
        True

    Source: as of `DenoisingFilter`; noise from flat patches: Olsen, CVGIP 1993.
    """

    context = 4  # pixels around it that a pixel depends on
    widths = WIDTHS
    ranges = RANGES

    def call(self, images, noise=None):
        """Filter images `(B, H, W, 3)` in [0, 1], of any size.

        Args:
            images: whole images, or parts of such.
            noise: what `measure_noise` says of the whole ones, where these are parts.
        """
        if noise is None:
            noise = measure_noise(images)
        is_noisy = ops.max(noise, axis=-1)[:, None, None, None] >= LEAST_NOISE
        return ops.where(is_noisy, filter_noise(images, noise), images)

    def compute_output_shape(self, images_shape, noise_shape=None):
        return images_shape


def filter_noise(images, noise, channels=-1):
    """Filter images by the noise that they have.

    Args:
        images: float tensor `(B, H, W, 3)` in [0, 1].
        noise: float tensor `(B, 4)`, see `measure_noise`.
        channels: as of `denoising_filter.guide_of`.
    """
    guide = smoothed(guide_of(images, channels), channels)
    for step, width, times in zip(STEPS, WIDTHS, RANGES, strict=True):
        units = in_units_of_noise(guide, times * noise)
        images = bilateral_pass(images, units, step, width, channels)
        guide = guide_of(images, channels)
    return images


def in_units_of_noise(guide, ranges):
    """Stretch brightness `(B, H, W, 1)` so that a difference of 1 is the range there.

    Args:
        guide: float tensor in [0, 1].
        ranges: float tensor `(B, 4)` of the bands, in levels of 8 bits.
    """
    total = 0.0
    for k, (low, high) in enumerate(itertools.pairwise(BANDS)):
        within = ops.clip(255 * guide - low, 0, high - low)
        total = total + within / ops.maximum(ranges[:, k, None, None, None], 1e-3)
    return total
