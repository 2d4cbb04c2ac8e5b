"""Compare presets, other weights and classical methods in one table."""

import argparse
import sys

from zero_dce_keras import cli


def build_parser():
    """Return the command's parser."""
    parser = cli.parser(
        "benchmark",
        "Enhance the photographs of a data set in many ways, and print one table: PSNR,\n"
        "SSIM, MAE, GT-mean PSNR and exposure error against references, NIQE, LPIPS where\n"
        "it is installed, time, GFLOP and parameters. The rows are the untouched input,\n"
        "gamma, histogram equalisation, CLAHE, LIME, and each of --weights, also without\n"
        "its network where it is not all there is. Photographs without references get\n"
        "what needs none. With --faces, the scores are those of a face detector.",
        cli.data_options(),
        cli.split_options(),
        cli.weights_option(
            None,
            "; NAME=PATH gives a short label; `input` is there anyway; several may be "
            "given, each with its own --weights (default: every preset)",
            action="append",
        ),
        cli.device_option(),
    )
    parser.set_defaults(dataset=None)
    parser.add_argument(
        "--reference",
        choices=["fusion", "nearest"],
        default="fusion",
        help="what the dark frames of --dataset sice are compared with: the fusion of "
        "their sequence, or its frame of a mean luma nearest to .45 (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--faces",
        nargs="?",
        const="",
        metavar="DIR",
        help="score by a face detector instead: its average precision on the photographs "
        "of DIR, laid out as DARK FACE (image/N.png, label/N.txt), or without DIR on a "
        "small sample, a smoke test; --output then gets faces.csv, faces.json, table.md, "
        "table.tex and precision_recall.png",
    )
    parser.add_argument(
        "--classical",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether gamma, histogram, clahe and lime are rows (default: yes)",
    )
    parser.add_argument(
        "--limit", type=cli.positive, metavar="N", help="the first N photographs only"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="write scores.csv (an image a line), summary.csv (a method a line), "
        "table.md, table.tex, scores.json, boxes.png and worst_best.png here",
    )
    parser.add_argument(
        "--save-images",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="whether --output gets enhanced/ (default: no)",
    )
    cli.add_denoise(parser)
    cli.add_table_format(parser)
    return parser


def main(argv=None):
    """Run the command; return its exit code."""
    parser = build_parser()
    args = parser.parse_args(argv)
    from zero_dce_keras.data.open_splits import guess_dataset

    if args.faces is not None:
        return score_faces(parser, args)
    if args.dataset is None:
        args.dataset = guess_dataset(args.data_dir)
    cli.check_data_options(parser, args)
    cli.start_backend(args.device)
    from zero_dce_keras import evaluation
    from zero_dce_keras.data import find_split
    from zero_dce_keras.data.sice import reference_dark_frames
    from zero_dce_keras.evaluation.benchmark import benchmark, open_all

    sizes = args.train_images, args.validation_images
    pairs = find_split(args.dataset, args.data_dir, args.split, *sizes)
    is_sice = args.dataset in ("sice", "sice-dark")
    if is_sice:
        pairs = reference_dark_frames(pairs, args.reference)
    report = benchmark(
        open_all(args.weights, args.classical, args.denoise),
        pairs[: args.limit],
        args.output,
        args.save_images,
        dataset=args.dataset,
        split=args.split,
        data_dir=args.data_dir,
        denoise=args.denoise,
        reference=args.reference if is_sice else None,
    )
    if args.output:
        evaluation.write_report(report, args.output)
        evaluation.write_summary(report, args.output)
    if args.json:
        print(evaluation.json_text(report))
    else:
        print(evaluation.format_summary(report, args.format))
    return int(any(method["failed"] for method in report["methods"]))


def score_faces(parser, args):
    """Run the command for faces; return its exit code."""
    for name in ("dataset", "data_dir"):
        if getattr(args, name) is not None:
            parser.error(f"--faces takes no --{name.replace('_', '-')}")
    if args.save_images:
        parser.error("--faces takes no --save-images")
    from zero_dce_keras.data.faces import find_faces, make_faces

    photographs = find_faces(args.faces) if args.faces else make_faces()
    cli.start_backend(args.device)
    from zero_dce_keras import evaluation
    from zero_dce_keras.evaluation import faces
    from zero_dce_keras.evaluation.benchmark import open_all

    report = faces.score_faces(
        open_all(args.weights, args.classical, args.denoise),
        photographs[: args.limit],
        faces.FaceDetector(),
        data_dir=args.faces or None,
        denoise=args.denoise,
    )
    if args.output:
        faces.write_faces(report, args.output)
    if args.json:
        print(evaluation.json_text(faces.without_boxes(report)))
    else:
        print(faces.format_faces(report, args.format))
    return int(any(method["failed"] for method in report["methods"]))


if __name__ == "__main__":
    sys.exit(cli.run(main))
