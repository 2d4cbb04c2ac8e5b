"""What lies in a model's directory; no TensorFlow, so that a wrong path shows at once."""

from pathlib import Path


def find_versions(directory):
    """Return paths of a model's versions by number.

    A directory counts once its `saved_model.pb` is there.

    Raises:
        OSError: the directory cannot be read.
        ValueError: it has no version.

    Example:
        >>> find_versions("zero_dce_keras")
        Traceback (most recent call last):
        ValueError: zero_dce_keras: has no version of a model, that is, no directory 1, 2, … as `zero-dce export` writes them
    """
    directory = Path(directory)
    if (directory / "saved_model.pb").is_file():
        raise ValueError(
            f"{directory}: is one version; the directory above it is meant"
        )
    found = {
        int(path.name): path
        for path in directory.iterdir()
        if path.name.isascii() and path.name.isdecimal()
        if (path / "saved_model.pb").is_file()
    }
    if not found:
        raise ValueError(
            f"{directory}: has no version of a model, that is, no directory 1, 2, … as "
            "`zero-dce export` writes them"
        )
    return found


def files_of(version):
    """Return what tells whether a version's files have changed, or None.

    Args:
        version: path of a directory.
    """
    try:
        return sorted(
            (str(file), stat.st_size, stat.st_mtime_ns)
            for file in version.rglob("*")
            for stat in [file.stat()]
        )
    except OSError:  # it is being replaced at this moment
        return None
