"""Enhance with sliders, in the browser: `python -m zero_dce_keras.app`."""

import argparse
import sys

from zero_dce_keras import cli
from zero_dce_keras.models.presets import DEFAULT_PRESET


def build_parser():
    """Return the command's parser."""
    parser = cli.parser(
        "app",
        "A page with sliders for photographs and videos, on this computer alone.",
        cli.weights_option(DEFAULT_PRESET, " to begin with (default: %(default)s)"),
        cli.device_option(),
    )
    parser.add_argument(
        "--port",
        type=port,
        help="where the page is served, on 127.0.0.1 (default: the first free one from "
        "7860)",
    )
    return parser


def port(text):
    """Convert to a whole number from 1 to 65535."""
    number = cli.positive(text)
    if number > 65535:
        raise argparse.ArgumentTypeError(f"must be at most 65535. Received: {text}")
    return number


def main(argv=None):
    """Run the command; return its exit code."""
    args = build_parser().parse_args(argv)
    cli.check_weights(args.weights)
    # The default preset needs no Keras; others bring it when they are chosen.
    start = cli.start_backend if args.device == "gpu" else cli.prepare_backend
    start(args.device)
    from zero_dce_keras.page.serve import serve_page

    serve_page(args.weights, args.port)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
