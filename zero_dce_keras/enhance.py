"""Enhance photographs: `python -m zero_dce_keras.enhance PHOTO_OR_FOLDER… [-o OUT]`."""

import contextlib
import functools
import io
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings

from zero_dce_keras import cli
from zero_dce_keras.images import WRITTEN_FORMATS
from zero_dce_keras.models.presets import DEFAULT_PRESET

log = logging.getLogger("zero_dce_keras.enhance")  # `python -m` runs it as __main__

FORMATS = {each.suffixes[0][1:]: each.name for each in WRITTEN_FORMATS}  # "jpg": "JPEG"
POLL = 1.0  # seconds between two looks at a folder that is watched


def build_parser():
    """Return the command's parser."""
    parser = cli.parser(
        "enhance",
        "Enhance dark photographs and videos: files, folders, patterns, or - for\n"
        "standard input.\n"
        "What is done already is skipped: an interrupted run is simply started again.\n"
        "The exit code is 1 if something failed or, in a folder, a film or a picture of\n"
        "another kind was left out; other files there change nothing.",
        cli.weights_option(DEFAULT_PRESET, " (default: %(default)s)"),
        cli.enhancing_options(),
        cli.device_option(),
    )
    add = parser.add_argument
    add(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="photograph, video, folder (the photographs in it), pattern or -",
    )
    add(
        "-o",
        "--output",
        metavar="OUT",
        help="a file for one photograph, a folder (made if needed), or - for standard "
        "output (default: beside each input, with --suffix)",
    )
    add(
        "--suffix",
        help="put before the ending of the output's name (default: _enhanced beside the "
        "inputs, nothing in another folder)",
    )
    add("--format", choices=FORMATS, help="of the outputs (default: the input's)")
    add(
        "--quality",
        type=cli.percentage,
        help="of JPEG, WebP and videos, 1 to 100 (default: a JPEG's own, but at least 85; "
        "else 95)",
    )
    add(
        "--codec",
        choices=("h264", "hevc", "vp9"),
        help="of videos (default: h264, in .webm vp9)",
    )
    add(
        "--keep-interlaced",
        action="store_true",
        help="leave the fields of interlaced videos as they are (default: whole frames)",
    )
    add(
        "--hdr",
        choices=("sdr", "keep"),
        default="sdr",
        help="what becomes of PQ and HLG videos: sdr, BT.709 of 8 bits, or keep, HEVC of "
        "10 bits with its side data (default: %(default)s)",
    )
    add("--recursive", action="store_true", help="folders inside folders too")
    add("--overwrite", action="store_true", help="replace outputs that are there")
    add(
        "--watch", action="store_true", help="wait for more photographs; Ctrl-C ends it"
    )
    add(
        "--preserve",
        action="store_true",
        help="give outputs the times and permissions of their inputs",
    )
    cli.add_max_megapixels(parser)
    add("--json", action="store_true", help="one line of JSON per photograph on stdout")
    return parser


def main(argv=None):
    """Run the command; return its exit code."""
    parser = build_parser()
    args = parser.parse_args(argv)
    _check_usage(parser, args)
    cli.check_weights(args.weights)
    with cli.python_alone_on_stderr(), cli.ending_at_sigterm():
        return _run(args)


def _run(args):
    warnings.filterwarnings("ignore", module="PIL")  # our notes and errors report it
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # names that are not UTF-8
    from zero_dce_keras.batch import RunReport, find_jobs
    from zero_dce_keras.images.open_image import limit_pixels

    limit_pixels(args.max_megapixels * 1_000_000)
    report = RunReport(args.json)
    if "-" in (*args.inputs, args.output):
        return _enhance_through_pipes(args, report)
    ending = args.format and f".{args.format}"

    def find():
        places = args.inputs, args.output, args.suffix, ending
        return find_jobs(*places, recursive=args.recursive)

    jobs, errors = find()
    if not args.watch:
        report.expect(len(jobs))
    enhancer = _open(args) if jobs or args.watch else None
    try:
        if args.watch:
            _watch(enhancer, args, report, find)
        else:
            for error in errors:
                report.fail(error)
            if jobs:
                _enhance(enhancer, jobs, args, report)
    finally:
        report.summarize()
    return 1 if report.failed or report.left_out else 0


def _check_usage(parser, args):
    pipes = [name for name in (*args.inputs, args.output) if name == "-"]
    if pipes and len(args.inputs) > 1:
        parser.error("- takes one input")
    if args.watch and not all(os.path.isdir(name) for name in args.inputs):
        parser.error("--watch takes folders")
    if pipes and args.json:
        parser.error("--json and - do not go together: a pipe takes one photograph")
    if args.suffix is not None and ("/" in args.suffix or "\0" in args.suffix):
        parser.error(f"--suffix must be part of a name. Received: {args.suffix}")


