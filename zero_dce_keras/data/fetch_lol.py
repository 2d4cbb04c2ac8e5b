"""Getting LOL: from an archive on the disk, or from the network."""

import logging
import os
import re
import shutil
from pathlib import Path

from zero_dce_keras.data.archive import check_archive, unpack
from zero_dce_keras.data.pairs import find_pairs
from zero_dce_keras.images import IMAGE_SUFFIXES
from zero_dce_keras.locks import locked

log = logging.getLogger(__name__)

LOL_URL = (
    "https://huggingface.co/datasets/geekyrakshit/LoL-Dataset/resolve/main/"
    "lol_dataset.zip"
)
# Unknown: this was written where the archive could not be downloaded. Its checksums
# (CRC-32) and pairs are checked in any case.
LOL_SIZE = None
LOL_SHA256 = None

ARCHIVE_NAME = "lol_dataset.zip"
FOLDER_NAME = "lol_dataset"
PARTS = ("our485", "eval15")
PHOTOGRAPH = re.compile(r"(?:.*/)?((?:our485|eval15)/(?:low|high)/([^/]+))")


def fetch_lol(directory, may_download=True, url=None, **options):
    """Make `directory/lol_dataset` out of LOL's archive.

    The archive is `directory/lol_dataset.zip` where somebody has placed it; else it is
    downloaded. The folder appears whole or not at all. While another process makes it,
    this one waits.

    Args:
        directory: where to; it is made if it is not there.
        may_download: whether to download the archive where it is not there.
        url: its address; `LOL_URL` by default.
        **options: of `download`: `timeout`, `retries`, `pause`.

    Returns:
        `pathlib.Path` of the folder, with `our485` and `eval15` in it.

    Raises:
        FileNotFoundError: if it is not there and could not be downloaded; the message
            says what was tried and what to do.
        ValueError: if an archive that was placed there is not LOL's, or not whole.
        OSError: if the directory cannot be written, or there is not enough room.
    """
    directory = Path(directory)
    folder, archive = directory / FOLDER_NAME, directory / ARCHIVE_NAME
    _check_writable(directory)
    with locked(directory / f".{FOLDER_NAME}.lock"):
        if folder.exists():  # by another process, in the meantime
            _check_present(folder)
            return folder
        downloaded = not archive.is_file()
        if downloaded:
            if not may_download:
                raise FileNotFoundError(f"{archive}: no such file")
            _download(url or LOL_URL, archive, options)
        try:
            if not downloaded:
                check_archive(archive)
            _unpack(archive, folder)
        except ValueError as error:
            raise ValueError(
                f"{archive}: not LOL's archive: {error}. Place a whole one there, or "
                "none to have it downloaded"
            ) from None
        finally:
            if downloaded:
                archive.unlink()
    log.info("LOL is in %s", folder)
    return folder


def lol_name(name):
    """Return where a file of LOL's archive belongs; `None` for one that is not a photo.

    >>> lol_name("lol_dataset/our485/low/2.png")
    'our485/low/2.png'
    >>> lol_name("__MACOSX/our485/low/._2.png"), lol_name("our485/low/.DS_Store")
    (None, None)
    """
    match = PHOTOGRAPH.fullmatch(name)
    if not match or "__MACOSX" in name.split("/") or match[2].startswith("."):
        return None
    return match[1] if match[2].lower().endswith(IMAGE_SUFFIXES) else None


def _check_writable(directory):
    try:
        directory.mkdir(parents=True, exist_ok=True)
        open(directory / f".{FOLDER_NAME}.lock", "ab").close()
    except OSError as error:
        raise type(error)(
            f"{directory}: LOL cannot be put here ({error.strerror}). Choose another "
            "directory with ZERO_DCE_DATA, or say with --data-dir where LOL lies"
        ) from None


def _download(url, archive, options):
    from zero_dce_keras.data.download import download

    log.info("no LOL data set in %s: downloading %s", archive.parent, url)
    known = {"check": check_archive, "size": LOL_SIZE, "sha256": LOL_SHA256}
    try:
        download(url, archive, copies=2, **known, **options)
    except ConnectionError as error:
        raise FileNotFoundError(
            f"no LOL data set in {archive.parent}, and it could not be downloaded: "
            f"{error}. Say with --data-dir (in Python: data_dir=) where LOL lies; or "
            f"place its archive as {archive}; or use --dataset sample"
        ) from None


def _unpack(archive, folder):
    """Unpack beside the folder, look at it, and rename."""
    work = folder.with_name(f".{FOLDER_NAME}.unpacking")
    shutil.rmtree(work, ignore_errors=True)  # of a process that was killed
    try:
        unpack(archive, work, lol_name)
        _check_whole(work)
        os.rename(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check_present(folder):
    try:
        _check_whole(folder)
    except ValueError as error:
        raise ValueError(f"{folder} is not LOL: {error}. Move it away") from None


def _check_whole(folder):
    for part in PARTS:
        low, high = folder / part / "low", folder / part / "high"
        if not low.is_dir() or not high.is_dir():
            raise ValueError(f"there is no {part}/low and {part}/high")
        find_pairs(low, high)
