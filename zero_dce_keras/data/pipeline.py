"""From photographs to the input of `fit`: `tf.data`, or batches for JAX and PyTorch."""

import itertools

import keras
import numpy as np

from zero_dce_keras.data.augmentation import augment
from zero_dce_keras.data.epochs import Epochs, cut_out, mix
from zero_dce_keras.data.photo_batches import PhotoBatches
from zero_dce_keras.data.read_pairs import read_pairs
from zero_dce_keras.data.statistics import Statistics
from zero_dce_keras.errors import check_positive


def make_dataset(
    pairs,
    image_size=256,
    batch_size=16,
    shuffle=False,
    seed=1143,
    drop_remainder=False,
    crop=False,
    flip=False,
    rotate=False,
    mixup=False,
    augmentation=None,
    first_epoch=0,
    statistics=None,
    whole_from=None,
):
    """Make batches of photographs, or of pairs with their references, for `fit`.

    Files are decoded and resized once, in parallel, and stay in memory as uint8;
    shuffling, crops, flips and the conversion to float run beside the training. Order
    and crops are drawn anew every epoch; they depend on the seed and the number of the
    epoch alone, and are the same on every backend.

    Args:
        pairs: list of `Pair`.
        image_size: side in pixels of the images. `None` keeps them as they are, which
            takes a `batch_size` of 1 when they differ in size.
        batch_size: images in a batch.
        shuffle: whether to draw a new order every epoch.
        seed: seed of the order, the crops, the flips and the turns.
        drop_remainder: whether to leave out a last batch that is not full.
        crop: resize nothing, keep the images in memory at full size, and cut a random
            square of `image_size` out of each.
        flip: whether to mirror images left-right at random.
        rotate: whether to turn square images by 0, 90, 180 or 270° at random.
        mixup: whether to mix every image with another one of the batch, and the
            references alike, in a proportion drawn anew.
        augmentation: `Augmentation` of the low-light images; `None` for none.
        first_epoch: number of the epoch to begin with, for a run that is resumed.
        statistics: function from a whole low-light image `(1, H, W, 3)` in [0, 1] to an
            array `(1, …)`: what the crops cannot show of their image, for instance a
            model's `gains`. The batches then have `(low_light, statistics)` in place of
            `low_light`.
        whole_from: with `crop`, number of the epoch from which on the batches are whole
            images, one each, as many batches as before; `None` for no such epoch.

    Returns:
        On the TensorFlow backend a `tf.data.Dataset`, on JAX and PyTorch a
        `PhotoBatches`: of float32 images `(B, H, W, 3)` in [0, 1], or of
        `(low_light, reference)` tuples where the pairs have references. (A
        `PhotoBatches` of images alone gives tuples of one, as Keras wants it.)

    Raises:
        ValueError: if a size is not positive, a full batch takes more images than
            there are, the two images of a pair differ in size, or images to rotate are
            not square.
    """
    _check(pairs, image_size, batch_size, drop_remainder, crop, mixup and statistics)
    images = read_pairs(pairs, None if crop else image_size)
    _check_sizes(images, image_size, batch_size, crop)
    epochs = Epochs(
        [image.shape for image in images],
        batch_size,
        shuffle,
        seed,
        drop_remainder,
        image_size if crop else None,
        flip,
        rotate,
        mixup,
        whole_from if crop else None,
    )
    if statistics is not None:
        statistics = Statistics(images, statistics)
    if keras.backend.backend() == "tensorflow":
        return _tf_dataset(images, epochs, augmentation, first_epoch, statistics)
    return PhotoBatches(
        images,
        epochs,
        augmentation=augmentation,
        first_epoch=first_epoch,
        statistics=statistics,
    )


def _tf_dataset(images, epochs, augmentation, first_epoch, statistics):
    import tensorflow as tf

    numbers = itertools.count(first_epoch)

    def one_epoch():
        epoch = next(numbers)
        mixtures = epochs.mixtures(epoch) if epochs.mixup else None
        for index, cuts in enumerate(epochs.batches(epoch)):
            batch = cut_out(images, cuts, epochs.crop_size_in(epoch))
            if mixtures is not None:
                batch = mix(batch.astype(np.float32), *mixtures[index])
            draws = draw((*batch.shape[:3], 3), epoch, index)
            # An empty row for each image, where there are no statistics.
            rows = np.zeros((len(cuts), 0), "float32")
            if statistics is not None:
                rows = statistics.of(cuts, draws)
            yield batch, draws, rows

    def draw(shape, epoch, index):
        return augmentation.draw(shape, epoch, index) if augmentation else {}

    def to_float(batch, draws, rows):
        batch = tf.cast(batch, tf.float32) / 255.0
        low_light = augment(batch[..., :3], draws) if draws else batch[..., :3]
        if statistics is not None:
            low_light = low_light, rows
        return low_light if channels == 3 else (low_light, batch[..., 3:])

    sizes = {image.shape for image in images}
    channels = images[0].shape[-1]
    side = epochs.crop_size
    shape = (side, side, channels)
    if side is not None and epochs.whole_from is not None:
        shape = (None, None, channels)
    if side is None:
        shape = sizes.pop() if len(sizes) == 1 else (None, None, channels)
    draws = {
        name: tf.TensorSpec((None, *(None if n > 3 else n for n in array.shape[1:])))
        for name, array in draw((1, 9, 9, 3), 0, 0).items()
    }
    dtype = tf.float32 if epochs.mixup else tf.uint8
    rows = tf.TensorSpec((None, *((0,) if statistics is None else statistics.shape)))
    signature = (tf.TensorSpec((None, *shape), dtype), draws, rows)
    dataset = tf.data.Dataset.from_generator(one_epoch, output_signature=signature)
    count = tf.data.experimental.assert_cardinality(epochs.num_batches)
    # tf.data's autotuning costs a training step more than it can find to save here, on
    # two cores an eighth of the step: docs/lab/performance.md, "Data pipeline".
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.apply(count).map(to_float).prefetch(2).with_options(options)


def _check(pairs, image_size, batch_size, drop_remainder, crop, mixes_statistics):
    if mixes_statistics:
        raise ValueError(
            "mixup must be off (--no-mixup) where crops come with statistics of their "
            "images, as for exposure normalisation: those of a mixture are unknown"
        )
    for name, value in (("image_size", image_size), ("batch_size", batch_size)):
        if value is not None:
            check_positive(name, value)
    if crop and image_size is None:
        raise ValueError("image_size must not be None when crops are cut")
    if not pairs:
        raise ValueError("pairs must not be empty")
    if drop_remainder and batch_size > len(pairs):
        raise ValueError(
            f"batch_size must be at most the number of images, {len(pairs)}, when "
            f"incomplete batches are dropped. Received: {batch_size}"
        )


def _check_sizes(images, image_size, batch_size, crop):
    sizes = {image.shape for image in images}
    if crop and min(min(size[:2]) for size in sizes) < image_size:
        raise ValueError(
            "image_size must be at most the shorter side of every image when crops are "
            f"cut; crop=False (--no-crop) resizes instead. Received: {image_size}"
        )
    if image_size is None and batch_size > 1 and len(sizes) > 1:
        raise ValueError(
            "batch_size must be 1 for images of different sizes that are not resized. "
            f"Received: {batch_size}"
        )
