"""Between the pixels of video, 4:2:0 luma and chroma, and RGB, without a bias.

FFmpeg's own conversion to RGB rounds down, by 1.3 levels on a night clip: little in a
picture that is looked at, but an enhancer multiplies it by ten. And its way back takes
eight times as long.
"""

import av
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter
from numba import njit

f32 = np.float32
compiled = njit(fastmath=True, cache=True, nogil=True)

BT709, BT601 = 1, 6  # of H.273, as FFmpeg numbers them
RED_AND_BLUE = {  # what red and blue count in the luma
    BT709: (0.2126, 0.0722),
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.601 of PAL
    BT601: (0.299, 0.114),
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020
    10: (0.2627, 0.0593),
}
FULL_RANGE = 2
TAGS = ("color_range", "colorspace", "color_primaries", "color_trc")


class Yuv:
    """How the pixels of a video stand for colours.

    Args:
        matrix: int, FFmpeg's number of the luma's and chroma's matrix.
        full_range: bool; False for luma from 16 to 235.
        tags: dict of what a file says about its colours: attributes of a codec context.
    """

    def __init__(self, matrix, full_range, tags=None):
        self.tags = tags or {}
        red, blue = RED_AND_BLUE[matrix]
        luma_step, chroma_step = (1, 1) if full_range else (255 / 219, 255 / 224)
        black = 0 if full_range else 16
        luma = np.array([red, 1 - red - blue, blue])
        cb = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue) * chroma_step)
        cr = (np.array([1, 0, 0]) - luma) / (2 * (1 - red) * chroma_step)
        # Chroma is the mean of four pixels; 0.5 makes cutting off a rounding.
        self._to_yuv = f32([*luma / luma_step, black + 0.5, *cb / 4, *cr / 4])
        r, b = 2 * (1 - red) * chroma_step, 2 * (1 - blue) * chroma_step
        g = -luma[[2, 0]] * [b, r] / luma[1]
        self._to_rgb = f32([luma_step, 0.5 - black * luma_step, r, *g, b])

    @classmethod
    def of(cls, frame):
        """As the tags of a frame say; without a tag as players guess, by its height."""
        if has_no_chroma(frame):
            tags = dict.fromkeys(TAGS, BT709)  # 1 is also the limited range
            return cls(BT709, False, tags)
        guess = BT709 if frame.height > 576 else BT601
        matrix = int(frame.colorspace)
        matrix = matrix if matrix in RED_AND_BLUE else guess
        is_full = frame.color_range == FULL_RANGE or frame.format.name[:4] == "yuvj"
        tags = {name: int(getattr(frame, name)) for name in TAGS}
        return cls(
            matrix, is_full, tags | ({"color_range": FULL_RANGE} if is_full else {})
        )

    def to_rgb(self, frame):
        """Return the uint8 RGB array `(H, W, 3)` of an `av.VideoFrame`, of any pixel format."""
        if has_no_chroma(frame):
            return frame.to_ndarray(format="rgb24")
        if frame.format.name not in ("yuv420p", "yuvj420p"):
            frame = _as_yuv420p(frame)
        # Pixels come in pairs: of an odd width the last column is cut off again.
        rgb = np.empty((frame.height, frame.width + frame.width % 2, 3), np.uint8)
        for rows in _fields(frame.interlaced_frame, frame.height):
            field = np.ascontiguousarray(rgb[rows])
            planes = [np.ascontiguousarray(plane[rows]) for plane in _planes(frame)]
            _to_rgb(*planes, field, self._to_rgb)
            if not np.may_share_memory(field, rgb):
                rgb[rows] = field
        return np.ascontiguousarray(rgb[:, : frame.width])

    def to_frame(self, rgb, original=None, is_interlaced=False):
        """Return the `av.VideoFrame` of a uint8 RGB array `(H, W, 3)`.

        4:2:0 has one chroma sample for 2×2 pixels, of a field where there are two. The
        original frame is of use to `KeptHdr` alone.
        """
        rgb = with_even_sides(rgb)
        height, width, _ = rgb.shape
        frame = av.VideoFrame(width, height, "yuv420p")
        planes = _planes(frame)
        for rows in _fields(is_interlaced, height):
            field = [np.ascontiguousarray(plane[rows]) for plane in planes]
            _to_yuv(np.ascontiguousarray(rgb[rows]), *field, self._to_yuv)
            for plane, new in zip(planes, field, strict=True):
                if not np.may_share_memory(plane, new):
                    plane[rows] = new
        return frame


