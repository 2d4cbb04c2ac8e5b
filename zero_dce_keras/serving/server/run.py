"""Both servers in one process, from start to stop."""

import asyncio
import contextlib
import ctypes
import logging
import signal
import socket
from typing import NamedTuple

import grpc
import uvicorn
from grpc_health.v1 import health, health_pb2_grpc
from PIL import Image
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from zero_dce_keras.serving.server.grpc_api import ModelService, PredictionService
from zero_dce_keras.serving.server.rest_api import build_app
from zero_dce_keras.serving.server.service import Service
from zero_dce_keras.serving.server.versions import Versions

GRACE = 25  # seconds for the requests in work, when the server stops
SPARE_CALLS = 16  # of gRPC, beside predictions: health, status
M_MMAP_THRESHOLD = -3  # of malloc.h
LARGE_BLOCK = 2**20  # bytes; the arrays of pictures are larger

log = logging.getLogger(__name__)


class Address(NamedTuple):
    """Where the server listens; port 0 is any that is free."""

    host: str
    grpc_port: int
    rest_port: int


def serve(directory, name, address, limits, tell=lambda address: None):
    """Serve the newest version in a directory until SIGTERM or Ctrl-C.

    Args:
        directory: path of the model, with versions as `zero-dce export` writes them.
        name: str, the model's name for clients.
        address: `Address`.
        limits: `RequestLimits`.
        tell: callable of the `Address`, once requests are answered.

    Raises:
        OSError: a port is in use, or the directory cannot be read.
        ValueError: the directory has no version that loads.
    """
    Image.MAX_IMAGE_PIXELS = None  # `RequestLimits` counts the pixels
    _let_memory_go()
    asyncio.run(_serve(directory, name, address, limits, tell))


def _let_memory_go():
    """Have the memory of pictures go back to the system when it is free.

    glibc keeps blocks of up to 32 MB, and each thread has its own: what a server holds
    would grow with every thread that has met a large picture.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's alone
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


class _WebServer(uvicorn.Server):
    """Leaves signals alone: both servers stop together."""

    def capture_signals(self):
        return contextlib.nullcontext()


async def _serve(directory, name, address, limits, tell):
    service = Service(Versions(name, directory), limits)
    with _bind(address.host, address.rest_port) as rest_socket:
        grpc_server, health_service = _build_grpc_server(service)
        address = Address(
            address.host,
            _listen(grpc_server, address.host, address.grpc_port),
            rest_socket.getsockname()[1],
        )
        await service.versions.start()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        web_server = _WebServer(
            uvicorn.Config(
                build_app(service),
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE,
            )
        )
        web = asyncio.create_task(web_server.serve([rest_socket]))
        watch = asyncio.create_task(service.versions.watch())
        await grpc_server.start()
        while not web_server.started:
            await asyncio.sleep(0.01)
        tell(address)
        await stop.wait()
        log.info("stopping: %d requests are in work", service.gate.requests)
        watch.cancel()
        await health_service.enter_graceful_shutdown()
        web_server.should_exit = True
        await asyncio.gather(grpc_server.stop(GRACE), web)


def _build_grpc_server(service):
    limits = service.limits
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", limits.bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),  # a port in use is an error
        ],
        maximum_concurrent_rpcs=limits.requests + SPARE_CALLS,
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(service), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(
        ModelService(service), server
    )
    health_service = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_service, server)
    return server, health_service


def _listen(server, host, port):
    try:
        return server.add_insecure_port(
            f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        )
    except RuntimeError as error:
        raise OSError(_in_use(host, port, "--grpc-port")) from error


def _bind(host, port):
    """Return a socket with an address, on which nobody listens yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise OSError(_in_use(host, port, "--rest-port")) from error
    return found


def _in_use(host, port, option):
    return (
        f"port {port} of {host} is in use, or may not be used; {option} takes another"
    )
