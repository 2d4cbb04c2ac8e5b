"""Images in 0–255 are refused, wherever a model gets them.

Arrays are checked at once, a `tf.data.Dataset` batch by batch, and the first batch of all
else. Graphs are not: XLA drops what they assert.
"""

import contextlib
import itertools
import re
import types

import keras
import numpy as np

LARGEST = 2.0  # a little above 1 is light; 255 is a mistake
RULE = "must be in [0, 1]: divide images in 0–255 by 255. Received: values up to "


def checked(x, y=None):
    """Return what `fit` takes as `x`, whose images are checked now or when they are read.

    Args:
        x: array, dataset or generator of batches; `None` passes.
        y: array of references, where `x` is an array.

    Raises:
        ValueError: images are above 2.
    """
    if x is None:
        return None
    if type(x).__module__.startswith("tensorflow") and hasattr(x, "map"):
        return x.map(_assert_range)
    if isinstance(x, keras.utils.PyDataset):
        _check_batch(x[0])
    elif isinstance(x, types.GeneratorType):
        first = next(x, None)
        if first is None:
            return x
        _check_batch(first)
        return (batch for batch in itertools.chain([first], x))
    elif type(x).__name__ == "DataLoader":  # PyTorch's
        _check_batch(next(iter(x)))
    else:
        _check_batch((x, y))
    return x


def check_range(name, images):
    """Raise a `ValueError` for images above 2, where their values are known.

    Args:
        name: str, of the argument.
        images: float tensor or array; the first of a tuple or list is looked at.

    Example:
        >>> check_range("low_light", np.full((1, 2, 2, 3), 0.5))
        >>> check_range("low_light", np.full((1, 2, 2, 3), 255.0))
        Traceback (most recent call last):
        ...
        ValueError: low_light must be in [0, 1]: divide images in 0–255 by 255. \
Received: values up to 255.0
    """
    leaves = keras.tree.flatten(images)
    if not leaves or not _has_values(leaves[0]) or 0 in leaves[0].shape:
        return
    largest = _largest(leaves[0])
    if largest > LARGEST:
        raise ValueError(f"{name} {RULE}{largest:.1f}")


def _check_batch(batch):
    low_light, reference, _ = keras.utils.unpack_x_y_sample_weight(batch)
    check_range("low_light", low_light)
    check_range("reference", reference)


def _has_values(images):
    """Whether the values are known: not while a graph is traced."""
    if not hasattr(images, "dtype") or keras.backend.is_keras_tensor(images):
        return False
    if isinstance(images, np.ndarray):
        return True
    kind = type(images).__module__.partition(".")[0]
    if kind == "torch":
        import torch

        traced = torch.compiler.is_compiling() or torch.jit.is_tracing()
        return images.device.type != "meta" and not traced
    if kind.startswith("jax"):
        import jax

        return not isinstance(images, jax.core.Tracer)
    return hasattr(images, "numpy")  # TensorFlow's, but for those of a graph


def _largest(images):
    if isinstance(images, np.ndarray):
        return float(images.max())
    if hasattr(images, "amax"):  # PyTorch's, on its own device
        return float(images.detach().amax())
    if hasattr(images, "max"):  # JAX's
        return float(images.max())
    return float(keras.ops.convert_to_numpy(images).max())


def _assert_range(*batch):
    """Pass on a batch of a `tf.data.Dataset`; it ends the iteration if it is above 2."""
    import tensorflow as tf

    structure = batch if len(batch) > 1 else batch[0]
    low_light, reference, _ = keras.utils.unpack_x_y_sample_weight(structure)
    assertions = []
    for name, images in (("low_light", low_light), ("reference", reference)):
        leaves = keras.tree.flatten(images)
        if images is None or not leaves[0].dtype.is_floating:
            continue
        largest = tf.reduce_max(leaves[0])
        text = tf.strings.join(
            [f"{name} {RULE}", tf.strings.as_string(largest, precision=1)]
        )
        assertions.append(tf.debugging.Assert(largest <= LARGEST, [text]))
    with tf.control_dependencies(assertions):
        return tf.nest.map_structure(tf.identity, structure)


@contextlib.contextmanager
def errors_of_datasets():
    """Raise what `_assert_range` says as a `ValueError` of one line."""
    try:
        yield
    except Exception as error:
        found = re.search(r"\w+ " + re.escape(RULE) + r"[\d.]+", str(error))
        if not found or isinstance(error, ValueError):
            raise
        raise ValueError(found[0]) from None