def with_even_sides(rgb):
    """Return an array with the last row or column once more where a side is odd."""
    height, width, _ = rgb.shape
    if not (height % 2 or width % 2):
        return rgb
    return np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _fields(is_interlaced, height):
    """Slices of rows that chroma is shared in; only of 4 n rows a field has pairs."""
    if is_interlaced and height % 4 == 0:
        return slice(0, None, 2), slice(1, None, 2)
    return (slice(None),)


def has_no_chroma(frame):
    """Whether a frame is RGB, has a palette, or is grey (of full range, in FFmpeg)."""
    pixels = frame.format
    return pixels.is_rgb or pixels.has_palette or pixels.name.startswith("gray")


def _as_yuv420p(frame):
    """Chroma and bit depth only: matrix and range stay."""
    colours = int(frame.colorspace)
    value_range = ColorRange(int(frame.color_range))
    return VideoReformatter().reformat(
        frame,
        format="yuv420p",
        src_colorspace=colours,
        dst_colorspace=colours,
        src_color_range=value_range,
        dst_color_range=value_range,
    )


def _planes(frame):
    """Luma and the two chroma planes, with the padding at the ends of their rows."""
    return [np.frombuffer(p, np.uint8).reshape(-1, p.line_size) for p in frame.planes]


@compiled
def _level(value):
    return np.uint8(min(max(value, f32(0)), f32(255)))


# Written so that the compiler makes vectors of the inner loops: straight into the row of
# the result (0.4 ms at 1280×720; by way of a row of its own, 1.2), luma and chroma apart,
# and the matrix read after what is allocated (0.3 ms; before it, 2.3).


@compiled
def _to_rgb(luma, cb, cr, rgb, matrix):
    height, width, _ = rgb.shape
    luma_step, black, r_cr, g_cb, g_cr, b_cb = matrix
    for row in range(height):
        pixels = rgb[row].reshape(-1)
        luma_row, cb_row, cr_row = luma[row], cb[row >> 1], cr[row >> 1]
        for i in range(width >> 1):
            u, v = f32(cb_row[i]) - f32(128), f32(cr_row[i]) - f32(128)
            r, g, b = r_cr * v, g_cb * u + g_cr * v, b_cb * u
            for k in range(2):
                y = luma_step * f32(luma_row[2 * i + k]) + black
                pixels[6 * i + 3 * k] = _level(y + r)
                pixels[6 * i + 3 * k + 1] = _level(y + g)
                pixels[6 * i + 3 * k + 2] = _level(y + b)


@compiled
def _to_yuv(rgb, luma, cb, cr, matrix):
    height, width, _ = rgb.shape
    sums = np.empty((3, width), np.float32)  # of two rows
    red, green, blue = sums
    y_r, y_g, y_b, black, u_r, u_g, u_b, v_r, v_g, v_b = matrix
    for row in range(0, height, 2):
        above, below = rgb[row].reshape(-1), rgb[row + 1].reshape(-1)
        luma_above, luma_below = luma[row], luma[row + 1]
        for x in range(width):
            r, g, b = f32(above[3 * x]), f32(above[3 * x + 1]), f32(above[3 * x + 2])
            luma_above[x] = _level(y_r * r + y_g * g + y_b * b + black)
            p, q, s = f32(below[3 * x]), f32(below[3 * x + 1]), f32(below[3 * x + 2])
            luma_below[x] = _level(y_r * p + y_g * q + y_b * s + black)
            red[x], green[x], blue[x] = r + p, g + q, b + s
        cb_row, cr_row = cb[row >> 1], cr[row >> 1]
        for i in range(width >> 1):
            r = red[2 * i] + red[2 * i + 1]
            g = green[2 * i] + green[2 * i + 1]
            b = blue[2 * i] + blue[2 * i + 1]
            cb_row[i] = _level(u_r * r + u_g * g + u_b * b + f32(128.5))
            cr_row[i] = _level(v_r * r + v_g * g + v_b * b + f32(128.5))
