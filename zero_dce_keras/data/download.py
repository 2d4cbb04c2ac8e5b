"""Downloading one large file, in as many attempts as it takes.

pooch, the library for this, begins a file that was cut off anew.
"""

import hashlib
import json
import logging
import os
import re
import shutil
import time
from pathlib import Path

import requests

from zero_dce_keras.errors import one_line
from zero_dce_keras.files import replacing
from zero_dce_keras.progress import ProgressLog, format_duration

log = logging.getLogger(__name__)
CHUNK = 2**14  # what a cut connection may lose at most
LIMIT = 4 * 2**30  # of a file whose length is unknown
BUSY = (408, 425, 429)  # like 5xx: the server may answer another time
TRANSIENT = (
    requests.ConnectionError,  # also a read that timed out
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,  # also a body that was cut off
)


class _Failed(Exception):
    """An attempt failed; another may succeed."""


def download(
    url,
    path,
    check=None,
    size=None,
    sha256=None,
    copies=1,
    timeout=(10, 30),
    retries=4,
    pause=1.0,
):
    """Download a file; `path` appears whole and checked, or not at all.

    What has arrived is kept in `path.part`: a download that was cut off goes on from
    there, in the next attempt or in another process, if it is still the same file.
    Proxies and certificates are those of the environment, as always with `requests`.

    Args:
        url: address of the file.
        path: where to put it; its directory must be there.
        check: function of the downloaded file's path that raises a `ValueError` if it
            is not what it should be.
        size: its length in bytes, where it is known.
        sha256: its SHA-256 in hexadecimal digits, where it is known.
        copies: times its size that must be free; 2 for an archive to be unpacked.
        timeout: seconds to wait for a connection, and for the next bytes.
        retries: how many attempts in a row may fail. One that gets further than all
            before it does not count.
        pause: seconds before the second attempt; twice as long before each further.

    Raises:
        ConnectionError: if it could not be downloaded; the message says why.
        OSError: if it cannot be written, or there is not enough room.
    """
    path = Path(path)
    part = _Part(path.with_name(f"{path.name}.part"))
    failures, furthest = 0, part.length
    while True:
        try:
            _attempt(url, part, copies, timeout)
            _check(part, check, size, sha256)
        except _Failed as error:
            reason = str(error)
        except TRANSIENT as error:
            reason = _innermost(error)
        except requests.RequestException as error:
            raise ConnectionError(f"{url}: {_innermost(error)}") from None
        else:
            return part.finish(path)
        failures = 1 if part.length > furthest else failures + 1
        furthest = max(furthest, part.length)
        if failures > retries:
            raise ConnectionError(f"{url}: {reason} ({failures} times in a row)")
        wait = min(30, pause * 2 ** (failures - 1))
        log.warning("%s: %s; trying again in %g s", path.name, reason, wait)
        time.sleep(wait)


class _Part:
    """The bytes that have arrived, and what the server said about the whole file."""

    def __init__(self, path):
        self.path = path
        self._note = path.with_name(f"{path.name}.json")
        try:
            self.source = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.source = None
        if self.source is None:  # bytes of what?
            path.unlink(missing_ok=True)

    @property
    def length(self):
        return self.path.stat().st_size if self.path.exists() else 0

    def begin(self, source):
        """Begin a new file: note what it is, forget what there was."""
        self.path.unlink(missing_ok=True)
        with replacing(self._note) as temporary:
            temporary.write_text(json.dumps(source), encoding="utf-8")
        self.source = source

    def discard(self):
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self.source = None

    def finish(self, path):
        os.replace(self.path, path)
        self._note.unlink(missing_ok=True)
        return path