def _open(args):
    from zero_dce_keras.inference import Enhancer

    enhancer = Enhancer.read_compiled(args.weights)
    if enhancer is None:
        cli.start_backend(args.device)
        return Enhancer.from_preset(args.weights)
    if args.device == "gpu":
        log.info(
            "%s runs compiled, on the processor: --device gpu changes nothing",
            args.weights,
        )
    return enhancer


def _options(args):
    from zero_dce_keras.inference import EnhanceOptions

    return EnhanceOptions(args.iterations, args.strength, args.denoise, args.tile)


def _enhance(enhancer, jobs, args, report):
    from zero_dce_keras.batch import enhance_photographs

    photographs = [job for job in jobs if not job.is_video]
    options = _options(args).replace(progress=report.show_tiles)
    enhance = functools.partial(enhancer.enhance_photograph, options=options)
    outcomes = enhance_photographs(
        enhance, photographs, args.overwrite, args.quality, args.preserve
    )
    with contextlib.closing(outcomes):
        for outcome in outcomes:
            report.add(outcome)
    for job in jobs:
        if job.is_video:
            report.add(_enhance_video(enhancer, job, args))


def _enhance_video(enhancer, job, args):
    """Enhance a video from end to end; return an `Outcome` as of photographs."""
    from zero_dce_keras.batch import Outcome

    if job.target.exists() and not args.overwrite:
        return Outcome(job, "skipped")
    try:
        from zero_dce_keras.video import FrameProgress, enhance_video

        done = enhance_video(
            enhancer,
            job.source,
            job.target,
            codec=args.codec,
            quality=args.quality,
            overwrite=args.overwrite,
            keep_interlaced=args.keep_interlaced,
            keep_hdr=args.hdr == "keep",
            progress=FrameProgress(job.source.name),
            iterations=args.iterations,
            strength=args.strength,
            denoise=args.denoise,
        )
    except (ValueError, OSError, MemoryError, ImportError) as error:
        return Outcome(job, "failed", error)
    if args.preserve:
        shutil.copystat(job.source, job.target)
    return Outcome(job, "done", notes=done.notes, size=done.size)


def _watch(enhancer, args, report, find):
    """Enhance what comes into the folders, once it has stopped growing, until Ctrl-C."""
    from zero_dce_keras.batch import NoPhotographsError, OtherFiles, StableFiles

    interrupted = threading.Event()
    with contextlib.suppress(KeyboardInterrupt), _noting_interrupts(interrupted):
        stable_files, reported = StableFiles(), set()
        log.info(
            "waiting for photographs in %s; Ctrl-C ends it", ", ".join(args.inputs)
        )
        while not interrupted.is_set():
            jobs, errors = find()
            for error in errors:
                is_new = str(error) not in reported
                if is_new and not isinstance(error, (NoPhotographsError, OtherFiles)):
                    reported.add(str(error))
                    report.fail(error)
            if ready := stable_files.choose(jobs):
                report.expect(len(ready))
                _enhance(enhancer, ready, args, report)
            time.sleep(POLL)


@contextlib.contextmanager
def _noting_interrupts(interrupted):
    """Set an event at Ctrl-C, too: Python ignores an exception in some callbacks."""

    def interrupt(*_):
        interrupted.set()
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if (
        before is not signal.default_int_handler
    ):  # ignored, in the background of a shell
        yield
        return
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _enhance_piped_film(args, report):
    """Enhance a film from standard input; it lies on disk meanwhile, to be sought in."""
    from pathlib import Path

    from zero_dce_keras.batch import Job

    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory, "standard input")
        with source.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        outcome = _enhance_video(_open(args), Job(source, Path(args.output)), args)
        if outcome.error is not None:
            raise ValueError(str(outcome.error).replace(f"{directory}{os.sep}", ""))
    for note in outcome.notes:
        report.note("-", note)
    print(args.output)
    return 0


def _enhance_through_pipes(args, report):
    """Enhance one photograph from standard input, to standard output, or both."""
    from pathlib import Path

    from zero_dce_keras.batch import VIDEO_SUFFIXES
    from zero_dce_keras.images import Photograph

    (source,) = args.inputs
    if source.lower().endswith(VIDEO_SUFFIXES):
        raise ValueError(f"{source}: a video goes to a file, such as -o bright.mp4")
    to_stdout = args.output in (None, "-")
    if not to_stdout and Path(args.output).exists() and not args.overwrite:
        raise ValueError(f"{args.output} is there already; --overwrite replaces it")
    if not to_stdout and args.output.lower().endswith(VIDEO_SUFFIXES):
        return _enhance_piped_film(args, report)
    content = sys.stdin.buffer.read() if source == "-" else Path(source)
    photograph = Photograph.read(content)
    enhanced = _open(args).enhance_photograph(photograph, _options(args))
    file_format = FORMATS[args.format] if args.format else None
    if to_stdout:
        notes = enhanced.write(sys.stdout.buffer, args.quality, file_format)
        sys.stdout.buffer.flush()
    else:
        notes = enhanced.write(args.output, args.quality, file_format)
        print(args.output)
    for note in (*photograph.notes, *notes):
        report.note(source, note)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
