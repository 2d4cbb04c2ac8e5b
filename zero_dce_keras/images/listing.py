"""Which images a directory holds."""

import os
from pathlib import Path

from zero_dce_keras.images.formats import IMAGE_SUFFIXES


def list_images(directory, recursive=False, suffixes=IMAGE_SUFFIXES, on_error=None):
    """List the images of a directory: 2.png before 10.png, then names in order.

    Hidden files and what archives of macOS leave behind (`.DS_Store`, `._1.png`,
    `__MACOSX`) are passed over.

    Args:
        directory: str or `pathlib.Path`.
        recursive: bool, whether to look into sub-directories; links to directories
            are not followed. Default: False.
        suffixes: what names may end in, in any case; None for all files. Default:
            `IMAGE_SUFFIXES`.
        on_error: function of the `OSError` of a sub-directory that may not be read, and
            of a link to nowhere. Default: they are passed over.

    Returns:
        List of `pathlib.Path`.

    Raises:
        FileNotFoundError: the directory does not exist.
        NotADirectoryError: it is not a directory.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from zero_dce_keras.images import list_images, write_image
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     for name in ("10.png", "2.png", "a.png"):
        ...         write_image(f"{directory}/{name}", np.zeros((4, 6, 3), "uint8"))
        ...     [path.name for path in list_images(directory)]
        ['2.png', '10.png', 'a.png']
    """
    directory = Path(directory)
    if not directory.exists():
        raise FileNotFoundError(f"No such directory: '{directory}'. Check the path.")
    if not directory.is_dir():
        raise NotADirectoryError(
            f"Not a directory: '{directory}'. Give the directory that holds the images."
        )

    def is_wanted(path):
        is_right = suffixes is None or path.suffix.lower() in suffixes
        return is_right and not is_hidden(path.relative_to(directory).parts)

    def is_file(path):
        if path.is_symlink() and not path.exists() and on_error:
            on_error(FileNotFoundError(f"{path}: a link to what is not there"))
        return path.is_file()

    def order(path):
        number = int(path.stem) if path.stem.isdecimal() else float("inf")
        return path.relative_to(directory).parent.parts, number, path.name

    found = _walk(directory, on_error) if recursive else directory.iterdir()
    return sorted((p for p in found if is_wanted(p) and is_file(p)), key=order)


def is_hidden(parts):
    """Return whether a file is hidden, or what an archive of macOS leaves behind.

    Args:
        parts: tuple of str, of the path below the directory that is listed.

    Example:
        >>> is_hidden(("night", "._1.jpg")), is_hidden(("night", "1.jpg"))
        (True, False)
    """
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _walk(directory, on_error):
    """Yield what lies in a directory and those inside it."""

    def tell(error):
        if on_error:
            on_error(type(error)(f"{error.filename}: {error.strerror}"))

    for root, _, names in os.walk(directory, onerror=tell):
        for name in names:
            yield Path(root, name)
