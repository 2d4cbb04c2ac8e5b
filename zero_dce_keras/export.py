"""Export a SavedModel: `python -m zero_dce_keras.export -o DIR`."""

import sys

from zero_dce_keras import cli
from zero_dce_keras.models.presets import DEFAULT_PRESET
from zero_dce_keras.serving.limits import Limits


def build_parser():
    """Return the command's parser."""
    parser = cli.parser(
        "export",
        "Write DIR/1, a SavedModel for TensorFlow Serving: images or files in, enhanced "
        "out.",
        cli.weights_option(DEFAULT_PRESET, " (default: %(default)s)"),
    )
    parser.add_argument("-o", "--output", metavar="DIR", required=True)
    parser.add_argument(
        "--model-version",
        type=cli.positive,
        help="number of the version in DIR (default: the next one)",
    )
    for unit, what in (("megabytes", "files"), ("megapixels", "pictures")):
        default = getattr(Limits(), unit)
        parser.add_argument(
            f"--max-{unit}",
            type=cli.positive,
            default=default,
            metavar="N",
            help=f"{what} with more are refused (default: {default:g})",
        )
    cli.add_denoise(parser)
    return parser


def main(argv=None):
    """Run the command; return its exit code."""
    args = build_parser().parse_args(argv)
    cli.start_backend()
    from zero_dce_keras import load_model
    from zero_dce_keras.serving import export_saved_model

    model = load_model(args.weights)
    cli.check_denoise(args.denoise, model, args.weights)
    denoise = args.denoise is not False
    limits = Limits(args.max_megabytes, args.max_megapixels)
    print(export_saved_model(model, args.output, args.model_version, denoise, limits))
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
