"""REST: TensorFlow Serving's addresses, health and metrics."""

import asyncio
import contextlib
import functools
import json
import re

import prometheus_client
from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from tensorflow_serving.apis import get_model_metadata_pb2

from zero_dce_keras.serving.server import grpc_api, json_tensors
from zero_dce_keras.serving.server.refusal import Refusal, invalid

ADDRESS = re.compile(
    r"/v1/models/([^/:]+)(?:/versions/(\d{1,18}))?(:predict|:classify|:regress|/metadata)?"
)
UPLOAD = 60  # seconds in which a body must arrive


def build_app(service):
    """Return the ASGI application.

    Args:
        service: `Service`.
    """

    async def answer_models(request):
        try:
            return await _answer(service, request)
        except Refusal as refusal:
            return _error(refusal.http_status, refusal.message)

    async def answer_health(request):
        return PlainTextResponse("ok\n")

    async def answer_metrics(request):
        return Response(
            prometheus_client.generate_latest(),
            media_type=prometheus_client.CONTENT_TYPE_LATEST,
        )

    return Starlette(
        routes=[
            Route("/v1/{rest:path}", answer_models, methods=["GET", "POST"]),
            Route("/healthz", answer_health),
            Route("/metrics", answer_metrics),
            Route("/monitoring/prometheus/metrics", answer_metrics),
        ],
        exception_handlers={
            404: lambda request, error: _error(404, "Not found"),
            405: lambda request, error: _error(405, "Method not allowed"),
            500: lambda request, error: _error(500, "Internal error"),
        },
    )


def _error(status, message):
    return JSONResponse({"error": message}, status)


async def _answer(service, request):
    match = ADDRESS.fullmatch(request.url.path)
    method = "POST" if match and (match[3] or "").startswith(":") else "GET"
    if not match or request.method not in (method, "HEAD" if method == "GET" else ""):
        raise invalid(f"Malformed request: {request.method} {request.url.path}")
    name, number = match[1], match[2] and int(match[2])
    if match[3] == ":predict":
        return await _predict(service, request, name, number)
    if match[3] == "/metadata":
        return JSONResponse(_metadata(service.versions, name, number))
    if match[3]:
        raise Refusal("UNIMPLEMENTED", "only :predict is served")
    return JSONResponse(_as_dict(grpc_api.status(service.versions, name, number)))


async def _predict(service, request, name, number):
    most = service.limits.bytes
    length = request.headers.get("content-length", "")
    size = min(int(length), most) if length.isdecimal() else most
    with contextlib.ExitStack() as place:
        try:
            seen = place.enter_context(service.let_in("rest", size))
        except Refusal:  # a client that still sends would see no answer
            with contextlib.suppress(Refusal):
                await _read_body(request, most=0)
            raise
        body = await _read_body(request, most)
        version = service.versions.get(name, number)
        document, key = await asyncio.to_thread(json_tensors.read_document, body)
        del body
        signature = version.signature(key)
        read = functools.partial(json_tensors.read_tensors, signature, document)
        write = functools.partial(
            json_tensors.write_answer, as_rows="instances" in document
        )
        answer = await service.predict(version, signature, seen, read, write)
        return Response(answer, media_type="application/json")


async def _read_body(request, most):
    """Return the body; if there is more of it, read and forget it."""
    body, is_too_large = bytearray(), False
    try:
        async with asyncio.timeout(UPLOAD):
            async for chunk in request.stream():
                is_too_large = is_too_large or len(body) + len(chunk) > most
                if is_too_large:
                    body.clear()
                else:
                    body += chunk
    except TimeoutError as error:
        raise Refusal("DEADLINE_EXCEEDED", "the request did not arrive") from error
    except ClientDisconnect as error:
        raise Refusal("CANCELLED", "the client has gone") from error
    if is_too_large:
        message = f"a request may have {most} bytes"
        raise Refusal("RESOURCE_EXHAUSTED", message, http_status=413)
    return body


def _metadata(versions, name, number):
    response = grpc_api.metadata(versions, name, number)
    definitions = get_model_metadata_pb2.SignatureDefMap()
    response.metadata["signature_def"].Unpack(definitions)
    return {
        "model_spec": _as_dict(response.model_spec),
        "metadata": {"signature_def": _as_dict(definitions)},
    }


def _as_dict(message):
    return json.loads(
        json_format.MessageToJson(
            message,
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
        )
    )
