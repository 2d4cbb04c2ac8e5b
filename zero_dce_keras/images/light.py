"""How numbers encode light where no ICC profile says so: code points, gamma, primaries.

What an ICC profile can say becomes one: numbers and colours stay as they are. HDR's
curves (PQ, HLG) become sRGB's: what is brighter than white is drawn down.

Source: ITU-T H.273 (code points); ITU-R BT.2100 (PQ, HLG), BT.2408 (white at 203 nits),
BT.2390 (tone mapping); ICC.1:2022 (profiles).
"""

import struct
from typing import NamedTuple

import numpy as np

from zero_dce_keras.images.camera import linear_to_srgb, srgb_to_linear

PQ, HLG = 16, 18  # H.273's transfer characteristics
LINEAR = 8
SRGB_LIKE = (1, 2, 6, 13, 14, 15)  # BT.709 and its like are shown as sRGB is
POWERS = {4: 2.2, 5: 2.8}
# H.273's colour primaries: white, red, green, blue.
D65 = (0.3127, 0.329)
SRGB_PLACES = (D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
PLACES = {
    1: SRGB_PLACES,
    9: (D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.314, 0.351), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    12: (D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
}
WHITE_NITS, PEAK_NITS = 203.0, 1000.0
PEAK = PEAK_NITS / WHITE_NITS  # what becomes white
HLG_GAMMA = 0.2  # of a screen of 1,000 nits, less 1
M1, M2 = 2610 / 16384, 2523 / 4096 * 128  # of PQ
C1, C2, C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
BT2020_LUMA = (0.2627, 0.6780, 0.0593)
STEPS = 4096  # of tables over the roots of light
DATE = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)  # the same profile every time
D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


class Light(NamedTuple):
    """Colour primaries and transfer characteristics, as H.273 numbers them."""

    primaries: int
    transfer: int

    @classmethod
    def of_profile(cls, profile):
        """Return what an ICC profile's tag `cicp` says; None where it has none.

        Example:
            >>> Light.of_profile(profile_of(None, 2.2))
        """
        for start in range(132, min(len(profile) - 11, 1332), 12):  # 100 tags
            name, place, _ = struct.unpack_from(">4sII", profile, start)
            if name == b"cicp" and place + 10 <= len(profile):
                return cls(profile[place + 8], profile[place + 9])
        return None

    @property
    def is_hdr(self):
        """Whether numbers go beyond the white of a page."""
        return self.transfer in (PQ, HLG)

    def arguments(self):
        """Return what `images.containers` wants to know: a profile, or `light`."""
        if self.is_hdr:
            return {"light": self}
        exponent = 1.0 if self.transfer == LINEAR else POWERS.get(self.transfer)
        profile = profile_of(PLACES.get(self.primaries), exponent)
        return {"icc_profile": profile} if profile else {}

    def to_srgb(self, pixels):
        """Convert HDR pixels to sRGB.

        Args:
            pixels: uint8 or uint16 array `(H, W, 3)`, or `(H, W)`.

        Returns:
            An array of the same shape and dtype.
        """
        white = np.iinfo(pixels.dtype).max
        codes = np.arange(white + 1) / white
        light = decode_light(codes, self.transfer).astype("float32")[pixels]
        if self.transfer == HLG:
            is_grey = pixels.ndim == 2
            luma = (
                light
                if is_grey
                else (light @ np.array(BT2020_LUMA, "float32"))[..., None]
            )
            light *= luma**HLG_GAMMA
        if pixels.ndim == 3:
            there = _to_xyz(PLACES.get(self.primaries, PLACES[9]))
            matrix = np.linalg.inv(_to_xyz(SRGB_PLACES)) @ there
            light = np.maximum(light @ matrix.T.astype("float32"), 0)
        most = light.max(axis=-1, keepdims=True) if pixels.ndim == 3 else light
        light *= _share(most)
        return np.rint(white * linear_to_srgb(np.clip(light, 0, 1))).astype(
            pixels.dtype
        )


def _share(most):
    """Return `shares_of_light` for the largest channels."""
    roots = np.sqrt(np.minimum(most, PEAK) / PEAK)
    shares = np.interp(roots, np.linspace(0, 1, STEPS), shares_of_light())
    return (shares * np.minimum(1, PEAK / np.maximum(most, 1e-6))).astype("float32")


def shares_of_light():
    """Return what share of a pixel's light remains where HDR becomes SDR.

    BT.2390's curve, on the largest channel, so that hues stay: below a third of the white
    of a page nothing changes, a page becomes a little darker, 1,000 nits white.

    Returns:
        float array `(STEPS,)`, by the root of the light over `PEAK`.

    Source: ITU-R BT.2390-11, 5.4.1.
    """
    light = PEAK * np.linspace(0, 1, STEPS) ** 2
    most = encode_pq(PEAK)
    white, code = encode_pq(1.0) / most, encode_pq(light) / most
    knee = 1.5 * white - 0.5
    t = np.maximum(code - knee, 0) / (1 - knee)
    drawn = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (3 * t**2 - 2 * t**3) * white
    )
    new = decode_pq(most * np.where(code < knee, code, drawn))
    return np.where(code < knee, 1, new / np.maximum(light, 1e-6))


