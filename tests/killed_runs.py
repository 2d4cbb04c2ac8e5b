"""Trainings in processes that can be killed, forked off one that has imported Keras."""

import functools
import multiprocessing
import os
import signal
import time

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["zero_dce_keras.training.run", "killed_runs"])


def train_and_be_killed(arguments, seconds=None):
    """Train in a process of its own, and kill it after some seconds.

    Args:
        arguments: dict of arguments of `train`.
        seconds: when to kill it, unless it ends before; `None` for never.

    Returns:
        Its exit code: 0, or −9 if it was killed; and how long it took.
    """
    process = _context.Process(target=_train, args=(arguments,))
    process.start()
    began = time.monotonic()
    process.join(seconds)
    if process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return process.exitcode, time.monotonic() - began


def _train(arguments):
    from zero_dce_keras import ZeroDCE, train

    # XLA compiles for longer than a tiny run takes.
    ZeroDCE.compile = functools.partialmethod(ZeroDCE.compile, jit_compile=False)
    train(**arguments, verbose=0)
