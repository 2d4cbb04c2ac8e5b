"""Locks between processes, which end with the process that holds them."""

import contextlib
import logging

from filelock import FileLock, Timeout

log = logging.getLogger(__name__)


@contextlib.contextmanager
def locked(path, busy=None):
    """Hold a lock, waiting for another process that holds it.

    The operating system releases the lock when its holder ends, in whatever way: no lock
    is ever stale. The file itself stays.

    Args:
        path: the lock's file; its directory is made if it is not there.
        busy: exception to raise, instead of waiting, when another process has it.

    Raises:
        OSError: if the file cannot be written, or its file system has no locks.

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
    # Without locks in the file system, filelock would leave a marker, which goes stale.
    lock = FileLock(path, fallback_to_soft=False)
    try:
        holding = lock.acquire(blocking=False)
    except Timeout:
        if busy is not None:
            raise busy from None
        log.warning("waiting for the process that holds %s", path)
        holding = lock.acquire()
    except OSError as error:
        if error.filename is not None:
            raise
        # The system's call knows the file by its number alone.
        raise OSError(
            error.errno, f"cannot be locked: {error.strerror}", path
        ) from None
    with holding:
        yield
