"""The tone curve of an ICC profile: how it encodes light, beside sRGB's way."""

import struct

import numpy as np

from zero_dce_keras.images.camera import linear_to_srgb, srgb_to_linear


def read_tone_curve(profile):
    """Read how an RGB profile decodes light.

    Args:
        profile: bytes of an ICC profile with one curve, or one for all colours: a power,
            a table, or what IEC 61966-2-1 and its like are written as.

    Returns:
        float64 array (65536,), the linear light in [0, 1] that 16-bit values stand for;
        None if the profile is none of these.

    Source: ICC.1:2022, 7.3 (tags), 10.6 (curveType), 10.18 (parametricCurveType).
    """
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        tags = {}
        for place in range(132, 132 + 12 * min(count, 100), 12):
            name, start, size = struct.unpack_from(">4sII", profile, place)
            tags[name] = profile[start : start + size]
        grey = tags.get(b"kTRC")
        if not grey and not tags[b"rTRC"] == tags[b"gTRC"] == tags[b"bTRC"]:
            return None
        curve = _curve(grey or tags[b"rTRC"], np.linspace(0, 1, 65536))
    except (KeyError, struct.error, ValueError):
        return None
    is_sound = curve is not None and (np.diff(curve) >= 0).all() and curve[-1] > 0
    return np.clip(curve / curve[-1], 0, 1) if is_sound else None


def _curve(tag, x):
    """Return the curve of a tag at x; None for the rarer ones."""
    (number,) = struct.unpack_from(">I", tag, 8)
    if tag[:4] == b"curv":
        if number == 0:
            return x
        values = np.array(struct.unpack_from(f">{number}H", tag, 12))
        if number == 1:
            return x ** (values[0] / 256)
        return np.interp(x, np.linspace(0, 1, number), values / 65535)
    kind = number >> 16
    if tag[:4] != b"para" or kind not in (0, 3):
        return None
    count = {0: 1, 3: 5}[kind]
    values = np.array(struct.unpack_from(f">{count}i", tag, 12)) / 65536
    if kind == 0:
        return x ** values[0]
    g, a, b, c, d = values
    return np.where(x >= d, np.maximum(a * x + b, 0) ** g, c * x)


def tables_to_srgb(profile, dtype):
    """Return tables that take pixels from a profile's tone curve to sRGB's and back.

    Args:
        profile: bytes of an ICC profile.
        dtype: of the pixels, uint8 or uint16.

    Returns:
        uint16 array with an entry for each value of `dtype`, sRGB of 16 bits; array of
        `dtype` with 65536 entries for the way back. None if there is nothing to do: the
        curve is sRGB's to one level of 255, not known, or has no way back.
    """
    light = read_tone_curve(profile)
    if light is None:
        return None
    x = np.linspace(0, 1, 65536)
    there = linear_to_srgb(light)
    if np.abs(there - x).max() < 1 / 255:
        return None
    white = np.iinfo(dtype).max
    back = np.rint(white * np.interp(srgb_to_linear(x), light, x)).astype(dtype)
    # White of 8 bits is 255 · 257 = 65535.
    there = np.rint(65535 * there[:: 65535 // white]).astype("uint16")
    # The deepest shadows of 16 bits may move by a fraction of a level of 255.
    moved = np.abs(back[there] - np.arange(white + 1.0)).max()
    return (there, back) if moved <= white / 255 else None
