"""Unpacking a zip file that came from somewhere else."""

import errno
import shutil
import stat
import zipfile
import zlib
from pathlib import PureWindowsPath

MAX_BYTES = 4 * 2**30
MAX_RATIO = 100  # photographs hardly shrink; a bomb by a thousand and more
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
NOT_A_PLACE = errno.EINVAL  # of a file that would begin before the archive does


def check_archive(path):
    """Raise a `ValueError` unless a zip file is whole and may be unpacked anywhere.

    Refused are paths that lead out of the directory, links and other special files,
    encrypted files, more than 4 GiB or a hundred times the archive's size (bombs), and
    contents that do not match their checksums.

    Args:
        path: the zip file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            for member in members:
                _check_member(member)
            total = sum(member.file_size for member in members)
            if total > min(MAX_BYTES, MAX_RATIO * path.stat().st_size):
                raise ValueError(f"it would unpack to {total} bytes, which is a bomb")
            damaged = archive.testzip()  # reads everything
    except DAMAGE as error:
        raise ValueError(f"it is not a whole zip file: {error}") from None
    except OSError as error:
        if error.errno != NOT_A_PLACE:
            raise
        raise ValueError("it is not a whole zip file: its index is wrong") from None
    if damaged is not None:
        raise ValueError(f"{damaged} in it is damaged")


def _check_member(member):
    # Windows' rules know every way out: /a, C:a, a/../b, and each with backslashes.
    name = PureWindowsPath(member.filename)
    if name.anchor or ".." in name.parts:
        raise ValueError(f"{member.filename!r} in it leads out of the directory")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ValueError(f"{member.filename!r} in it is a link or a special file")
    if member.compress_type not in METHODS:
        raise ValueError(f"{member.filename!r} in it is compressed in an unusual way")


def unpack(path, directory, target_of):
    """Unpack the wanted files of an archive that `check_archive` let pass.

    Args:
        path: the zip file.
        directory: where to put them.
        target_of: function of a file's path in the archive; gives its path below
            `directory`, or `None` for a file that is not wanted.

    Raises:
        ValueError: if two files have the same target.
    """
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            target = target_of(member.filename)
            if target is None or member.is_dir():
                continue
            target = directory / target
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                raise ValueError(f"{member.filename!r} is in it twice")
            with archive.open(member) as source, open(target, "xb") as file:
                shutil.copyfileobj(source, file)
