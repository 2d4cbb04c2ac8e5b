"""Exposure normalisation: every photograph to the same brightness, by its statistics."""

import keras
from keras import ops

from zero_dce_keras.errors import check_fraction, check_not_negative
from zero_dce_keras.images.luma import LUMA
from zero_dce_keras.models.resampling import block_means

CELL = 8  # pixels on a side of the cells that the exposure is metered on
LEAST_CELLS = 50  # on the shorter side before the cells grow
CENTRE_WIDTH = 0.3  # σ of the metering's centre, in half image sides
NUM_GAINS = 8  # numbers that `gains` has for an image
BISECTIONS = 12
LOG_GAINS = (0.0, 3.6)  # natural logarithms of the least and the largest gain
LEAST_GAMMA = 0.4
BLACK = 1e-4  # what is darker counts as this, so that logarithms and slopes are finite


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ExposureNormalization(keras.layers.Layer):
    """Brings images to one brightness with a gain and a tone curve, without weights.

    DCE-Net sees 15 pixels and cannot know how bright a photograph is as a whole. This
    layer does: it meters a miniature of the image, finds the gain k by bisection, and
    gives

        z = s((k · w · (x + pedestal)) ** gamma),  s(v) = v / (1 + v⁴) ** ¼,

    with w one factor a channel that goes part of the way to a grey world. k is such that
    the miniature's brightest channel, averaged as a fourth power with more weight on
    the centre, is `target`. Colours are then drawn towards grey by `saturation`. The
    shoulder s keeps lamps from burning out.

    The constants are calibrated, not learned: card of the preset `zero_dce_lol`.

    Args:
        target: metered brightness of the result, in (0, 1).
        gamma: exponent of the tone curve, in [0.4, 1]; small ones lift shadows.
        pedestal: added to the image, in [0, 1]: half a level or two of an 8-bit image
            keep black from becoming noise.
        cast: how far to go to a grey world, in [0, 1].
        saturation: factor of the colours' distance from grey, in [0, 1].
        centre_weight: how much more the centre counts than the border; at least 0.
        well_exposed: `None` to treat all images alike, or two brightnesses in [0, 1]: an
            image metered above the second is left as it is, one below the first is
            normalised, between them the two are mixed.
        **kwargs: `name` and `dtype`, as for every layer.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> import numpy as np
        >>> dark = np.random.default_rng(0).random((1, 32, 48, 3), dtype="float32") / 10
        >>> normalize = ExposureNormalization(target=0.5)
        >>> [round(float(normalize(dark / k).numpy().mean()), 1) for k in (1, 4)]
        [0.5, 0.5]
    """

    def __init__(
        self,
        target=0.56,
        gamma=2 / 3,
        pedestal=1.5 / 255,
        cast=0.4,
        saturation=0.8,
        centre_weight=15.0,
        well_exposed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not 0 < target <= 1:
            raise ValueError(f"target must be in (0, 1]. Received: {target}")
        if not LEAST_GAMMA <= gamma <= 1:
            raise ValueError(f"gamma must be in [0.4, 1]. Received: {gamma}")
        for name, value in (
            ("pedestal", pedestal),
            ("cast", cast),
            ("saturation", saturation),
        ):
            check_fraction(name, value)
        check_not_negative("centre_weight", centre_weight)
        if well_exposed is not None and not _is_range(well_exposed):
            raise ValueError(
                "well_exposed must be None or two increasing brightnesses in [0, 1]. "
                f"Received: {well_exposed}"
            )
        self.target = target
        self.gamma = gamma
        self.pedestal = pedestal
        self.cast = cast
        self.saturation = saturation
        self.centre_weight = centre_weight
        self.metering_cells = MeteringCells()
        self.well_exposed = None if well_exposed is None else list(well_exposed)

    def build(self, input_shape):
        self.metering_cells.build(input_shape)

    def call(self, images):
        return self.apply_gains(images, self.gains(images))

    def gains(self, images):
        """Compute the gains of whole images from their statistics.

        Args:
            images: float tensor `(B, H, W, 3)` in [0, 1].

        Returns:
            float tensor `(B, 1, 1, 8)`: the factor of each channel, the share in [0, 1]
            of the normalised image in the result, three zeros, and gamma. No gradient
            flows through it.
        """
        return self.gains_of_cells(self.metering_cells(images))

    def gains_of_cells(self, cells):
        """Compute the gains of images from their metering cells `(B, h, w, 3)`."""
        cells = ops.convert_to_tensor(cells, "float32")
        share = self._share(cells)
        cells = cells + self.pedestal
        means = ops.mean(cells, axis=(1, 2), keepdims=True)  # (B, 1, 1, 3)
        grey = ops.mean(means, axis=-1, keepdims=True)
        white_balance = _power(grey / _at_least_black(means), self.cast)
        # (k · x) ** gamma is k ** gamma · x ** gamma: the costly power is taken once.
        powered = _power(_at_least_black(cells * white_balance), self.gamma)
        low, high = (log + ops.zeros_like(grey) for log in LOG_GAINS)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            metered = self._meter(
                self._shoulder(powered * ops.exp(self.gamma * middle))
            )
            too_dark = metered < self.target**4
            low, high = (
                ops.where(too_dark, middle, low),
                ops.where(too_dark, high, middle),
            )
        factors = white_balance * ops.exp((low + high) / 2)
        gamma = self.gamma * ops.ones_like(grey)
        gains = ops.concatenate([factors, share, ops.zeros_like(means), gamma], axis=-1)
        return ops.stop_gradient(gains)

    def apply_gains(self, images, gains, low_light=None):
        """Normalise images, pixel by pixel: `gains` may come from larger ones.

        Args:
            images: float tensor `(B, H, W, 3)` in [0, 1].
            gains: float tensor `(B, 1, 1, 8)`, from `gains`.
            low_light: what well-exposed images are left as, such as the images before
                a filter. By default, the images.

        Returns:
            float tensor `(B, H, W, 3)` in [0, 1].
        """
        images, gains = ops.convert_to_tensor(images), ops.convert_to_tensor(gains)
        balanced = (images + self.pedestal) * gains[..., :3]
        normalized = self._shoulder(_power(_at_least_black(balanced), gains[..., 7:]))
        if self.well_exposed is None:
            return normalized
        unchanged = images if low_light is None else low_light
        return unchanged + gains[..., 3:4] * (normalized - unchanged)

    def _share(self, cells):
        """Return 0 for well-exposed images, 1 for dark ones; `(B, 1, 1, 1)`."""
        if self.well_exposed is None:
            return ops.ones_like(cells[:, :1, :1, :1])
        low, high = self.well_exposed
        metered = ops.sqrt(ops.sqrt(self._meter(cells)))
        return ops.clip((high - metered) / (high - low), 0, 1)

    def _meter(self, cells):
        """Average the fourth power of the brightest channel; `(B, 1, 1, 1)`."""
        brightest = ops.max(cells, axis=-1)
        weighted = self._metering_weights(cells) * ops.square(ops.square(brightest))
        return ops.reshape(ops.sum(weighted, axis=(1, 2)), (-1, 1, 1, 1))

    def _shoulder(self, z):
        z = z / ops.sqrt(ops.sqrt(1 + ops.square(ops.square(z))))
        grey = ops.sum(z * ops.convert_to_tensor(LUMA, z.dtype), axis=-1, keepdims=True)
        return ops.clip(grey + self.saturation * (z - grey), 0, 1)

    def _metering_weights(self, cells):
        """Return `(B, h, w)` weights of sum 1, the larger ones in the centre."""
        ones = ops.ones_like(cells[..., 0])
        squares = sum(ops.square(_minus_one_to_one(ones, axis)) for axis in (1, 2))
        centre = ops.exp(-squares / (2 * CENTRE_WIDTH**2))
        weights = 1 + self.centre_weight * centre
        return weights / ops.sum(weights, axis=(1, 2), keepdims=True)

    def compute_output_shape(self, input_shape):
        return input_shape

    @property
    def arguments(self):
        """Dict of the arguments that make a layer like this one."""
        return {
            "target": self.target,
            "gamma": self.gamma,
            "pedestal": self.pedestal,
            "cast": self.cast,
            "saturation": self.saturation,
            "centre_weight": self.centre_weight,
            "well_exposed": self.well_exposed,
        }

    def get_config(self):
        return {**super().get_config(), **self.arguments}

    @classmethod
    def from_config(cls, config):
        """Make a layer of its configuration, or of one that version 0.1.0 wrote.

        Raises:
            ValueError: the configuration asks for the adaptive tone of that version.
        """
        # Not Keras' own, which reports errors in arguments in many lines.
        return cls(**without_adaptive_tone(config))


class MeteringCells(keras.layers.Layer):
    """Images `(B, H, W, C)` to the miniatures `(B, h, w, C)` that exposure is metered on.

    A cell is the mean of 8×8 pixels; of 16×16 where the image has 800 or more on its
    shorter side, 24×24 from 1200 on, and so forth: a photograph and its reduced copy are
    metered alike.
    """

    def __init__(self, **kwargs):
        super().__init__(dtype="float32", **kwargs)

    def call(self, images):
        return block_means(images, cell_size(*ops.shape(images)[1:3]))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], None, None, input_shape[-1])


