"""One version of a model: what its SavedModel says, and how it runs."""

import contextlib
import itertools
import logging

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

from zero_dce_keras.serving.server.refusal import Refusal, invalid

DEFAULT_SIGNATURE = "serving_default"
WARM_UP = "assets.extra/tf_serving_warmup_requests"

log = logging.getLogger(__name__)


class Signature:
    """A function of a SavedModel, by names, types and shapes of its SignatureDef.

    Args:
        name: str.
        definition: `SignatureDef`.
        function: callable of tensors that returns a dict of tensors.
    """

    def __init__(self, name, definition, function):
        self.name = name
        self.inputs = _specs(definition.inputs)
        self.outputs = _specs(definition.outputs)
        self._function = function
        # Inputs whose first axis counts items; the others are settings of the request.
        self._items = {name for name, spec in self.inputs.items() if _has_items(spec)}
        self._can_batch = bool(self._items) and all(
            map(_has_items, self.outputs.values())
        )

    def check_names(self, names):
        """Raise a `Refusal` unless these are the inputs."""
        extra, missing = set(names) - set(self.inputs), set(self.inputs) - set(names)
        if extra or missing:
            raise invalid(
                f"inputs do not match signature {self.name}. "
                f"Sent extra: {{{', '.join(sorted(extra))}}}. "
                f"Missing but required: {{{', '.join(sorted(missing))}}}."
            )

    def check_tensor(self, name, dtype, shape):
        """Raise a `Refusal` unless the input may have this `tf.DType` and shape."""
        spec = self.inputs[name]
        if dtype != spec.dtype or not spec.shape.is_compatible_with(shape):
            raise invalid(
                f"{name} must be {spec.dtype.name} of shape {_text(spec.shape)}. "
                f"Received: {dtype.name} of shape {_text(shape)}"
            )
        if 0 in shape:
            raise invalid(f"{name} must not be empty. Received shape {_text(shape)}")

    def count_items(self, tensors):
        """Return the number of items in a request; inputs must agree on it."""
        counts = {len(tensors[name]) for name in self._items} or {1}
        if len(counts) > 1:
            raise invalid(f"inputs have different numbers of items: {sorted(counts)}")
        return counts.pop()

    def batch_key(self, tensors):
        """Return what requests must have in common to run as one; None: they cannot."""
        if not self._can_batch:
            return None
        return (
            self,
            *(
                (array.dtype, array.shape[1:])
                if name in self._items
                else (array.dtype, array.shape, str(array.tolist()))
                for name, array in sorted(tensors.items())
            ),
        )

    def run(self, requests):
        """Run requests with one batch key as one.

        Args:
            requests: list of dicts from names to arrays.

        Returns:
            list of dicts of arrays.

        Raises:
            Refusal: TensorFlow does not take it.
        """
        together = dict(requests[0])
        if len(requests) > 1:
            for name in self._items:
                together[name] = np.concatenate([tensors[name] for tensors in requests])
        try:
            outputs = self._function(
                **{
                    name: tf.constant(array, self.inputs[name].dtype)
                    for name, array in together.items()
                }
            )
            outputs = {name: _array(outputs[name]) for name in self.outputs}
        except tf.errors.OpError as error:
            raise Refusal.of_tensorflow(error) from error
        if len(requests) == 1:
            return [outputs]
        counts = [self.count_items(tensors) for tensors in requests]
        if any(len(array) != sum(counts) for array in outputs.values()):
            raise Refusal("INTERNAL", f"{self.name} does not give an item for an item")
        ends = list(itertools.accumulate(counts))
        return [
            {name: array[end - count : end] for name, array in outputs.items()}
            for count, end in zip(counts, ends, strict=True)
        ]


class ModelVersion:
    """A SavedModel in memory, warmed up.

    Args:
        path: `pathlib.Path` of the directory, whose name is the version's number.
    """

    def __init__(self, path):
        self.number = int(path.name)
        self.requests = 0
        saved_model = saved_model_pb2.SavedModel()
        saved_model.ParseFromString((path / "saved_model.pb").read_bytes())
        self.definitions = next(
            graph.signature_def
            for graph in saved_model.meta_graphs
            if "serve" in graph.meta_info_def.tags
        )
        self._loaded = tf.saved_model.load(str(path), tags=["serve"])
        self._signatures = {
            name: Signature(name, self.definitions[name], function)
            for name, function in self._loaded.signatures.items()
        }
        if not self._signatures:
            raise ValueError(f"{path}: has no signature")
        self._warm_up(path / WARM_UP)

    def signature(self, name):
        """Return a signature; "" is the default one."""
        name = name or DEFAULT_SIGNATURE
        if name not in self._signatures:
            raise Refusal(
                "FAILED_PRECONDITION", f'Serving signature key "{name}" not found.'
            )
        return self._signatures[name]

    @contextlib.contextmanager
    def in_use(self):
        """Count a request that this version answers."""
        self.requests += 1
        try:
            yield self
        finally:
            self.requests -= 1

    def _warm_up(self, path):
        """Run the requests that lie beside the model, as TensorFlow Serving does."""
        if not path.is_file():
            return
        for record in tf.data.TFRecordDataset([str(path)]).as_numpy_iterator():
            request = prediction_log_pb2.PredictionLog.FromString(record)
            request = request.predict_log.request
            signature = self.signature(request.model_spec.signature_name)
            signature.run(
                [{name: tf.make_ndarray(t) for name, t in request.inputs.items()}]
            )


def _specs(infos):
    return {
        name: tf.TensorSpec(tf.TensorShape(info.tensor_shape), info.dtype)
        for name, info in sorted(infos.items())
    }


def _array(tensor):
    value = tensor.numpy()  # a string alone becomes bytes
    return np.array(value, dtype=object) if isinstance(value, bytes) else value


def _has_items(spec):
    return bool(spec.shape.rank) and spec.shape[0] is None


def _text(shape):
    return f"({', '.join('?' if size is None else str(size) for size in shape)})"
