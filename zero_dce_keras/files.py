"""Files that appear whole or not at all."""

import contextlib
import os
import re
import time
import uuid
from pathlib import Path

LONGEST_SUFFIXES = 40  # characters: a name of 255 leaves no room for more
TEMPORARY = re.compile(r"\.zero_dce_[0-9a-f]{32}(\.[^/]*)?")


@contextlib.contextmanager
def replacing(path):
    """Give a temporary path to write to, which then takes the place of `path`.

    Whatever goes wrong while it is written, `path` stays as it was, and nothing is left
    behind; after a kill, a hidden file, which `remove_leftovers` removes.

    Args:
        path: where the file shall be; its directory is made if it is not there.

    Yields:
        `pathlib.Path` in the same directory, with the same last two suffixes.

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
    temporary = temporary_beside(path)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def temporary_beside(path):
    """Return a new hidden path beside one, with the same last two suffixes.

    Example:
        >>> from pathlib import PurePosixPath
        >>> temporary_beside(PurePosixPath("night/1.jpg")).match("night/.zero_dce_*.jpg")
        True
    """
    suffixes = "".join(path.suffixes[-2:])
    if len(suffixes) > LONGEST_SUFFIXES:
        suffixes = path.suffix[:LONGEST_SUFFIXES]
    return path.with_name(f".zero_dce_{uuid.uuid4().hex}{suffixes}")


def write_texts(directory, texts):
    """Write text files, each whole or not at all.

    Args:
        directory: where; it is made if it is not there.
        texts: dict from names of files to their content.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     write_texts(directory, {"a.md": "A", "b.json": "{}"})
        ...     sorted(os.listdir(directory))
        ['a.md', 'b.json']
    """
    for name, text in texts.items():
        with replacing(Path(directory) / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def check_not_the_input(source, target):
    """Raise a `ValueError` if a file to write is the one that is read.

    Example:
        >>> check_not_the_input("dark.jpg", "./dark.jpg")
        Traceback (most recent call last):
        ValueError: ./dark.jpg: the input would be overwritten
    """
    if Path(source).resolve() == Path(target).resolve():
        raise ValueError(f"{target}: the input would be overwritten")


def remove_leftovers(directory, older_than=3600, recursive=False):
    """Remove what killed runs left half written in a directory.

    Args:
        directory: where to look.
        older_than: float, in seconds. Younger ones may be another run's work; 0 is for
            a directory where nobody else writes.
        recursive: whether to look into its sub-directories.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     for name in (f".zero_dce_{'0' * 32}.weights.h5", ".mine"):
        ...         _ = Path(directory, name).write_text("half")
        ...     remove_leftovers(directory, older_than=0)
        ...     os.listdir(directory)
        ['.mine']
    """
    places = Path(directory).rglob(".*") if recursive else Path(directory).glob(".*")
    with contextlib.suppress(OSError):
        for path in places:
            if TEMPORARY.fullmatch(path.name):
                with contextlib.suppress(OSError):
                    if path.stat().st_mtime <= time.time() - older_than:
                        path.unlink()
