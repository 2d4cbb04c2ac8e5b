"""Which photographs make up the batches of an epoch, and which part of each."""

from typing import NamedTuple

import numpy as np


class Cut(NamedTuple):
    """A part of a photograph.

    Where it begins, whether it is mirrored, and how often it is then turned left by 90°.
    """

    photograph: int
    top: int
    left: int
    mirrored: bool
    turns: int


class Epochs:
    """The batches of any epoch, drawn from a seed and the epoch's number alone.

    They are the same on every backend, and for a run that is resumed in the middle.

    Args:
        shapes: list of the photographs' shapes `(H, W, …)`.
        batch_size: images in a batch.
        shuffle: whether to draw a new order every epoch.
        seed: seed of the order, the crops, the flips and the turns.
        drop_remainder: whether to leave out a last batch that is not full.
        crop_size: side of the random squares to cut out; `None` for whole images.
        flip: whether to mirror images left-right at random.
        rotate: whether to turn squares by 0, 90, 180 or 270° at random.
        mixup: whether images are to be mixed, see `mixtures` and `mix`.
        whole_from: number of the epoch from which on the batches are whole photographs,
            one each, as many batches as before; `None` for no such epoch. What turns
            then, turns by 0 or 180°.

    Raises:
        ValueError: if images that are not square would be turned.

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
        rotate=False,
        mixup=False,
        whole_from=None,
    ):
        self.shapes = shapes
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.crop_size = crop_size
        self.flip = flip
        self.rotate = rotate
        self.mixup = mixup
        self.whole_from = whole_from
        if rotate and crop_size is None:
            _check_square(shapes)
        self.num_batches = len(shapes) // batch_size
        if len(shapes) % batch_size and not drop_remainder:
            self.num_batches += 1

    def crop_size_in(self, epoch):
        """Return the side of an epoch's cuts; `None` for whole photographs."""
        whole = self.whole_from is not None and epoch >= self.whole_from
        return None if whole else self.crop_size

    def batches(self, epoch):
        """Return the batches of an epoch, each a list of `Cut`."""
        rng = np.random.default_rng([self.seed, epoch])
        count = len(self.shapes)
        order = rng.permutation(count) if self.shuffle else np.arange(count)
        corners = rng.random((count, 2))  # in units of the room that there is
        mirrored = self.flip & (rng.random(count) < 0.5)
        turns = self.rotate * rng.integers(4, size=count)
        size, crop_size = self.batch_size, self.crop_size_in(epoch)
        if crop_size is None and self.crop_size is not None:
            size, turns = 1, turns // 2 * 2
        cuts = [
            Cut(
                int(i),
                *self._corner(i, corners[i], crop_size),
                bool(mirrored[i]),
                int(turns[i]),
            )
            for i in order
        ]
        return [cuts[k * size : (k + 1) * size] for k in range(self.num_batches)]

    def mixtures(self, epoch):
        """Draw what an epoch's images are mixed with, for `mix`.

        Returns:
            list of `(partners, shares)`, one a batch: a permutation of the batch, and
            float32 numbers in [0, 1] from Beta(1.2, 1.2).

        Source: https://arxiv.org/abs/1710.09412; `MixUp_AUG` in
        `utils/dataset_utils.py` of https://github.com/swz30/MIRNet.
        """
        rng = np.random.default_rng([self.seed, epoch, 1])
        sizes = [len(batch) for batch in self.batches(epoch)]
        return [
            (rng.permutation(size), rng.beta(1.2, 1.2, size).astype("float32"))
            for size in sizes
        ]

    def _corner(self, photograph, corner, crop_size) -> tuple[int, int]:
        if crop_size is None:
            return 0, 0
        room = np.subtract(self.shapes[photograph][:2], crop_size) + 1
        top, left = (corner * room).astype(int)
        return int(top), int(left)


def _check_square(shapes):
    for shape in shapes:
        if shape[0] != shape[1]:
            raise ValueError(
                "rotate needs squares: crop them (crop=True, --crop) or resize to them. "
                f"Received an image of {shape[0]}×{shape[1]} pixels"
            )


def cut_out(images, cuts, crop_size=None):
    """Cut a batch out of photographs in main memory.

    Args:
        images: list of uint8 arrays `(H, W, C)`, or one array of them.
        cuts: list of `Cut`.
        crop_size: side of the cuts; `None` for whole images.

    Returns:
        uint8 array `(B, h, w, C)`.
    """
    parts = []
    for photograph, top, left, mirrored, turns in cuts:
        image = images[photograph]
        if crop_size is not None:
            image = image[top : top + crop_size, left : left + crop_size]
        image = image[:, ::-1] if mirrored else image
        parts.append(np.rot90(image, turns))
    return np.stack(parts)


def mix(batch, partners, shares):
    """Mix every image with another one of the batch (MixUp).

    Args:
        batch: float array or tensor `(B, h, w, C)`, references in its last channels.
        partners: int array `(B,)`: which image each is mixed with.
        shares: array or tensor `(B,)` in [0, 1]: what each keeps of itself.

    Returns:
        The same as `batch`.

    Example:
        >>> batch = np.float32([1, 3]).reshape(2, 1, 1, 1)
        >>> mix(batch, np.array([1, 0]), np.float32([1, 0.75])).ravel().tolist()
        [1.0, 2.5]
    """
    others = batch[partners]
    return others + shares[:, None, None, None] * (batch - others)


def cut_out_on_device(images, cuts, crop_size=None):
    """Cut a batch out of one tensor on a device: one gather, no copy to the host.

    Args:
        images: uint8 tensor `(N, H, W, C)` of JAX or PyTorch.
        cuts: as for `cut_out`.
        crop_size: as for `cut_out`.

    Returns:
        uint8 tensor `(B, h, w, C)` on the same device.
    """
    height, width = images.shape[1:3] if crop_size is None else (crop_size, crop_size)
    indices, tops, lefts, mirrored, turns = np.array(cuts).T
    rows = tops[:, None] + np.arange(height)  # (B, h)
    columns = lefts[:, None] + np.arange(width)  # (B, w)
    columns = np.where(mirrored[:, None], columns[:, ::-1], columns)
    rows, columns = rows[:, :, None], columns[:, None, :]
    if turns.any():  # turning the indices turns what lies there
        rows, columns = (
            np.stack([np.rot90(part, k) for part, k in zip(grid, turns)])
            for grid in np.broadcast_arrays(rows, columns)
        )
    return images[indices[:, None, None], rows, columns]
