"""Trainings without what takes their time, here and in processes that can be killed."""

import functools
import multiprocessing
import os
import resource
import signal
import sys
import time
from types import SimpleNamespace

from PIL import Image

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["zero_dce_keras.training.run", "trainings"])


def quicken(setattr, eager=True):
    """Let models train without tracing their steps, and runs draw next to nothing.

    Args:
        setattr: the built-in function, or that of pytest's `monkeypatch`.
        eager: False lets them trace.
    """
    from zero_dce_keras.models.image_model import ImageModel
    from zero_dce_keras.training import callbacks, run

    if eager:
        compile = functools.partialmethod(ImageModel.compile, run_eagerly=True)
        setattr(ImageModel, "compile", compile)
    pixel = Image.new("RGB", (1, 1))
    setattr(callbacks, "contact_sheet", lambda rows, titles: pixel)
    figure = SimpleNamespace(savefig=lambda path, dpi: pixel.save(path))
    setattr(run, "plot_history", lambda history: figure)


def train_and_be_killed(arguments, seconds=None):
    """Train in a process of its own, and kill it after some seconds.

    Args:
        arguments: dict of arguments of `train`.
        seconds: when to kill it, unless it ends before; `None` for never.

    Returns:
        Its exit code: 0, or −9 if it was killed; and how long it took.
    """
    return _run(_train, (arguments,), seconds)


def fit_on_a_full_disk(options, largest_file, errors):
    """Run the command `fit` in a process of its own.

    Args:
        options: list of its options.
        largest_file: size in bytes that the system allows for a file.
        errors: path of a file for its stderr.

    Returns:
        Its exit code.
    """
    return _run(_fit, (options, largest_file, errors))[0]


def _run(function, arguments, seconds=None):
    process = _context.Process(target=function, args=arguments)
    process.start()
    began = time.monotonic()
    process.join(seconds)
    if process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return process.exitcode, time.monotonic() - began


def _train(arguments):
    from zero_dce_keras import train

    quicken(setattr)
    train(**arguments, verbose=0)


def _fit(options, largest_file, errors):
    from zero_dce_keras import cli, fit

    quicken(setattr)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT), 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    sys.exit(cli.run(fit.main, options))
