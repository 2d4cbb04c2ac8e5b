"""Enhance photographs: `python -m zero_dce_keras.enhance PHOTO_OR_FOLDER… -o DIR`."""

import sys
from pathlib import Path

from zero_dce_keras import cli


def build_parser():
    """The command's options."""
    parser = cli.parser(
        "enhance",
        "Enhance dark photographs into another directory, under their own names.",
        cli.weights_option("zero_dce_general", " (default: %(default)s)"),
        cli.device_option(),
    )
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="INPUT", help="photograph or directory"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", required=True, help="made if needed"
    )
    parser.add_argument(
        "--iterations",
        type=cli.not_negative,
        help="times to apply a curve (default: the model's)",
    )
    parser.add_argument(
        "--strength",
        type=cli.fraction,
        default=1.0,
        help="from 0 to 1 (default: %(default)s)",
    )
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    cli.start_backend(args.device)
    from zero_dce_keras.images import list_images
    from zero_dce_keras.inference import Enhancer

    failed = 0
    jobs = []  # (source, target)
    for path in args.inputs:
        try:
            sources = list_images(path) if path.is_dir() else [path]
            if not sources:
                raise ValueError(f"{path}: no photographs in this directory")
        except (ValueError, OSError) as error:
            cli.report(error)
            failed += 1
            continue
        jobs += [(source, args.output / source.name) for source in sources]
    _check_targets(jobs)
    enhancer = Enhancer.from_preset(args.weights)
    for source, target in jobs:
        try:
            enhancer.enhance_file(source, target, args.iterations, args.strength)
        except (ValueError, OSError, MemoryError) as error:
            cli.report(error)
            failed += 1
        else:
            print(target, flush=True)
    return 1 if failed else 0


def _check_targets(jobs):
    sources = {}
    for source, target in jobs:
        if source.resolve() == target.resolve():
            raise ValueError(
                f"{target.parent}: the inputs lie there and would be overwritten; give "
                "another directory to -o"
            )
        if target in sources:
            raise ValueError(
                f"{source} and {sources[target]} would both be written to {target}: "
                "enhance them in two runs"
            )
        sources[target] = source


if __name__ == "__main__":
    sys.exit(cli.run(main))
