"""Serve a SavedModel over gRPC and REST: `python -m zero_dce_keras.serve DIR`."""

import argparse
import sys
from pathlib import Path

from zero_dce_keras import cli
from zero_dce_keras.extras import require
from zero_dce_keras.serving.limits import RequestLimits

# What the extra `serving` brings; the last one is a line of its own.
NEEDED = (
    "grpc_health",
    "orjson",
    "prometheus_client",
    "starlette",
    "uvicorn",
    "tensorflow_serving",
)


def build_parser():
    """Return the command's parser."""
    parser = cli.parser(
        "serve",
        "Serve DIR, written by `zero-dce export`, by TensorFlow Serving's protocol.",
    )
    parser.add_argument("directory", metavar="DIR", help="holds the versions 1, 2, …")
    parser.add_argument(
        "--name", help="of the model, for clients (default: the directory's)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen at; 0.0.0.0 is any (default: %(default)s, this computer)",
    )
    defaults = RequestLimits()
    for api, default in (("grpc", 8500), ("rest", 8501)):
        parser.add_argument(
            f"--{api}-port",
            type=port,
            default=default,
            help="0 takes one that is free (default: %(default)s)",
        )
    parser.add_argument(
        "--max-megabytes",
        type=cli.positive,
        default=defaults.megabytes,
        help="of a request (default: %(default)s)",
    )
    parser.add_argument(
        "--max-megapixels",
        type=cli.positive,
        default=defaults.megapixels,
        help="of all pictures of a request (default: %(default)s)",
    )
    parser.add_argument(
        "--max-batch",
        type=cli.positive,
        default=defaults.items,
        help="pictures in a request, or in requests that run as one (default: %(default)s)",
    )
    parser.add_argument(
        "--concurrency",
        type=cli.positive,
        default=defaults.concurrency,
        help="batches in work at once (default: %(default)s)",
    )
    parser.add_argument(
        "--max-requests",
        type=cli.positive,
        default=defaults.requests,
        help="in work or waiting; more are told to try again (default: %(default)s)",
    )
    return parser


def port(text):
    """Convert to a whole number from 0 to 65535."""
    number = cli.not_negative(text)
    if number > 65535:
        raise argparse.ArgumentTypeError(f"must be at most 65535. Received: {text}")
    return number


def main(argv=None):
    """Run the command; return its exit code."""
    args = build_parser().parse_args(argv)
    for module in NEEDED:
        require(module)
    from zero_dce_keras.serving.server.directory import find_versions

    find_versions(args.directory)
    cli.prepare_backend()
    with cli.python_alone_on_stderr():  # TensorFlow's chatter
        require("tensorflow")
        from zero_dce_keras.serving.server.run import Address, serve

    limits = RequestLimits(
        args.max_megabytes,
        args.max_megapixels,
        args.max_batch,
        args.concurrency,
        args.max_requests,
    )
    address = Address(args.host, args.grpc_port, args.rest_port)
    name = args.name or Path(args.directory).resolve().name
    serve(args.directory, name, address, limits, lambda found: tell(name, found))
    return 0


def tell(name, address):
    """Print where the model is served."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    print(f"grpc {host}:{address.grpc_port}")
    print(f"http://{host}:{address.rest_port}/v1/models/{name}", flush=True)


if __name__ == "__main__":
    sys.exit(cli.run(main))
