"""Threads that run a compiled loop side by side, each on some of the rows."""

import concurrent.futures
import functools
import itertools
import os
import threading

CORES = (
    len(os.sched_getaffinity(0))
    if hasattr(os, "sched_getaffinity")
    else os.cpu_count() or 1
)
SMALLEST_PART = 32  # rows: fewer are not worth a thread
_thread = threading.local()


def use_one_core():
    """Use one core for all that this thread computes from now on."""
    _thread.uses_one_core = True


def in_parts(function, rows, *arguments):
    """Call `function(first, last, *arguments)` for parts of the rows, side by side.

    The function is one that Numba compiled with `nogil`. What it raises is raised here.
    """
    cores = 1 if getattr(_thread, "uses_one_core", False) else CORES
    parts = max(1, min(cores, rows // SMALLEST_PART))
    edges = [rows * part // parts for part in range(parts + 1)]
    # This thread does the last part: with one core, there is no other.
    others = [
        _pool().submit(function, first, last, *arguments)
        for first, last in itertools.pairwise(edges[:-1])
    ]
    try:
        function(*edges[-2:], *arguments)
    finally:
        for other in others:
            other.result()


@functools.cache
def _pool():
    return concurrent.futures.ThreadPoolExecutor(
        max(CORES - 1, 1), thread_name_prefix="zero_dce_keras"
    )


if hasattr(os, "register_at_fork"):  # threads do not live on in a forked process
    os.register_at_fork(after_in_child=_pool.cache_clear)
