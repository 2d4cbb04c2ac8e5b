"""What a served model refuses to decode. No TensorFlow here: commands read it."""

from typing import NamedTuple

MEGA = 1e6


class Limits(NamedTuple):
    """The largest files that signatures with bytes take.

    Args:
        megabytes: of a file, 10⁶ bytes each.
        megapixels: of a picture, 10⁶ pixels each.
    """

    megabytes: float = 64.0
    megapixels: float = 50.0
