"""What an `Enhancer` can be asked to do differently."""

import dataclasses
from collections.abc import Callable

import numpy as np

from zero_dce_keras.errors import check_fraction


@dataclasses.dataclass(frozen=True, eq=False)
class EnhanceOptions:
    """How to enhance; the defaults enhance as the model was trained to.

    Args:
        iterations: how many times to apply a curve; 0 is the identity, `None` the
            model's own number.
        strength: float in [0, 1] that scales the curves; 0 is the identity.
        denoise: False leaves out the denoising filter of a model that has one; True
            fails for a model that has none. `None` uses what there is.
        tile: side in pixels of the parts that the image is cut into, so that the memory
            it takes does not grow with it. The result is the same for models with
            curves; a model that looks at the whole image, such as `MIRNet`, gives parts
            that are blended where they overlap. `None` is 512 for images above a
            megapixel; 0 never cuts.
        compiled: False runs the Keras form of a model that has a compiled one, too. The
            pixels are the same to a level of 8 bits; of a compiled form, floats are
            worked on with 16 bits, and `tile` is not needed.
        gains: float array in place of the image's own statistics, see
            `Enhancer.gains`: so that the frames of a video are treated alike.
        progress: callable that is given, after each tile of an image that is cut, how
            many are done and how many there are.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> EnhanceOptions(strength=0.5).changes_nothing
        False
        >>> EnhanceOptions(iterations=0).changes_nothing
        True
    """

    iterations: int | None = None
    strength: float = 1.0
    denoise: bool | None = None
    tile: int | None = None
    compiled: bool = True
    gains: np.ndarray | None = None
    progress: Callable | None = None

    def __post_init__(self):
        iterations = self.iterations
        is_count = isinstance(iterations, (int, np.integer)) and iterations >= 0
        if iterations is not None and not is_count:
            raise ValueError(
                "iterations must be a whole number, not negative. "
                f"Received: {iterations!r}"
            )
        check_fraction("strength", self.strength)
        if self.tile is not None and self.tile < 0:
            raise ValueError(f"tile must not be negative. Received: {self.tile}")
        gains = self.gains
        if gains is not None and (np.ndim(gains) != 1 or not np.isfinite(gains).all()):
            raise ValueError(
                f"gains must be numbers, as `gains` gives them. Received: {gains!r}"
            )

    @property
    def changes_nothing(self):
        """Whether the enhanced image is the image."""
        return self.iterations == 0 or self.strength == 0

    def replace(self, **changes):
        """Return a copy with other values in some fields."""
        return dataclasses.replace(self, **changes)


DEFAULT_OPTIONS = EnhanceOptions()
