"""Brightness that is smooth over time: gains, or the curves of a low-resolution grid."""

import math

import numpy as np

SECONDS = 0.5  # in which two thirds of a change of brightness are followed
CELLS = 8  # cells across the miniatures that scenes are told apart by
BLACK = 8.0  # levels added to the cells: noise in the dark is no change of scene
LOGARITHMIC = [0, 1, 2, 7]  # of the gains: the channels' factors and gamma
FACTORS = slice(3)
ADAPTATION = 2.0  # seconds in which two thirds of a change of the light are followed
DIFFERENT = 0.6  # mean difference of two frames' structures that begins a new shot
FLAT = 0.1  # spread of logarithms below which a miniature has no structure
MOST = 2.0  # spreads: a lamp is one bright place, however bright
BLACK_FRAME = 1.5  # levels: a frame whose mean is not above has nothing to see
STILL = 0.02  # root mean square of a change of the curves that noise may be
MOVING = 0.25  # change of the light, of its logarithm in a second, that is waited for
SETTLED = 0.5  # seconds of a shot after which its curves are good enough to wait with


class SmoothedCurves:
    """The low-resolution curves of frames, smoothed over time.

    Within a shot more light in is more light out: a flash stays a flash, a fade a fade,
    a passing headlight rises and falls. So the curves stay as they are while the light
    changes, and follow it slowly once it is steady. What may be noise they do not follow
    at all. A shot begins where the structure of the picture changes, whatever its light
    does. A black frame changes nothing.

    Example: half the light is no new shot, and the curves hardly follow.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> frame = rng.integers(0, 250, (64, 96, 3)).astype("uint8")
    >>> smooth, curves = SmoothedCurves(), np.float32([-0.2])
    >>> first = smooth(curves, frame, 0)
    >>> [round(float(smooth(2 * curves, frame // 2, 1 / 30)[0]), 2) for _ in range(2)]
    [-0.28, -0.31]
    """

    def __init__(self):
        self._frames, self._seconds = 0, 0.0  # of this shot
        self._light = 0.0  # of the frame before: the mean of its logarithms
        self._average = self._applied = self._structure = np.empty(0)

    def __call__(self, curves, frame, seconds):
        """Return the curves to enhance a frame with.

        Args:
            curves: float32 array, what the enhancer estimates for this frame.
            frame: uint8 array `(H, W, 3)`.
            seconds: float, time since the frame before.

        Returns:
            float32 array of the same shape.
        """
        is_black = _is_black(frame)
        logs = _miniature(frame)
        is_moving = self._is_moving(logs.mean(), seconds)
        if is_black and self._frames:
            return self._applied.astype("float32")
        if not is_black:
            self._begin_or_continue(_structure(logs), seconds)
        if self._frames <= 1:
            self._average = self._applied = np.array(curves, "float64")
        elif not is_moving or self._seconds < SETTLED:
            self._follow(curves, seconds)
        return self._applied.astype("float32")

    def _is_moving(self, light, seconds):
        change, self._light = abs(light - self._light), light
        return change > MOVING * max(seconds, 0)

    def _begin_or_continue(self, structure, seconds):
        if self._frames and self._is_cut(structure):
            self._frames, self._seconds = 0, 0.0
        self._frames += 1
        self._seconds += max(seconds, 0)
        self._structure = structure

    def _follow(self, curves, seconds):
        follow = 1 - math.exp(-max(seconds, 0) / ADAPTATION)
        weight = max(1 / self._frames, follow)
        self._average = self._average + weight * (curves - self._average)
        change = self._average - self._applied
        size = math.sqrt(np.mean(change * change))
        self._applied = self._applied + max(0, 1 - STILL / max(size, 1e-9)) * change

    def _is_cut(self, structure):
        return np.abs(structure - self._structure).mean() > DIFFERENT


class SmoothedGains(SmoothedCurves):
    """What the brightness of frames depends on, smoothed over time.

    An enhancer that measures every frame by itself turns noise into flicker, because it
    multiplies what it measures. Shots, changes of the light and black frames are as of
    `SmoothedCurves`; but gains are followed in half a second, so that pans are. And where
    there is no signal, nothing is lifted: these gains would make grey of black.

    Example: the first frame has its own gains, noise is averaged away.

    >>> import numpy as np
    >>> smooth, frame = SmoothedGains(), np.full((32, 48, 3), 20, dtype="uint8")
    >>> gains = np.float32([4, 4, 4, 1, 0, 0, 0, 0.6])
    >>> [round(float(smooth(gains * k, frame, 1 / 30)[0]), 2) for k in (1, 1.1, 0.9)]
    [4.0, 4.2, 3.99]
    """

    def __call__(self, gains, frame, seconds):
        """Return the gains to enhance a frame with.

        Args:
            gains: float32 array `(8,)`, what the enhancer measures of this frame.
            frame: uint8 array `(H, W, 3)`.
            seconds: float, time since the frame before.

        Returns:
            float32 array `(8,)`.
        """
        logs = np.array(gains, "float64")
        logs[LOGARITHMIC] = np.log(np.maximum(logs[LOGARITHMIC], 1e-6))
        steady = super().__call__(logs, frame, seconds)
        steady[LOGARITHMIC] = np.exp(steady[LOGARITHMIC])
        steady[FACTORS] *= np.clip(_mean(frame) - BLACK_FRAME + 1, 0, 1)
        return steady

    def _follow(self, curves, seconds):
        weight = max(1 / self._frames, 1 - math.exp(-max(seconds, 0) / SECONDS))
        self._average = self._average + weight * (curves - self._average)
        self._applied = self._average


def _is_black(frame):
    return _mean(frame) <= BLACK_FRAME


def _mean(frame):
    return frame[::8, ::8].mean()


def smoothing_of(enhance):
    """Return what smooths the gains of a way to enhance frames, over one video."""
    has_curves = getattr(enhance, "gains_are_curves", False)
    return SmoothedCurves() if has_curves else SmoothedGains()


def _structure(logs):
    """Return the logarithms of a frame's cells, around 0, as spreads of their middle half.

    Of what most of the picture is like: a lamp that blinks in a corner changes little.
    """
    first, middle, third = np.percentile(logs, (25, 50, 75))
    spread = max((third - first) / 1.349, FLAT)
    return np.clip((logs - middle) / spread, -MOST, MOST)


def _miniature(frame):
    """Return logarithms of the brightness of 8×8 cells, from every fifth pixel of 720 rows."""
    step = max(1, min(frame.shape[:2]) // 128)
    red, green, blue = np.moveaxis(frame[::step, ::step], -1, 0)
    grey = (np.add(red, green, dtype="float32") + blue) / 3  # a fifth of sum's time
    for axis in (0, 1):
        size = grey.shape[axis]
        starts = np.arange(min(CELLS, size)) * size // min(CELLS, size)
        sizes = np.diff(np.append(starts, size))
        grey = np.add.reduceat(grey, starts, axis=axis)
        grey = grey / (sizes[:, None] if axis == 0 else sizes)
    return np.log(grey + BLACK)
