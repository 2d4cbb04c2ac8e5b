"""What the commands share: options, and how an error becomes one line."""

import argparse
import contextlib
import functools
import logging
import os
import signal
import sys
import threading
import time

from zero_dce_keras import devices
from zero_dce_keras.errors import one_line
from zero_dce_keras.extras import how_to_install
from zero_dce_keras.models.presets import WEIGHTS_SUFFIXES, preset_directory
from zero_dce_keras.version import __version__

SECONDS_BETWEEN = 10  # lines of progress where stderr is a file, not a terminal
WIDTH = 80  # of a terminal that does not say
CLEAR_LINE = "\r\x1b[K"

log = logging.getLogger(__name__)


def parser(module, description, *parents):
    """Return an argument parser for the command `python -m zero_dce_keras.<module>`."""
    result = _Parser(
        prog=f"python -m zero_dce_keras.{module}",
        description=description,
        parents=parents,
        formatter_class=functools.partial(
            argparse.RawDescriptionHelpFormatter, max_help_position=30
        ),
    )
    result.add_argument(
        "--version", action="version", version=f"zero_dce_keras {__version__}"
    )
    return result


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; `--help` has the rest."""

    def error(self, message):
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def data_options(default="lol"):
    """Return the options `--dataset` and `--data-dir`."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--dataset",
        choices=["lol", "sample", "sice", "sice-dark", "folder"],
        default=default,
        help="lol; sample, embedded; sice, exposure sequences; sice-dark, their dark "
        "frames; folder, your own, or low/ and high/ (default: %(default)s)",
    )
    options.add_argument(
        "--data-dir",
        metavar="DIR",
        help="where the data lies (default: ZERO_DCE_DATA, or the user cache directory)",
    )
    return options


def split_options(default="test"):
    """Return the options `--split`, `--train-images` and `--validation-images`."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--split",
        choices=["test", "validation", "train", "rest"],
        default=default,
        help="part of the data set (default: %(default)s)",
    )
    for part, number in (("train", 400), ("validation", 85)):
        options.add_argument(
            f"--{part}-images",
            type=positive,
            default=number,
            metavar="N",
            help=f"size of the {part} split, as in the recipe that was trained "
            "(default: %(default)s)",
        )
    return options


def check_data_options(parser, args):
    """Refuse `--dataset folder` and `sice` without `--data-dir`: they have no usual place."""
    if args.dataset in ("folder", "sice", "sice-dark") and args.data_dir is None:
        parser.error(
            f"--dataset {args.dataset} needs --data-dir, the folder of photographs"
        )


def weights_option(default, help_end="", **kwargs):
    """Return the option `--weights`."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--weights",
        default=default,
        metavar="NAME_OR_PATH",
        help="a preset's name, a .weights.h5 file, a .keras file, a preset directory or "
        "a .pth or .safetensors file of the official PyTorch code" + help_end,
        **kwargs,
    )
    return options


def device_option(several=False):
    """Return the option `--device`; with `several`, it takes `all` too."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--device",
        choices=(*devices.DEVICES, *(["all"] if several else [])),
        default="auto",
        help="what to compute on; auto is a GPU where Keras' backend (KERAS_BACKEND) "
        "sees one" + (", all is every device that it sees" if several else "") + " "
        "(default: %(default)s)",
    )
    return options


def add_denoise(parser):
    """Add `--denoise` and `--no-denoise`."""
    parser.add_argument(
        "--denoise",
        action=argparse.BooleanOptionalAction,
        help="use the model's denoiser, or leave it out (default: use what there is)",
    )


def add_table_format(parser):
    """Add `--format` and `--json`, of a table on stdout."""
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--format",
        choices=["text", "markdown", "latex"],
        default="text",
        help="of the table on stdout (default: %(default)s)",
    )
    shown.add_argument(
        "--json", action="store_true", help="print JSON instead of a table"
    )


def add_max_megapixels(parser):
    """Add `--max-megapixels`, of photographs that are read."""
    parser.add_argument(
        "--max-megapixels",
        type=positive,
        metavar="N",
        default=250,
        help="refuse larger photographs, before they are decoded (default: %(default)s)",
    )


def check_denoise(denoise, model, weights):
    """Raise a `ValueError` for `--denoise` where there is no denoiser."""
    if denoise and not model.can_denoise:
        raise ValueError(f"--denoise: {weights} has no denoiser")


def enhancing_options():
    """Return `--iterations --strength --denoise --tile`, of an `Enhancer`."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--iterations",
        type=not_negative,
        help="times to apply a curve; 0 changes nothing (default: the model's)",
    )
    options.add_argument(
        "--strength",
        type=fraction,
        default=1.0,
        help="from 0 to 1, scales the curves (default: 1)",
    )
    add_denoise(options)
    options.add_argument(
        "--tile",
        type=positive,
        metavar="PIXELS",
        help="work on squares of this size, for less memory (default: by itself)",
    )
    return options


