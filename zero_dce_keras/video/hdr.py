"""HDR: to the light that a BT.709 screen shows, or kept in 10 bits."""

import struct

import av
import numpy as np
from av.sidedata.sidedata import Type

from zero_dce_keras.images.light import (
    BT2020_LUMA,
    HLG,
    HLG_GAMMA,
    PEAK,
    PQ,
    STEPS,
    WHITE_NITS,
    decode_light,
    encode_light,
    shares_of_light,
)
from zero_dce_keras.video.yuv import BT709, TAGS, Yuv, compiled, f32, with_even_sides

NAMES = {PQ: "PQ", HLG: "HLG"}
BT2020, FULL_RANGE = 9, 2
CODES = 65536  # of 16 bits
BRIGHTEST = 1e4 / WHITE_NITS  # that PQ knows
GAMMA = 2.4  # of a BT.709 screen
TO_BT709 = np.array(  # light of BT.2020's primaries (BT.2087)
    [
        [1.6605, -0.5876, -0.0728],
        [-0.1246, 1.1329, -0.0083],
        [-0.0182, -0.1006, 1.1187],
    ],
    "float32",
)
LUMA = np.array(BT2020_LUMA, "float32")


class Hdr(Yuv):
    """Pixels of a PQ or HLG film as BT.709: what `Yuv` is to others.

    Light relative to paper white is drawn down as `shares_of_light` says, by the largest
    channel, so that 1,000 nits become white and hues stay, and comes into BT.709's
    primaries. What is dark does not change.

    Args:
        transfer: int, `PQ` or `HLG`.

    Source: BT.2100 (both curves), BT.2408 (203 nits), BT.2390 (tone mapping).
    """

    def __init__(self, transfer):
        super().__init__(BT709, False, dict.fromkeys(TAGS, BT709))
        self._tables = _tables_of(transfer)
        roots = np.linspace(0, 1, STEPS)
        self._levels = f32(255 * roots ** (2 / GAMMA))

    def to_rgb(self, frame):
        """Return the uint8 RGB array `(H, W, 3)` of an `av.VideoFrame`."""
        deep = _deep(frame)
        rgb = np.empty(deep.shape, np.uint8)
        _to_bt709(deep, rgb, *self._tables, self._levels, TO_BT709)
        return rgb


class KeptHdr:
    """Pixels of a PQ or HLG film that stays one, of 10 bits.

    The enhancer sees the light that `Hdr` draws down, with 16 bits and the film's own
    primaries, encoded by a power. What it makes of a pixel is divided by the share that
    the pixel's light was drawn down by: it is as much brighter as it would be in SDR.
    Curves leave white as it is; so what is brighter than 1,000 nits stays.

    Args:
        frame: `av.VideoFrame`, of which the tags stay.
    """

    def __init__(self, frame):
        transfer = int(frame.color_trc)
        self.tags = {name: int(getattr(frame, name)) for name in TAGS}
        self.tags |= {"colorspace": BT2020, "color_primaries": BT2020}
        self._range = int(frame.color_range) or 1
        self._tables = _tables_of(transfer)
        roots = np.linspace(0, 1, CODES)
        self._levels = np.uint16(np.rint(65535 * roots ** (2 / GAMMA)))
        self._light_of_levels = f32(roots**GAMMA)
        codes = encode_light(BRIGHTEST * roots**4, transfer)
        self._codes = np.uint16(np.rint(65535 * codes))

    def to_rgb(self, frame):
        """Return a uint16 RGB array `(H, W, 3)` of an `av.VideoFrame`."""
        deep = _deep(frame)
        rgb = np.empty(deep.shape, np.uint16)
        _draw_down(deep, rgb, *self._tables, self._levels)
        return rgb

    def to_frame(self, rgb, original, is_interlaced=False):
        """Return the `av.VideoFrame` of what was made of the pixels of an original one."""
        deep = _deep(original)
        _lift(deep, rgb, *self._tables, self._light_of_levels, self._codes)
        frame = av.VideoFrame.from_ndarray(with_even_sides(deep), format="rgb48le")
        return frame.reformat(
            format="yuv420p10le",
            dst_colorspace=BT2020,
            src_color_range=FULL_RANGE,
            dst_color_range=self._range,
        )


def colours_of(frame, keep_hdr=False):
    """Return the `Yuv` of a frame: another where its transfer is PQ or HLG."""
    transfer = int(frame.color_trc)
    if transfer not in NAMES:
        return Yuv.of(frame)
    return KeptHdr(frame) if keep_hdr else Hdr(transfer)


