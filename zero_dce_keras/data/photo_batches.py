"""Batches of photographs for the backends without `tf.data`."""

import keras
import numpy as np
from keras import ops

from zero_dce_keras.data.augmentation import augment
from zero_dce_keras.data.epochs import cut_out, cut_out_on_device, mix
from zero_dce_keras.devices import list_gpus

RESIDENT_BYTES = 4 * 2**30  # photographs that are put on a GPU once and stay there


class PhotoBatches(keras.utils.PyDataset):
    """A `keras.utils.PyDataset` of photographs in memory, made by `make_dataset`.

    On a GPU the photographs are copied there once, and batches are cut out of them on
    the device; elsewhere, and where they take more than 4 GiB or differ in size, they
    stay in main memory.

    Args:
        images: list of uint8 arrays `(H, W, 3)`, or `(H, W, 6)` with the reference
            behind the photograph.
        epochs: `Epochs` that says what the batches are.
        on_device: whether to keep the photographs on the device; by default, if it is
            a GPU and they fit.
        augmentation: `Augmentation` of the low-light images, drawn in main memory.
        first_epoch: number of the epoch to begin with.
        statistics: `Statistics` of the images; batches then have
            `(low_light, statistics)` in place of `low_light`.
    """

    def __init__(
        self,
        images,
        epochs,
        on_device=None,
        augmentation=None,
        first_epoch=0,
        statistics=None,
    ):
        super().__init__()
        self._statistics = statistics
        self._augmentation = augmentation
        self._epochs = epochs
        self._begin(first_epoch)
        self._images = images
        self._cut_out = cut_out
        if self._fits(images) if on_device is None else on_device:
            self._images = ops.convert_to_tensor(np.stack(images))
            self._cut_out = cut_out_on_device

    def __len__(self):
        return self._epochs.num_batches

    def __getitem__(self, index):
        cuts = self._batches[index]
        side = self._epochs.crop_size_in(self._epoch)
        batch = self._cut_out(self._images, cuts, side)
        batch = ops.cast(ops.convert_to_tensor(batch), "float32") / 255.0
        if self._epochs.mixup:
            partners, shares = self._mixtures[index]
            batch = mix(batch, partners, ops.convert_to_tensor(shares))
        low_light = batch[..., :3]
        draws = {}
        if self._augmentation:
            shape = tuple(low_light.shape)
            draws = self._augmentation.draw(shape, self._epoch, index)
            low_light = augment(low_light, draws)
        if self._statistics is not None:
            rows = self._statistics.of(cuts, draws)
            low_light = low_light, ops.convert_to_tensor(rows)
        return (low_light,) if batch.shape[-1] == 3 else (low_light, batch[..., 3:])

    def on_epoch_end(self):
        """Begin the next epoch, which has batches of its own; Keras calls it."""
        self._begin(self._epoch + 1)

    def _begin(self, epoch):
        self._epoch = epoch
        self._batches = self._epochs.batches(epoch)
        if self._epochs.mixup:
            self._mixtures = self._epochs.mixtures(epoch)

    def _fits(self, images):
        same_size = len({image.shape for image in images}) == 1
        small = sum(image.nbytes for image in images) <= RESIDENT_BYTES
        return bool(list_gpus()) and same_size and small