def positive(text):
    """Convert to a whole number, at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be positive. Received: {text}")
    return number


def check_weights(weights):
    """Raise an error for weights that are not there, before anything heavy is imported."""
    if weights.endswith(WEIGHTS_SUFFIXES):
        if not os.path.isfile(weights):
            raise FileNotFoundError(f"{weights}: no such file")
    else:
        preset_directory(weights)


def prepare_backend(device="auto"):
    """Set what Keras and its backend look at when they are imported, now or later.

    Args:
        device: what `--device` says.

    Raises:
        ValueError: if there is no such backend.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # leave some to others
    devices.check_backend()
    if device == "cpu":
        devices.hide_gpus()


def start_backend(device="auto"):
    """Import Keras and its backend, without TensorFlow's chatter on stderr.

    Called once the options are known to be right: `--help` stays quick.

    Args:
        device: what `--device` says.

    Raises:
        ValueError: if there is no such backend, or a GPU is asked for and absent.
    """
    prepare_backend(device)
    with _silent_stderr():  # the chatter comes from C++, before logging is set up
        import keras  # noqa: F401
    if device == "gpu":
        devices.check_gpu()


def percentage(text):
    """Convert to a whole number from 1 to 100."""
    number = positive(text)
    if number > 100:
        raise argparse.ArgumentTypeError(f"must be from 1 to 100. Received: {text}")
    return number


def not_negative(text):
    """Convert to a whole number, at least 0."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"must not be negative. Received: {text}")
    return number


def fraction(text):
    """Convert to a number in [0, 1]."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"must be in [0, 1]. Received: {text}")
    return number


def run(main, argv=None):
    """Run a command; what a user can cause becomes one line and an exit code.

    Returns what `main` returns; 1 after an error in the input, 130 after Ctrl-C, 141
    when whoever read the output went away.
    """
    with log_to_stderr():
        try:
            code = main(argv)
            sys.stdout.flush()
            return code
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141
        except ModuleNotFoundError as error:
            log.error("error: %s", how_to_install(error))
            return 1
        except (ValueError, OSError, ImportError, MemoryError) as error:
            log.error("error: %s", one_line(error))
            return 1
        except KeyboardInterrupt:
            log.error("interrupted")
            return 130


@contextlib.contextmanager
def log_to_stderr():
    """Show what the package logs on stderr."""
    package = logging.getLogger("zero_dce_keras")
    handler, level, propagates = StderrHandler(), package.level, package.propagate
    package.addHandler(handler)
    package.setLevel(logging.DEBUG)
    package.propagate = False  # absl gives the root logger a handler of its own
    try:
        yield
    finally:
        package.removeHandler(handler)
        package.setLevel(level)
        package.propagate = propagates


class StderrHandler(logging.Handler):
    """Writes records to stderr as they are, a line each.

    Progress is one line that changes on a terminal, a line every ten seconds elsewhere.
    """

    def __init__(self):
        super().__init__()
        self._progress_is_shown = False
        self._last_progress = time.monotonic()

    def emit(self, record):
        """Write a record."""
        text = record.getMessage()
        if getattr(record, "is_progress", False):
            self._show_progress(text)
            return
        if record.levelno < logging.INFO:
            return
        if self._progress_is_shown:
            print(CLEAR_LINE, end="", file=sys.stderr)
            self._progress_is_shown = False
        print(text, file=sys.stderr, flush=True)

    def _show_progress(self, text):
        if sys.stderr.isatty():
            text = text[: _terminal_width() - 1]
            print(CLEAR_LINE + text, end="", file=sys.stderr, flush=True)
            self._progress_is_shown = True
        elif time.monotonic() - self._last_progress >= SECONDS_BETWEEN:
            self._last_progress = time.monotonic()
            print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def python_alone_on_stderr():
    """Keep the lines of C libraries, which do not name the file, off stderr.

    What is wrong with a file is in its error or note, in one line.
    """
    stream = sys.stderr
    try:
        is_real = stream.fileno() == 2
    except (OSError, ValueError, AttributeError):  # a test's, or a notebook's
        is_real = False
    if not is_real:
        yield
        return
    stream.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    with open(os.dup(kept), "w", 1, stream.encoding, stream.errors) as sys.stderr:
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
            sys.stderr = stream


@contextlib.contextmanager
def ending_at_sigterm():
    """Let SIGTERM end the run as Ctrl-C does: no half-written file stays."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    ):
        yield
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminal_width():
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or WIDTH
    except (OSError, ValueError):  # a terminal that is none of the system's
        return WIDTH


@contextlib.contextmanager
def _silent_stderr():
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
