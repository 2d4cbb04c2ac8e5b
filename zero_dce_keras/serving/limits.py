"""What a served model and its server refuse. No TensorFlow here: commands read it."""

from typing import NamedTuple

MEGA = 1e6


class FileLimits(NamedTuple):
    """The largest files that the signatures with bytes take; part of the graph.

    Args:
        megabytes: of a file, 10⁶ bytes each.
        megapixels: of a picture, 10⁶ pixels each.
    """

    megabytes: float = 64.0
    megapixels: float = 50.0


class RequestLimits(NamedTuple):
    """What `zero-dce serve` takes.

    Args:
        megabytes: of a request's message or body, 10⁶ bytes each.
        megapixels: of all pictures of a request or a batch, 10⁶ pixels each.
        items: pictures in a request or a batch.
        concurrency: batches in work at once.
        requests: in work or waiting; more are refused.
    """

    megabytes: int = 64
    megapixels: int = 25
    items: int = 32
    concurrency: int = 2
    requests: int = 64

    @property
    def bytes(self):
        """The megabytes as a whole number of bytes."""
        return int(self.megabytes * MEGA)

    @property
    def pixels(self):
        """The megapixels as a whole number of pixels."""
        return int(self.megapixels * MEGA)