def decode_light(codes, transfer):
    """Return the light of PQ's or HLG's codes in [0, 1], 1 for the white of a page.

    That of HLG is the scene's, so scaled that times its luma to the power `HLG_GAMMA` it
    is that of a screen of 1,000 nits.
    """
    if transfer == PQ:
        return decode_pq(codes)
    return decode_hlg_scene(codes) * PEAK ** (1 / (1 + HLG_GAMMA))


def encode_light(light, transfer):
    """Return the codes of light: the inverse of `decode_light`."""
    if transfer == PQ:
        return encode_pq(light)
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.minimum(light / PEAK ** (1 / (1 + HLG_GAMMA)), 1)
    bright = a * np.log(np.maximum(12 * scene - b, 1e-9)) + c
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def decode_pq(codes):
    """Return the light of PQ's codes in [0, 1], 1 for the white of a page (203 nits)."""
    power = np.asarray(codes) ** (1 / M2)
    return (
        1e4 / WHITE_NITS * (np.maximum(power - C1, 0) / (C2 - C3 * power)) ** (1 / M1)
    )


def encode_pq(light):
    """Return PQ's codes of light, 1 for the white of a page.

    Example:
        >>> round(float(encode_pq(1.0)), 3)
        0.581
    """
    power = np.minimum(np.asarray(light) * WHITE_NITS / 1e4, 1) ** M1
    return ((C1 + C2 * power) / (1 + C3 * power)) ** M2


def decode_hlg_scene(codes):
    """Return the light of the scene of HLG's codes in [0, 1], 1 for the brightest."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    return np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)


def profile_of(places=None, exponent=None, is_grey=False):
    """Make an ICC profile of primaries and a power.

    Args:
        places: white, red, green and blue as pairs of CIE x and y; None for sRGB's.
        exponent: of the curve from numbers to light; None for sRGB's curve.
        is_grey: whether it is for grey pixels, which have no primaries.

    Returns:
        bytes; b"" where both are sRGB's, or the places span no gamut.

    Example:
        >>> profile_of(), profile_of(None, 2.2)[36:40]
        (b'', b'acsp')
    """
    is_srgb = places is None or np.allclose(places, SRGB_PLACES, atol=2e-3)
    if is_srgb and exponent is None:
        return b""
    try:
        columns = _adapted(SRGB_PLACES if is_srgb else places)
    except (np.linalg.LinAlgError, ZeroDivisionError, FloatingPointError):
        return b""
    if not np.isfinite(columns).all():
        return b""
    if exponent is None:
        table = np.rint(65535 * srgb_to_linear(np.linspace(0, 1, 1024)))
        curve = (
            b"curv\0\0\0\0" + struct.pack(">I", 1024) + table.astype(">u2").tobytes()
        )
    else:
        curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256)) + b"\0\0"
    tags = {
        b"desc": _text(b"desc", b"as the file says"),
        b"cprt": b"text\0\0\0\0no copyright\0\0\0\0",
        b"wtpt": _xyz(D50),
    }
    if is_grey:
        tags[b"kTRC"] = curve
    else:
        for name, column in zip((b"r", b"g", b"b"), columns.T, strict=True):
            tags |= {name + b"XYZ": _xyz(column), name + b"TRC": curve}
    place = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    where: dict = {}
    for name, data in tags.items():
        if data not in where:
            where[data] = place + len(body)
            body += data + b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", name, where[data], len(data))
    size, space = 128 + len(table) + len(body), b"GRAY" if is_grey else b"RGB "
    header = struct.pack(
        ">I4sI4s4s4s12s4s28sIII48x",
        *(size, b"none", 0x02400000, b"mntr", space, b"XYZ ", DATE, b"acsp"),
        *(bytes(28), *(round(65536 * value) for value in D50)),
    )
    return header + table + body


def _text(kind, text):
    ascii_part = struct.pack(">I", len(text) + 1) + text + b"\0"
    return kind + b"\0\0\0\0" + ascii_part + bytes(4 + 4 + 2 + 1 + 67)


def _xyz(values):
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * v) for v in values))


def _to_xyz(places):
    """Return the matrix (3, 3) from linear RGB to XYZ."""
    white, *primaries = [np.array([x / y, 1, (1 - x - y) / y]) for x, y in places]
    columns = np.stack(primaries, axis=1)
    return columns * np.linalg.solve(columns, white)


def _adapted(places):
    """Return that matrix as a profile holds it: white is D50's."""
    matrix = _to_xyz(places)
    here, there = BRADFORD @ matrix.sum(axis=1), BRADFORD @ D50
    return np.linalg.inv(BRADFORD) @ np.diag(there / here) @ BRADFORD @ matrix
