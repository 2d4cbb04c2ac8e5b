"""Locks between processes, which end with the process that holds them."""

import contextlib
import sys
import time

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextlib.contextmanager
def locked(path, busy=None):
    """Hold a lock, waiting for another process that holds it.

    The operating system keeps the lock on the open file `path`, and lets go of it when
    its holder ends in whatever way: no lock is ever stale. The file itself stays.

    Args:
        path: the lock's file; its directory must be there.
        busy: an exception to raise, instead of waiting, when another process has it.

    Raises:
        OSError: if the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     with locked(f"{directory}/.lock"):
        ...         try:
        ...             with locked(f"{directory}/.lock", busy=ValueError("busy")):
        ...                 pass
        ...         except ValueError as error:
        ...             print(error)
        busy
    """
    with open(path, "a+b") as file:
        told = False
        while not _try_lock(file):
            if busy is not None:
                raise busy
            if not told:
                print(f"waiting for the process that holds {path}", file=sys.stderr)
                told = True
            time.sleep(0.1)
        yield


def _try_lock(file):
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
