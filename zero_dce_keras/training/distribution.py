"""Training on every device at once, by what the Keras backend has for it."""

import contextlib
import faulthandler
import json
import logging
import os

import keras

log = logging.getLogger(__name__)

_strategy = None  # TensorFlow's, within `all_devices`
PATIENCE = "ZERO_DCE_HOSTS_SECONDS"  # how long to wait for the others at the start

DOCUMENTED = 'docs/gpu.md, "Several devices", says how'


@contextlib.contextmanager
def all_devices():
    """Train on all devices of this host, in the block of a `with` statement.

    The weights, the logs and the files are those of one device with the same batches.
    On TensorFlow, `TF_CONFIG` names other hosts that take part. To be called before
    TensorFlow computes anything.

    Raises:
        ValueError: if the backend sees one device, or is PyTorch; if `TF_CONFIG` is
            damaged.

    Example:
        >>> with all_devices():  # doctest: +SKIP
        ...     train(recipe, "folder", "photos", "runs/mine")
    """
    with _SCOPES[keras.backend.backend()]():
        yield


def num_devices():
    """Return how many devices a batch is shared by, those of all hosts."""
    if _strategy is not None:
        return _strategy.num_replicas_in_sync
    distribution = keras.distribution.distribution()
    return 1 if distribution is None else distribution.num_model_replicas


def model_scope():
    """Return the context in which a model is to be made.

    Not the whole training: what saves a model would wait for the other hosts there.
    """
    return contextlib.nullcontext() if _strategy is None else _strategy.scope()


def writes_files():
    """Return whether this process writes the files of a run: one of all hosts does."""
    if _strategy is None:
        return True
    from zero_dce_keras.models.trainers import hosts

    return hosts.writes(_strategy)


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
    global _strategy
    _strategy = _hosts() if "TF_CONFIG" in os.environ else _mirrored()
    try:
        yield
    finally:
        _strategy = None


def _mirrored():
    import tensorflow as tf

    devices = tf.config.list_logical_devices("GPU")
    devices = devices or tf.config.list_logical_devices("CPU")
    _check_several(devices)
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def _hosts():
    """Make the strategy of all hosts; end the process where one of them does not come."""
    check_tf_config(os.environ["TF_CONFIG"])
    import tensorflow as tf

    seconds = float(os.environ.get(PATIENCE, "300"))
    log.info(
        "waiting for every host of TF_CONFIG, at most %g seconds (%s); then this one ends",
        seconds,
        PATIENCE,
    )
    # TensorFlow waits in C++, and lets no thread of Python run: this one is of C.
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        finally:
            faulthandler.cancel_dump_traceback_later()


def check_tf_config(text):
    """Raise a `ValueError` if a `TF_CONFIG` does not name hosts, and this one of them.

    >>> check_tf_config('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {}}')
    Traceback (most recent call last):
    ...
    ValueError: TF_CONFIG must be like {"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}. Received: {"cluster": {"worker": ["a:1", "b:1"]}, "task": {}}
    """
    try:
        config = json.loads(text)
        cluster, task = config["cluster"], config["task"]
        hosts = [host for each in cluster.values() for host in each]
        right = all(":" in host for host in hosts) and len(hosts) > 1
        right = right and set(cluster) <= {"chief", "worker"} and task["index"] >= 0
        right = right and bool(cluster[task["type"]][task["index"]])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        right = False
    if not right:
        raise ValueError(
            'TF_CONFIG must be like {"cluster": {"worker": ["a:2222", "b:2222"]}, '
            f'"task": {{"type": "worker", "index": 0}}}}. Received: {text}'
        )


def _torch_devices():
    raise ValueError(
        f"--device all is for JAX and TensorFlow; on PyTorch, {DOCUMENTED}"
    )


_SCOPES = {
    "jax": _jax_devices,
    "tensorflow": _tensorflow_devices,
    "torch": _torch_devices,
}
