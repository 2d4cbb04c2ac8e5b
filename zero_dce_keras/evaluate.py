"""Score weights on a data set: `python -m zero_dce_keras.evaluate`."""

import argparse
import sys

from zero_dce_keras import cli

DEFAULT_WEIGHTS = "zero_dce_lol"


def build_parser():
    """Return the command's parser."""
    parser = cli.parser(
        "evaluate",
        "Enhance the photographs of a data set and score them against their "
        "references:\nPSNR, SSIM and MAE, per image and on average. The table goes to "
        "stdout.\nPhotographs without references are only enhanced, into --output.",
        cli.data_options(),
        cli.split_options(),
        cli.weights_option(
            None,
            ", or `input` for the untouched input; NAME=PATH gives a short label; "
            "several may be given, each with its own --weights "
            f"(default: {DEFAULT_WEIGHTS})",
            action="append",
        ),
        cli.device_option(),
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="write scores.csv, scores.json, before_after.png and enhanced/ here",
    )
    parser.add_argument(
        "--save-images",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether --output gets enhanced/ (default: yes)",
    )
    cli.add_denoise(parser)
    parser.add_argument(
        "--json", action="store_true", help="print JSON instead of a table"
    )
    return parser


def main(argv=None):
    """Run the command; return its exit code."""
    parser = build_parser()
    args = parser.parse_args(argv)
    cli.check_data_options(parser, args)
    cli.start_backend(args.device)
    from zero_dce_keras import evaluation
    from zero_dce_keras.data import find_split

    sizes = args.train_images, args.validation_images
    pairs = find_split(args.dataset, args.data_dir, args.split, *sizes)
    if not args.output and not any(pair.reference for pair in pairs):
        raise ValueError("these photographs have no references: give an --output")
    weights = evaluation.parse_weights(args.weights or [DEFAULT_WEIGHTS])
    opened = evaluation.open_methods(weights, args.denoise)
    methods = {label: method.enhance for label, method in opened.items()}
    table = evaluation.compare(methods, pairs, args.output, args.save_images)
    report = evaluation.build_report(
        table,
        dataset=args.dataset,
        split=args.split,
        data_dir=args.data_dir,
        denoise=args.denoise,
    )
    if args.output:
        evaluation.write_report(report, args.output)
    show = evaluation.json_text if args.json else evaluation.format_table
    print(show(report))
    return int(any(row.error for rows in table.values() for row in rows))


if __name__ == "__main__":
    sys.exit(cli.run(main))
