"""Score weights on a data set: `python -m zero_dce_keras.evaluate`."""

import argparse
import functools
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
        cli.weights_option(
            None,
            f", or `input` for the untouched input; several may be given, each with "
            f"its own --weights (default: {DEFAULT_WEIGHTS})",
            action="append",
        ),
        cli.device_option(),
    )
    parser.add_argument(
        "--split",
        choices=["test", "validation", "train", "rest"],
        default="test",
        help="part of the data set (default: %(default)s)",
    )
    for part, default in (("train", 400), ("validation", 85)):
        parser.add_argument(
            f"--{part}-images",
            type=cli.positive,
            default=default,
            metavar="N",
            help=f"size of the {part} split, as in the recipe that was trained "
            "(default: %(default)s)",
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
    from zero_dce_keras.data import find_test_pairs, open_splits

    if args.split == "test":  # LOL's needs no training images
        pairs = find_test_pairs(args.dataset, args.data_dir)
    else:
        sizes = args.train_images, args.validation_images
        splits = open_splits(args.dataset, args.data_dir, *sizes)
        pairs = getattr(splits, args.split)
    if not pairs:
        raise ValueError(f"the split {args.split!r} of {args.dataset} is empty")
    if not args.output and not any(pair.reference for pair in pairs):
        raise ValueError("these photographs have no references: give an --output")
    methods = {
        name: open_method(name, args.denoise)
        for name in args.weights or [DEFAULT_WEIGHTS]
    }
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


def open_method(weights, denoise=None):
    """Return what one `--weights` does to a uint8 image; `input` does nothing."""
    if weights == "input":
        return lambda image: image
    from zero_dce_keras import load_model
    from zero_dce_keras.inference import Enhancer

    model = load_model(weights)
    cli.check_denoise(denoise, model, weights)
    return functools.partial(Enhancer(model), denoise=denoise)


if __name__ == "__main__":
    sys.exit(cli.run(main))