def x265_parameters(frame):
    """Return what x265 takes to write the side data of a frame: screen, and most light."""
    found = ["hdr10=1", "repeat-headers=1"] * (int(frame.color_trc) == PQ)
    screen = frame.side_data.get(Type.MASTERING_DISPLAY_METADATA)
    if screen is not None:
        numbers = struct.unpack("<22i", bytes(screen)[:88])
        ratios = [
            a / b if b else 0 for a, b in zip(*[iter(numbers[:20])] * 2, strict=True)
        ]
        # FFmpeg has red, green, blue, white and the least light first; x265 green.
        red, green, blue, white = (ratios[i : i + 2] for i in range(0, 8, 2))
        places = {"G": green, "B": blue, "R": red, "WP": white}
        text = "".join(
            f"{name}({round(50_000 * x)},{round(50_000 * y)})"
            for name, (x, y) in places.items()
        )
        least, most = (round(10_000 * each) for each in ratios[8:])
        if all(numbers[20:]):
            found.append(f"master-display={text}L({most},{least})")
    light = frame.side_data.get(Type.CONTENT_LIGHT_LEVEL)
    if light is not None:
        found.append("max-cll={},{}".format(*struct.unpack("<2I", bytes(light)[:8])))
    return found


def _deep(frame):
    """Return the codes of a frame, a uint16 RGB array `(H, W, 3)`."""
    return frame.reformat(
        format="rgb48le",
        src_colorspace=BT2020,
        src_color_range=int(frame.color_range) or 1,
        dst_color_range=FULL_RANGE,
    ).to_ndarray()


def _tables_of(transfer):
    """Return the light of codes, the power of HLG, and the shares of light."""
    light = f32(decode_light(np.linspace(0, 1, CODES), transfer))
    return light, f32(HLG_GAMMA if transfer == HLG else 0), f32(shares_of_light())


@compiled
def _light_and_share(pixel, light, gamma, shares):
    """Return the light of a pixel as shown, and the share of it that remains in SDR."""
    r, g, b = light[pixel[0]], light[pixel[1]], light[pixel[2]]
    if gamma > 0:
        factor = (LUMA[0] * r + LUMA[1] * g + LUMA[2] * b) ** gamma
        r, g, b = r * factor, g * factor, b * factor
    most = max(r, g, b)
    if most >= f32(PEAK):
        return r, g, b, f32(1) / most
    place = np.sqrt(most / f32(PEAK)) * f32(STEPS - 1)
    index = min(int(place), STEPS - 2)
    rest = place - f32(index)
    return r, g, b, shares[index] + rest * (shares[index + 1] - shares[index])


@compiled
def _to_bt709(deep, rgb, light, gamma, shares, levels, matrix):
    height, width, _ = rgb.shape
    for row in range(height):
        for x in range(width):
            r, g, b, share = _light_and_share(deep[row, x], light, gamma, shares)
            for channel in range(3):
                value = (
                    matrix[channel, 0] * r
                    + matrix[channel, 1] * g
                    + matrix[channel, 2] * b
                )
                root = np.sqrt(min(max(value * share, f32(0)), f32(1)))
                rgb[row, x, channel] = np.uint8(
                    levels[int(root * f32(STEPS - 1) + f32(0.5))] + f32(0.5)
                )


@compiled
def _draw_down(deep, rgb, light, gamma, shares, levels):
    height, width, _ = rgb.shape
    steps = f32(CODES - 1)
    for row in range(height):
        for x in range(width):
            r, g, b, share = _light_and_share(deep[row, x], light, gamma, shares)
            for channel, value in enumerate((r, g, b)):
                root = np.sqrt(min(value * share, f32(1)))
                rgb[row, x, channel] = levels[int(root * steps + f32(0.5))]


@compiled
def _lift(deep, rgb, light, gamma, shares, light_of_levels, codes):
    """Write the codes of enhanced pixels in the place of the original ones."""
    height, width, _ = rgb.shape
    steps = f32(CODES - 1)
    for row in range(height):
        for x in range(width):
            _, _, _, share = _light_and_share(deep[row, x], light, gamma, shares)
            r = light_of_levels[rgb[row, x, 0]] / share
            g = light_of_levels[rgb[row, x, 1]] / share
            b = light_of_levels[rgb[row, x, 2]] / share
            if gamma > 0:  # back to the light of the scene
                luma = LUMA[0] * r + LUMA[1] * g + LUMA[2] * b
                factor = max(luma, f32(1e-9)) ** (-gamma / (f32(1) + gamma))
                r, g, b = r * factor, g * factor, b * factor
            for channel, value in enumerate((r, g, b)):
                root = np.sqrt(np.sqrt(min(value / f32(BRIGHTEST), f32(1))))
                deep[row, x, channel] = codes[int(root * steps + f32(0.5))]
