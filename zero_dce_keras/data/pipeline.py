"""From files to batches: `tf.data` pipelines."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from zero_dce_keras.images import read_image, resize_image
from zero_dce_keras.lazy import require

PARALLEL_CALLS = 2  # batches in the making: a step takes 100 times as long as one


def make_dataset(
    pairs,
    image_size=256,
    batch_size=16,
    shuffle=False,
    seed=1143,
    drop_remainder=False,
    crop=False,
    flip=False,
):
    """A `tf.data` pipeline over photographs, or over pairs with their references.

    Files are decoded and resized once, in parallel, and stay in memory as uint8;
    shuffling, crops, flips and the conversion to float run in parallel with training.
    The order and the crops are drawn anew every epoch, and are the same for every run
    with the same seed and the same global seed (`keras.utils.set_random_seed`).

    Args:
        pairs: list of `Pair`.
        image_size: side in pixels of the images. `None` keeps them as they are, which
            takes a `batch_size` of 1 when they differ in size.
        batch_size: images in a batch.
        shuffle: whether to draw a new order every epoch.
        seed: seed of the order, the crops and the flips.
        drop_remainder: whether to leave out a last batch that is not full.
        crop: resize nothing, keep the images in memory at full size, and cut a random
            square of `image_size` out of each.
        flip: whether to mirror images left-right at random.

    Returns:
        `tf.data.Dataset` of float32 images `(B, H, W, 3)` in [0, 1], or of
        `(low_light, reference)` tuples where the pairs have references.

    Raises:
        ValueError: if a size is not positive, a full batch takes more images than
            there are, or the two images of a pair differ in size.
    """
    tf = require("tensorflow")

    _check(pairs, image_size, batch_size, drop_remainder, crop)
    stored_size = None if crop else image_size
    images = read_pairs(pairs, stored_size)
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
    if len(sizes) == 1:
        dataset = tf.data.Dataset.from_tensor_slices(_stack(images))
    else:
        channels = images[0].shape[-1]
        dataset = tf.data.Dataset.from_generator(
            lambda: iter(images),
            output_signature=tf.TensorSpec((None, None, channels), tf.uint8),
        )
        count = tf.data.experimental.assert_cardinality(len(images))
        dataset = dataset.apply(count)
    if shuffle:
        dataset = dataset.shuffle(len(pairs), seed, reshuffle_each_iteration=True)
    if crop or flip:
        counter = tf.data.Dataset.random(seed, rerandomize_each_iteration=True)
        dataset = tf.data.Dataset.zip(dataset, counter)
        dataset = dataset.map(
            lambda image, number: _augment(
                image, number, image_size if crop else None, flip
            ),
            num_parallel_calls=PARALLEL_CALLS,
        )
    dataset = dataset.batch(batch_size, drop_remainder=drop_remainder)
    dataset = dataset.map(_to_batch, num_parallel_calls=PARALLEL_CALLS).prefetch(2)
    return dataset.with_options(_without_autotune())


def read_pairs(pairs, image_size=None):
    """Decode photographs in parallel.

    Args:
        pairs: list of `Pair`.
        image_size: side to resize to; `None` keeps the size.

    Returns:
        List of uint8 arrays `(H, W, 3)`, or `(H, W, 6)` with the reference behind the
        photograph.

    Raises:
        ValueError: if a file cannot be read, or the two of a pair differ in size.
    """

    def read(path):
        image = read_image(path)
        if image_size is None:
            return image
        return resize_image(image, image_size, image_size)

    def read_pair(pair):
        if pair.reference is None:
            return read(pair.low_light)
        low_light, reference = read(pair.low_light), read(pair.reference)
        if low_light.shape != reference.shape:
            raise ValueError(
                f"{pair.low_light} and {pair.reference} differ in size: "
                f"{low_light.shape[:2]} and {reference.shape[:2]}"
            )
        return np.concatenate([low_light, reference], axis=-1)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(read_pair, pairs))


def _without_autotune():
    """tf.data's autotuning costs a training step more than it can find to save here.

    On two cores an eighth of the step: docs/performance.md, "Data pipeline".
    """
    options = require("tensorflow").data.Options()
    options.autotune.enabled = False
    return options


def _stack(images):
    """`np.stack` that empties the list, so that the images are not there twice."""
    count = len(images)
    stacked = np.empty((count, *images[0].shape), np.uint8)  # (N, H, W, 3 or 6)
    for i in range(count):
        stacked[i] = images[i]
        images[i] = None
    return stacked


def _check(pairs, image_size, batch_size, drop_remainder, crop):
    for name, value in (("image_size", image_size), ("batch_size", batch_size)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be positive. Received: {value}")
    if crop and image_size is None:
        raise ValueError("image_size must not be None when crops are cut")
    if not pairs:
        raise ValueError("pairs must not be empty")
    if drop_remainder and batch_size > len(pairs):
        raise ValueError(
            f"batch_size must be at most the number of images, {len(pairs)}, when "
            f"incomplete batches are dropped. Received: {batch_size}"
        )


def _augment(image, number, crop_size, flip):
    import tensorflow as tf  # not `require`: tf.data traces this function

    seed = tf.stack([number, tf.constant(0, tf.int64)])
    if crop_size:
        size = (crop_size, crop_size, image.shape[-1])
        image = tf.image.stateless_random_crop(image, size, seed)
    if flip:
        image = tf.image.stateless_random_flip_left_right(image, seed + 1)
    return image


def _to_batch(images):
    import tensorflow as tf  # not `require`: tf.data traces this function

    images = tf.cast(images, tf.float32) / 255.0
    if images.shape[-1] == 3:
        return images
    return images[..., :3], images[..., 3:]