def _attempt(url, part, copies, timeout):
    """Request what is missing."""
    start, known = part.length, part.source
    headers = {"Accept-Encoding": "identity"}  # lengths and ranges of the file itself
    if start:
        if start == known["total"]:
            return  # the process before this one came so far, and no further
        headers["Range"] = f"bytes={start}-"
    with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
        status = response.status_code
        if (
            status == 416
            and response.headers.get("Content-Range") == f"bytes */{start}"
        ):
            return  # the length was wrong: this is all there is
        if status == 416:
            part.discard()
            raise _Failed("the file is another than before")
        if status in BUSY or status >= 500:
            raise _Failed(f"the server answered {status} {response.reason}")
        response.raise_for_status()
        offset, source = _describe(response)
        if offset and (offset != start or source != known):
            part.discard()
            raise _Failed("the file is another than before")
        if not offset:  # also from a server that does not know ranges
            part.begin(source)
        total = source["total"]
        if total is not None:
            _check_room(part.path.parent, copies * total - offset)
        _receive(response, part, total)
    if total is not None and part.length != total:
        raise _Failed(f"cut off after {part.length} of {total} bytes")


def _describe(response):
    """Return where a response begins in the file, and what identifies the file."""
    offset, total = 0, response.headers.get("Content-Length", "")
    if response.status_code == 206:
        content_range = response.headers.get("Content-Range", "")
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", content_range)
        if not match:
            raise _Failed(
                f"the server sent a part without saying which: {content_range}"
            )
        offset, total = int(match[1]), match[2]
    source = {
        "total": int(total) if total.isdigit() else None,
        "etag": response.headers.get("ETag"),
        "modified": response.headers.get("Last-Modified"),
    }
    return offset, source


def _receive(response, part, total):
    with open(part.path, "ab") as file:
        progress = ProgressLog(log)
        progress_text = ProgressText(part.path.stem, total, file.tell())
        try:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                progress.show(progress_text.format(file.tell()))
                if total is None and file.tell() > LIMIT:
                    raise ConnectionError(f"{response.url}: it does not end")
        finally:
            log.info(progress_text.format(file.tell()))


class ProgressText:
    """Text about how much of a file has arrived, how fast, and how long the rest takes.

    Args:
        name: name of the file.
        total: its bytes, or `None` if unknown.
        start: bytes that were there before.
    """

    def __init__(self, name, total, start=0):
        self.name = name
        self.total = total
        self.start = start
        self._began = time.monotonic()

    def format(self, done):
        """Format how much has arrived.

        >>> ProgressText("lol_dataset.zip", total=400_000_000).format(100_000_000)
        'lol_dataset.zip: 100 of 400 MB (25 %)'
        """
        megabytes = f"{done / 1e6:.0f}"
        if self.total:
            percent = 100 * done // self.total
            megabytes += f" of {self.total / 1e6:.0f} MB ({percent} %)"
        else:
            megabytes += " MB"
        seconds = time.monotonic() - self._began
        rate = (done - self.start) / max(seconds, 1e-9)
        speed = f", {rate / 1e6:.1f} MB/s" if rate and seconds > 0.5 else ""
        if speed and self.total:
            speed += f", {format_duration((self.total - done) / rate)} left"
        return f"{self.name}: {megabytes}{speed}"


def _check(part, check, size, sha256):
    """Throw away what is not the file: the next attempt begins from nothing."""
    try:
        if size is not None and part.length != size:
            raise ValueError(f"it has {part.length} bytes, not {size}")
        if sha256 is not None and _sha256(part.path) != sha256:
            raise ValueError("its SHA-256 is not the one it should have")
        if check is not None:
            check(part.path)
    except ValueError as error:
        part.discard()
        raise _Failed(f"what arrived is not the file: {error}") from None


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_room(directory, needed):
    free = shutil.disk_usage(directory).free
    if needed > free:
        raise OSError(
            f"{directory}: {needed / 1e6:.0f} MB needed, {free / 1e6:.0f} MB free"
        )


def _innermost(error):
    """Return the innermost reason of an error, in one line."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        answer = error.response
        return f"the server answered {answer.status_code} {answer.reason}"
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return one_line(error)
