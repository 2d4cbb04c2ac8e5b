"""Which photographs make up the batches of an epoch, and which part of each."""

from typing import NamedTuple

import numpy as np


class Cut(NamedTuple):
    """A part of a photograph: where it begins, and whether it is mirrored."""

    index: int
    top: int
    left: int
    mirrored: bool


class Epochs:
    """Draws the batches of any epoch from a seed and the epoch's number alone.

    The same on every backend, and for a run that is taken up again in the middle.

    Args:
        shapes: list of the photographs' shapes `(H, W, …)`.
        batch_size: images in a batch.
        shuffle: whether to draw a new order every epoch.
        seed: seed of the order, the crops and the flips.
        drop_remainder: whether to leave out a last batch that is not full.
        crop_size: side of the random squares to cut out; `None` for whole images.
        flip: whether to mirror images left-right at random.

    Example:

    >>> epochs = Epochs([(32, 48, 3)] * 3, batch_size=2, crop_size=16, seed=7)
    >>> [len(batch) for batch in epochs.batches(epoch=0)]
    [2, 1]
    >>> epochs.batches(epoch=0) == epochs.batches(epoch=0) != epochs.batches(epoch=1)
    True
    """

    def __init__(
        self,
        shapes,
        batch_size,
        shuffle=False,
        seed=1143,
        drop_remainder=False,
        crop_size=None,
        flip=False,
    ):
        self.shapes = shapes
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.crop_size = crop_size
        self.flip = flip
        self.num_batches = len(shapes) // batch_size
        if len(shapes) % batch_size and not drop_remainder:
            self.num_batches += 1

    def batches(self, epoch):
        """The batches of an epoch, each a list of `Cut`."""
        rng = np.random.default_rng([self.seed, epoch])
        count = len(self.shapes)
        order = rng.permutation(count) if self.shuffle else np.arange(count)
        corners = rng.random((count, 2))  # in units of the room that there is
        mirrored = self.flip & (rng.random(count) < 0.5)
        cuts = [
            Cut(int(i), *self._corner(i, corners[i]), bool(mirrored[i])) for i in order
        ]
        size = self.batch_size
        return [cuts[k * size : (k + 1) * size] for k in range(self.num_batches)]

    def _corner(self, index, corner):
        if self.crop_size is None:
            return 0, 0
        room = np.subtract(self.shapes[index][:2], self.crop_size) + 1
        top, left = (corner * room).astype(int)
        return int(top), int(left)


def cut_out(images, cuts, crop_size=None):
    """A batch of cuts from photographs in main memory.

    Args:
        images: list of uint8 arrays `(H, W, C)`, or one array of them.
        cuts: list of `Cut`.
        crop_size: side of the cuts; `None` for whole images.

    Returns:
        uint8 array `(B, h, w, C)`.
    """
    parts = []
    for index, top, left, mirrored in cuts:
        image = images[index]
        if crop_size is not None:
            image = image[top : top + crop_size, left : left + crop_size]
        parts.append(image[:, ::-1] if mirrored else image)
    return np.stack(parts)


def cut_out_on_device(images, cuts, crop_size=None):
    """`cut_out` from one tensor that lies on a device: one gather, no copy to the host.

    Args:
        images: uint8 tensor `(N, H, W, C)` of JAX or PyTorch.
        cuts: as for `cut_out`.
        crop_size: as for `cut_out`.

    Returns:
        uint8 tensor `(B, h, w, C)` on the same device.
    """
    height, width = images.shape[1:3] if crop_size is None else (crop_size, crop_size)
    indices, tops, lefts, mirrored = np.array(cuts).T
    rows = tops[:, None] + np.arange(height)  # (B, h)
    columns = lefts[:, None] + np.arange(width)  # (B, w)
    columns = np.where(mirrored[:, None], columns[:, ::-1], columns)
    return images[indices[:, None, None], rows[:, :, None], columns[:, None, :]]
