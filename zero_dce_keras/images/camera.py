"""A camera that takes the same photograph again in too little light."""

import numpy as np

from zero_dce_keras.images.arrays import to_uint8


def srgb_to_linear(image):
    """Decode sRGB values to linear light.

    `linear = s / 12.92` where s ≤ 0.04045, else `((s + 0.055) / 1.055) ** 2.4`.

    Args:
        image: float array of any shape, in [0, 1].

    Returns:
        Float array of the same shape and type, in [0, 1].

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras.images import srgb_to_linear
        >>> round(float(srgb_to_linear(np.array(0.5))), 4)
        0.214

    Source: IEC 61966-2-1:1999.
    """
    image = np.asarray(image)
    return np.where(image <= 0.04045, image / 12.92, ((image + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(image):
    """Encode linear light as sRGB values: the inverse of `srgb_to_linear`.

    `s = 12.92 · linear` where linear ≤ 0.04045 / 12.92, else
    `1.055 · linear ** (1 / 2.4) - 0.055`.

    Args:
        image: float array of any shape, in [0, 1].

    Returns:
        Float array of the same shape and type, in [0, 1].

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras.images import linear_to_srgb
        >>> round(float(linear_to_srgb(np.array(0.214))), 2)
        0.5

    Source: IEC 61966-2-1:1999; its rounded threshold 0.0031308 is replaced by the
    exact one, so that the two functions are inverses.
    """
    image = np.asarray(image)
    threshold = 0.04045 / 12.92
    return np.where(
        image <= threshold, image * 12.92, 1.055 * image ** (1 / 2.4) - 0.055
    )


def darken(image, exposure, rng, read_noise=5.0, full_well=15000.0):
    """Take a photograph again with a fraction of its light, as a sensor would.

    sRGB → linear light → `electrons ~ Poisson(linear · exposure · full_well) +
    Normal(0, read_noise)` → `electrons / full_well`, clipped → sRGB → 8 bits. Less
    light is therefore not only darker but also noisier.

    Args:
        image: uint8 array of any shape, sRGB.
        exposure: float in (0, 1], the fraction of light that is left.
        rng: `np.random.Generator`; the same state gives the same pixels.
        read_noise: float ≥ 0, standard deviation in electrons. Default: 5.
        full_well: positive float, electrons of a pixel at white. Default: 15000,
            which with 5 electrons of read noise gives noise like that of LOL's
            low-light images.

    Returns:
        uint8 array of the same shape, sRGB.

    Raises:
        ValueError: image is not uint8, or exposure is out of range.

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras.images import darken
        >>> white = np.full((32, 48, 3), 255, "uint8")
        >>> dark = darken(white, exposure=1 / 16, rng=np.random.default_rng(0))
        >>> dark.shape, int(dark.mean())
        ((32, 48, 3), 70)

    Source: Foi, Trimeche, Katkovnik and Egiazarian, "Practical Poissonian-Gaussian
    noise modeling and fitting for single-image raw-data", IEEE TIP 17(10), 2008,
    eq. 1–3. The noise is drawn per pixel and channel: no colour filter array.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8:
        raise ValueError(f"image must be uint8. Received: {image.dtype}")
    if not 0 < exposure <= 1:
        raise ValueError(f"exposure must be in (0, 1]. Received: {exposure}")
    linear = srgb_to_linear(np.arange(256) / 255)[image]
    electrons = rng.poisson(linear * exposure * full_well)
    electrons = electrons + rng.normal(0.0, read_noise, image.shape)
    return to_uint8(linear_to_srgb(np.clip(electrons / full_well, 0.0, 1.0)))
