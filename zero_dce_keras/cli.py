"""What the commands share: options, and how an error becomes one line."""

import argparse
import contextlib
import os
import sys

from zero_dce_keras import devices
from zero_dce_keras.lazy import missing_backend_message
from zero_dce_keras.version import __version__


def parser(module, description, *parents):
    """An argument parser for the command `python -m zero_dce_keras.<module>`."""
    result = _Parser(
        prog=f"python -m zero_dce_keras.{module}",
        description=description,
        parents=parents,
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
    """`--dataset` and `--data-dir`."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--dataset",
        choices=["lol", "sample", "folder"],
        default=default,
        help="lol; sample, the embedded photographs; or folder, a directory of your "
        "own dark photographs, or with low/ and high/ in it (default: %(default)s)",
    )
    options.add_argument(
        "--data-dir",
        metavar="DIR",
        help="where the data lies (default: ZERO_DCE_DATA, or the user cache directory)",
    )
    return options


def check_data_options(parser, args):
    """A folder has no usual place: wrong usage without `--data-dir`."""
    if args.dataset == "folder" and args.data_dir is None:
        parser.error("--dataset folder needs --data-dir, the folder of photographs")


def weights_option(default, help_end="", **kwargs):
    """`--weights`."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--weights",
        default=default,
        metavar="NAME_OR_PATH",
        help="a preset's name, a .weights.h5 file, a .keras file, a preset directory or "
        "a .pth file of the official PyTorch code" + help_end,
        **kwargs,
    )
    return options


def device_option():
    """`--device`."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--device",
        choices=devices.DEVICES,
        default="auto",
        help="what to compute on; auto is a GPU where Keras' backend (KERAS_BACKEND) "
        "sees one (default: %(default)s)",
    )
    return options


def add_denoise(parser):
    """`--denoise` and `--no-denoise`."""
    parser.add_argument(
        "--denoise",
        action=argparse.BooleanOptionalAction,
        help="use the model's denoiser, or leave it out (default: use what there is)",
    )


def check_denoise(denoise, model, weights):
    """A `ValueError` for `--denoise` where there is no denoiser."""
    if denoise and not model.can_denoise:
        raise ValueError(f"--denoise: {weights} has no denoiser")


def enhancing_options():
    """What an `Enhancer` is told: `--iterations --strength --denoise --fast --tile`."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--iterations",
        type=not_negative,
        help="times to apply a curve; 0 changes nothing (default: the model's)",
    )
    options.add_argument(
        "--strength",
        type=fraction,
        help="from 0 to 1, scales the curves (default: 1)",
    )
    add_denoise(options)
    options.add_argument(
        "--fast",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="curves from a small copy of the image, by the weights that the preset "
        "names for it (default: for videos)",
    )
    options.add_argument(
        "--tile",
        type=positive,
        metavar="PIXELS",
        help="work on squares of this size, for less memory (default: by itself)",
    )
    return options


def enhancing_arguments(args):
    """Those of `enhancing_options` that were given, as keywords for an `Enhancer`."""
    names = ("iterations", "strength", "denoise", "fast", "tile")
    values = {name: getattr(args, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def positive(text):
    """An argparse type: a whole number, at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be positive. Received: {text}")
    return number


def start_backend(device="auto"):
    """Import Keras and its backend, without TensorFlow's chatter on stderr.

    Called once the options are known to be right: `--help` stays quick.

    Args:
        device: what `--device` says.

    Raises:
        ValueError: if there is no such backend, or a GPU is asked for and absent.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # leave some to others
    devices.check_backend()
    if device == "cpu":
        devices.hide_gpus()
    with _silent_stderr():  # the chatter comes from C++, before logging is set up
        import keras  # noqa: F401
    if device == "gpu":
        devices.check_gpu()


def percentage(text):
    """An argparse type: a whole number from 1 to 100."""
    number = positive(text)
    if number > 100:
        raise argparse.ArgumentTypeError(f"must be from 1 to 100. Received: {text}")
    return number


def not_negative(text):
    """An argparse type: a whole number, at least 0."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"must not be negative. Received: {text}")
    return number


def fraction(text):
    """An argparse type: a number in [0, 1]."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"must be in [0, 1]. Received: {text}")
    return number


def run(main, argv=None):
    """Run a command; what a user can cause becomes one line and an exit code.

    Returns what `main` returns; 1 after an error in the input, 130 after Ctrl-C, 141
    when whoever read the output went away.
    """
    try:
        code = main(argv)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except ModuleNotFoundError as error:
        report(missing_backend_message(error))
        return 1
    except (ValueError, OSError, ImportError, MemoryError) as error:
        report(error)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def report(error):
    """Tell an error in one line on stderr, with the file that an `OSError` names."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        line = f"{error.filename}: {error.strerror}"
    else:
        line = " ".join(str(error).split()) or type(error).__name__
    print(f"error: {line}", file=sys.stderr)


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
