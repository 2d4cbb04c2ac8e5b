"""Files that appear whole or not at all."""

import contextlib
import os
import re
import uuid
from pathlib import Path


@contextlib.contextmanager
def replacing(path):
    """A temporary path to write to, which then takes the place of `path`.

    Whatever goes wrong while it is written, `path` stays as it was, and nothing is left
    behind.

    Args:
        path: where the file shall be; its directory is made if it is not there.

    Yields:
        `pathlib.Path` in the same directory, with the same suffixes.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     target = Path(directory) / "scores.json"
    ...     with replacing(target) as temporary:
    ...         _ = temporary.write_text("{}")
    ...     os.listdir(directory)
    ['scores.json']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    suffixes = "".join(path.suffixes)
    temporary = path.with_name(f".{uuid.uuid4().hex}{suffixes}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(directory):
    """Remove what `replacing` left in a directory and below, in a process that was killed.

    Only where no other process is writing.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     for name in (".0123456789abcdef0123456789abcdef.weights.h5", ".mine"):
    ...         _ = Path(directory, name).write_text("half")
    ...     remove_unfinished(directory)
    ...     os.listdir(directory)
    ['.mine']
    """
    for path in Path(directory).rglob(".*"):
        if re.fullmatch(r"\.[0-9a-f]{32}(\..*)?", path.name):
            path.unlink(missing_ok=True)
