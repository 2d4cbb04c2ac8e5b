"""Enhance millions of photographs on Ray: `python -m zero_dce_keras.bulk SRC DST`."""

import hashlib
import sys
import warnings

from zero_dce_keras import cli
from zero_dce_keras.enhance import FORMATS
from zero_dce_keras.extras import require
from zero_dce_keras.models.presets import DEFAULT_PRESET, WEIGHTS_FILE, preset_directory

NEEDED = ("pyarrow.fs", "fsspec", "ray.data")


def build_parser():
    """Return the command's parser."""
    parser = cli.parser(
        "bulk",
        "Enhance all photographs of SRC, and of the folders in it, into DST: folders, or\n"
        "URIs such as s3://bucket/night, gs://…, hdfs://…. It runs on Ray, on all cores of\n"
        "this computer or on a cluster. DST gets a manifest, a row a photograph, in\n"
        "Parquet. What is done already is skipped: an interrupted run is simply started\n"
        "again.",
        cli.weights_option(DEFAULT_PRESET, " (default: %(default)s)"),
        cli.enhancing_options(),
    )
    add = parser.add_argument
    add("source", metavar="SRC", help="folder or URI of the photographs")
    add("target", metavar="DST", help="folder or URI to write to")
    add(
        "--address",
        metavar="HOST:PORT",
        help="of the head of a Ray cluster, seen from a computer of it; auto finds the one "
        "that runs here (default: RAY_ADDRESS, or an engine of its own)",
    )
    add(
        "--actors",
        type=cli.positive,
        metavar="N",
        help="processes that enhance, a core each (default: as many as have room)",
    )
    add(
        "--batch-size",
        type=cli.positive,
        metavar="N",
        default=16,
        help="photographs that an actor is given at once, and that are done again if it "
        "dies (default: %(default)s)",
    )
    add(
        "--memory",
        type=gigabytes,
        metavar="GB",
        default="2",
        help="that photographs may take in an actor; one that needs more fails "
        "(default: %(default)s)",
    )
    add("--format", choices=FORMATS, help="of the outputs (default: the input's)")
    add(
        "--quality",
        type=cli.percentage,
        help="of JPEG and WebP, 1 to 100 (default: a JPEG's own, but at least 85; else 95)",
    )
    add("--overwrite", action="store_true", help="do again what is done")
    cli.add_max_megapixels(parser)
    add("--json", action="store_true", help="one line of JSON per photograph on stdout")
    return parser


def gigabytes(text):
    """Convert to a number of bytes."""
    number = float(text)
    if not 0.1 <= number < float("inf"):
        raise ValueError
    return round(number * 1e9)


def main(argv=None):
    """Run the command; return its exit code."""
    args = build_parser().parse_args(argv)
    cli.check_weights(args.weights)
    with cli.python_alone_on_stderr(), cli.ending_at_sigterm():
        return _run(args)


def _run(args):
    warnings.filterwarnings(
        "ignore"
    )  # of Ray and Pillow; notes and errors tell of files
    for module in NEEDED:
        require(module)
    from zero_dce_keras.batch import RunReport
    from zero_dce_keras.batch.bulk.run import BulkOptions, enhance_in_bulk
    from zero_dce_keras.inference import EnhanceOptions

    preset, curves = _read_weights(args.weights)
    options = BulkOptions(
        preset,
        curves,
        EnhanceOptions(args.iterations, args.strength, args.denoise, args.tile),
        args.format and f".{args.format}",
        args.quality,
        args.overwrite,
        args.max_megapixels * 1_000_000,
        args.address,
        args.actors,
        args.batch_size,
        args.memory,
    )
    report = RunReport(args.json)
    try:
        enhance_in_bulk(args.source, args.target, options, report)
    finally:
        report.summarize()
    return 1 if report.failed or report.left_out else 0


def _read_weights(weights):
    """Return the preset as rows name it, and its `GridCurves`."""
    from zero_dce_keras.inference.compiled import GridCurves

    curves = GridCurves.read(weights)
    if curves is None:
        raise ValueError(
            f"--weights {weights}: bulk runs presets with a compiled form, such as "
            f"{DEFAULT_PRESET}; zero-dce enhance runs all"
        )
    content = (preset_directory(weights) / WEIGHTS_FILE).read_bytes()
    return f"{weights} {hashlib.sha256(content).hexdigest()[:8]}", curves


if __name__ == "__main__":
    sys.exit(cli.run(main))
