"""Files that appear whole or not at all."""

import contextlib
import os
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
