"""HDR to the light that a BT.709 screen shows."""

import numpy as np

from zero_dce_keras.images.light import (
    HLG,
    PEAK_NITS,
    PQ,
    WHITE_NITS,
    decode_hlg_scene,
    decode_pq,
)
from zero_dce_keras.video.yuv import BT709, TAGS, Yuv, compiled, f32

NAMES = {PQ: "PQ", HLG: "HLG"}
BRIGHTEST = PEAK_NITS / WHITE_NITS  # that is kept, over paper white (BT.2408)
STEPS = 4096  # of the tables, finer than the 10 bits of a film
TO_BT709 = np.array(  # light of BT.2020's primaries (BT.2087)
    [
        [1.6605, -0.5876, -0.0728],
        [-0.1246, 1.1329, -0.0083],
        [-0.0182, -0.1006, 1.1187],
    ],
    "float32",
)


class Hdr(Yuv):
    """Pixels of a PQ or HLG film as BT.709: what `Yuv` is to others.

    Light relative to paper white, in BT.709's primaries, is compressed by Reinhard's
    curve on the largest channel, so that 1000 nits become white and hues stay. It never
    falls, and what is dark hardly changes.

    Args:
        transfer: int, `PQ` or `HLG`.

    Source: BT.2100 (both curves), BT.2408 (203 nits), Reinhard and others 2002, eq. 4.
    """

    def __init__(self, transfer):
        super().__init__(BT709, False, dict.fromkeys(TAGS, BT709))
        code = np.linspace(0, 1, STEPS)
        self._light = f32(decode_pq(code) if transfer == PQ else _hlg_light(code))
        # Of HLG the light of the screen: the scene's, times its luma to the power 0.2.
        self._gamma = f32(0.2 if transfer == HLG else 0)
        self._levels = f32(
            255 * np.linspace(0, 1, STEPS) ** (2 / 2.4)
        )  # of square roots

    def to_rgb(self, frame):
        """Return the uint8 RGB array `(H, W, 3)` of an `av.VideoFrame`."""
        deep = frame.reformat(
            format="rgb48le",
            src_colorspace=9,
            src_color_range=int(frame.color_range) or 1,
            dst_color_range=2,
        ).to_ndarray()
        rgb = np.empty(deep.shape, np.uint8)
        _map(deep, rgb, self._light, self._levels, TO_BT709, self._gamma)
        return rgb


def colours_of(frame):
    """Return the `Yuv` of a frame: an `Hdr` where its transfer is PQ or HLG."""
    transfer = int(frame.color_trc)
    return Hdr(transfer) if transfer in NAMES else Yuv.of(frame)


def _hlg_light(code):
    """Light of the scene of an HLG code, whose power 1.2 is relative to paper white."""
    return decode_hlg_scene(code) * BRIGHTEST ** (1 / 1.2)


@compiled
def _map(deep, rgb, light, levels, matrix, gamma):
    height, width, _ = rgb.shape
    peak = f32(BRIGHTEST)
    for row in range(height):
        for x in range(width):
            r = light[deep[row, x, 0] >> 4]
            g = light[deep[row, x, 1] >> 4]
            b = light[deep[row, x, 2] >> 4]
            if gamma > 0:
                luma = f32(0.2627) * r + f32(0.678) * g + f32(0.0593) * b
                factor = luma**gamma
                r, g, b = r * factor, g * factor, b * factor
            most = max(r, g, b, f32(1e-6))
            # Never above 1 after the curve, whatever the primaries.
            for channel in range(3):
                value = (
                    matrix[channel, 0] * r
                    + matrix[channel, 1] * g
                    + matrix[channel, 2] * b
                )
                value *= (f32(1) + most / (peak * peak)) / (f32(1) + most)
                root = np.sqrt(min(max(value, f32(0)), f32(1)))
                rgb[row, x, channel] = np.uint8(
                    levels[int(root * f32(STEPS - 1) + f32(0.5))] + f32(0.5)
                )
