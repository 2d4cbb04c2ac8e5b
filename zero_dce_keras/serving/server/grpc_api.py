"""gRPC: TensorFlow Serving's PredictionService and ModelService."""

import functools
import math

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from zero_dce_keras.serving.server.refusal import Refusal, invalid

State = get_model_status_pb2.ModelVersionStatus.State


def answering(method):
    """Turn a `Refusal` into gRPC's status."""

    @functools.wraps(method)
    async def answer(self, request, context):
        try:
            return await method(self, request, context)
        except Refusal as refusal:
            await context.abort(grpc.StatusCode[refusal.code], refusal.message)

    return answer


async def _refuse(request, context):
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, "only Predict is served")


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predictions and what a model takes.

    Args:
        service: `Service`.
    """

    Classify = Regress = MultiInference = staticmethod(_refuse)

    def __init__(self, service):
        self._service = service

    @answering
    async def Predict(self, request, context):
        """Run a signature."""
        service, spec = self._service, request.model_spec
        with service.let_in("grpc", request.ByteSize()) as seen:
            version = service.versions.get(spec.name, _number(spec))
            signature = version.signature(spec.signature_name)
            unknown = set(request.output_filter) - set(signature.outputs)
            if unknown:
                raise invalid(
                    f"output tensor alias not found in signature: {unknown.pop()} Outputs "
                    f"expected to be in the set {{{','.join(signature.outputs)}}}."
                )
            response = predict_pb2.PredictResponse()
            response.model_spec.name = spec.name
            response.model_spec.version.value = version.number
            response.model_spec.signature_name = signature.name
            wanted = request.output_filter or signature.outputs

            def write(outputs):
                for name in wanted:
                    response.outputs[name].CopyFrom(
                        tf.make_tensor_proto(
                            outputs[name], signature.outputs[name].dtype
                        )
                    )
                return response

            read = functools.partial(
                read_tensors, signature, request.inputs, service.limits.bytes
            )
            return await service.predict(version, signature, seen, read, write)

    @answering
    async def GetModelMetadata(self, request, context):
        """Give the signatures."""
        for field in request.metadata_field:
            if field != "signature_def":
                raise invalid(f"Metadata field {field} is not supported")
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one field")
        return metadata(
            self._service.versions, request.model_spec.name, _number(request.model_spec)
        )


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """State of the versions.

    Args:
        service: `Service`.
    """

    HandleReloadConfigRequest = staticmethod(_refuse)

    def __init__(self, service):
        self._service = service

    @answering
    async def GetModelStatus(self, request, context):
        """Give the state of one version, or of all."""
        spec = request.model_spec
        return status(self._service.versions, spec.name, _number(spec))


def metadata(versions, name, number=None):
    """Return `GetModelMetadataResponse`."""
    version = versions.get(name, number)
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = name
    response.model_spec.version.value = version.number
    definitions = get_model_metadata_pb2.SignatureDefMap()
    for key, definition in version.definitions.items():
        definitions.signature_def[key].CopyFrom(definition)
    response.metadata["signature_def"].Pack(definitions)
    return response


def status(versions, name, number=None):
    """Return `GetModelStatusResponse`."""
    if name != versions.name:
        raise Refusal("NOT_FOUND", f"Could not find any versions of model {name}")
    if number is not None and number not in versions.states:
        raise Refusal("NOT_FOUND", f"Could not find version {number} of model {name}")
    response = get_model_status_pb2.GetModelStatusResponse()
    for known, (state, code, message) in sorted(versions.states.items(), reverse=True):
        if number in (None, known):
            found = response.model_version_status.add(
                version=known, state=State.Value(state)
            )
            found.status.error_code = code
            found.status.error_message = message
    return response


def read_tensors(signature, protos, most_bytes):
    """Return a request's inputs as arrays.

    Args:
        signature: `Signature`.
        protos: mapping from names to `TensorProto`.
        most_bytes: int, for an array: a small message can stand for a large one.
    """
    signature.check_names(protos)
    tensors = {}
    for name, proto in protos.items():
        shape = [dim.size for dim in proto.tensor_shape.dim]
        try:
            dtype = tf.dtypes.as_dtype(proto.dtype)
            signature.check_tensor(name, dtype, shape)
            if math.prod(shape) * dtype.size > most_bytes:
                raise invalid(f"{name} is too large. Received shape {shape}")
            tensors[name] = tf.make_ndarray(proto)
        except (TypeError, ValueError) as error:
            raise invalid(f"{name} is no tensor: {error}") from error
    return tensors


def _number(spec):
    """Return the version that a request asks for, or None."""
    if spec.WhichOneof("version_choice") == "version_label":
        raise invalid("versions have no labels here: ask for a number, or for none")
    return spec.version.value if spec.HasField("version") else None