def without_adaptive_tone(arguments):
    """Drop the arguments of the adaptive tone, which version 0.1.0 had.

    Args:
        arguments: dict of arguments of `ExposureNormalization`.

    Raises:
        ValueError: one of them is not 0.
    """
    arguments = dict(arguments)
    for name in ("black", "gamma_slope"):
        value = arguments.pop(name, 0)
        if value != 0:
            raise ValueError(
                f"{name} must be 0, the adaptive tone was removed. Received: {value}"
            )
    return arguments


def cell_size(height, width):
    """Return the side in pixels of an image's metering cells; sizes may be tensors."""
    if isinstance(height, int) and isinstance(width, int):
        return CELL * max(1, min(height, width) // (CELL * LEAST_CELLS))
    return CELL * ops.maximum(1, ops.minimum(height, width) // (CELL * LEAST_CELLS))


def _is_range(values):
    is_pair = isinstance(values, (tuple, list)) and len(values) == 2
    return is_pair and 0 <= values[0] < values[1] <= 1


def _at_least_black(x):
    return ops.maximum(x, BLACK)


def _power(x, exponent):
    """Compute x ** exponent for positive x, in a quarter of the time of `ops.power`."""
    return ops.exp(exponent * ops.log(x))


def _minus_one_to_one(ones, axis):
    """Return the middles of cells, whose number may be unknown, between −1 and 1."""
    middles = ops.cumsum(ones, axis=axis) - 0.5
    return middles / ops.sum(ones, axis=axis, keepdims=True) * 2 - 1
