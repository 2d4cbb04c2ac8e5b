"""Training on every device of a host at once, by what the Keras backend has for it."""

import contextlib

import keras

DOCUMENTED = 'docs/gpu.md, "Several devices", says how'


@contextlib.contextmanager
def all_devices():
    """Train on all devices of this host, in the block of a `with` statement.

    The weights, the logs and the files are those of one device with the same batches.

    Raises:
        ValueError: if the backend sees one device, or is PyTorch.

    Example:
        >>> with all_devices():  # doctest: +SKIP
        ...     train(recipe, "folder", "photos", "runs/mine")
    """
    with _SCOPES[keras.backend.backend()]():
        yield


def num_devices():
    """Return how many devices a batch is shared by, here."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.distribute.get_strategy().num_replicas_in_sync
    distribution = keras.distribution.distribution()
    return 1 if distribution is None else distribution.num_model_replicas


def check_batches(recipe, train_images):
    """Raise a `ValueError` if the devices cannot share every batch of a training.

    On JAX they have equal parts; on TensorFlow, at least one image each.
    """
    devices = num_devices()
    if devices == 1:
        return
    sizes = [min(recipe.batch_size, train_images)]
    if train_images % recipe.batch_size and not recipe.drop_remainder:
        sizes.append(train_images % recipe.batch_size)
    if keras.backend.backend() == "jax":
        rule, bad = "be a multiple of them", [n for n in sizes if n % devices]
    else:
        rule, bad = "have an image for each", [n for n in sizes if n < devices]
        if recipe.whole_epochs:
            raise ValueError(
                f"whole_epochs must be 0 on {devices} devices: whole images come one a "
                f"batch. Received: {recipe.whole_epochs}"
            )
    if bad:
        last = len(sizes) > 1 and bad == sizes[1:]
        raise ValueError(
            f"batches must {rule}, of {devices} devices: {train_images} images in batches "
            f"of {recipe.batch_size} "
            + (
                f"end with one of {bad[0]}; --drop-remainder leaves it out"
                if last
                else "do not; change --batch-size"
            )
        )


def shared_size(images, batch_size):
    """Return a size for validation batches of that many images, at most `batch_size`.

    It changes no result. On JAX a device has an equal part of every batch, or all of it.
    """
    devices = num_devices()
    if keras.backend.backend() == "jax" and batch_size % devices == 0:
        return batch_size - bool(images % batch_size % devices)
    return batch_size


def _check_several(devices):
    if len(devices) < 2:
        raise ValueError(
            f"--device all, but {keras.backend.backend()} sees one device: leave it out"
        )


@contextlib.contextmanager
def _jax_devices():
    devices = keras.distribution.list_devices()
    _check_several(devices)
    with _Equal(devices=devices).scope():
        yield


class _Equal(keras.distribution.DataParallel):
    """Equal parts of a batch for the devices; where there are none, all of it for each.

    Keras asks for the first batch of an epoch, and does the same with the others.
    """

    def get_data_layout(self, data_shape):
        layout = super().get_data_layout(data_shape)
        if data_shape[0] % self.num_model_replicas == 0:
            return layout
        axes = [None] * len(data_shape)
        return keras.distribution.TensorLayout(axes, layout.device_mesh)


@contextlib.contextmanager
def _tensorflow_devices():
    import tensorflow as tf

    devices = tf.config.list_logical_devices("GPU")
    devices = devices or tf.config.list_logical_devices("CPU")
    _check_several(devices)
    with tf.distribute.MirroredStrategy([device.name for device in devices]).scope():
        yield


def _torch_devices():
    raise ValueError(
        f"--device all is for JAX and TensorFlow; on PyTorch, {DOCUMENTED}"
    )


_SCOPES = {
    "jax": _jax_devices,
    "tensorflow": _tensorflow_devices,
    "torch": _torch_devices,
}
