"""Export a model for servers and phones: `python -m zero_dce_keras.export -o DIR`."""

import sys
from pathlib import Path

from zero_dce_keras import cli
from zero_dce_keras.models.presets import DEFAULT_PRESET
from zero_dce_keras.serving.formats import FORMATS, QUANTIZATIONS, check_format
from zero_dce_keras.serving.limits import FileLimits


def build_parser():
    """Return the command's parser."""
    parser = cli.parser(
        "export",
        "Write DIR/1, a SavedModel for TensorFlow Serving: images or files in, enhanced "
        "out. With --format, write one file for another runtime.",
        cli.weights_option(DEFAULT_PRESET, " (default: %(default)s)"),
    )
    parser.add_argument("-o", "--output", metavar="DIR_OR_FILE", required=True)
    parser.add_argument(
        "--format",
        choices=["saved_model", *FORMATS],
        default="saved_model",
        help="what to write (default: %(default)s)",
    )
    parser.add_argument(
        "--quantize",
        choices=QUANTIZATIONS,
        default="none",
        help="how litert stores the weights (default: %(default)s)",
    )
    parser.add_argument(
        "--model-version",
        type=cli.positive,
        help="number of the SavedModel in DIR (default: the next one)",
    )
    for unit, what in (("megabytes", "files"), ("megapixels", "pictures")):
        default = getattr(FileLimits(), unit)
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
    parser = build_parser()
    args = parser.parse_args(argv)
    is_saved_model = args.format == "saved_model"
    if not is_saved_model:
        check_format(args.format, Path(args.output), args.quantize)
    elif args.quantize != "none":
        parser.error("--quantize is for --format litert")
    cli.start_backend()
    from zero_dce_keras import load_model
    from zero_dce_keras.serving import export_portable, export_saved_model

    model = load_model(args.weights)
    cli.check_denoise(args.denoise, model, args.weights)
    denoise = args.denoise is not False
    if not is_saved_model:
        written = export_portable(
            model, args.output, args.format, args.quantize, denoise
        )
        print(written)
        return 0
    limits = FileLimits(args.max_megabytes, args.max_megapixels)
    print(export_saved_model(model, args.output, args.model_version, denoise, limits))
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
