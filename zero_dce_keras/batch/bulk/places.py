"""Where photographs lie: a folder, or whatever a URI names, by pyarrow and fsspec."""

import os
import string
import time
from pathlib import PurePosixPath
from urllib.parse import quote

from zero_dce_keras.errors import one_line
from zero_dce_keras.extras import require
from zero_dce_keras.files import TEMPORARY, replacing, temporary_beside

# Their objects appear whole: with the end of an upload, or never.
OBJECT_STORES = ("abfs", "gcs", "s3")
# Up to 5 MB, pyarrow then writes to S3 by one request, not three.
ONE_REQUEST = "allow_delayed_open"
OLD = 3600  # seconds; a younger temporary file may be another run's work


class Place:
    """A folder of some file system; files are named by their path inside it.

    Args:
        location: str, a folder, or a URI: `s3://`, `gs://`, `hdfs://`, `file://`, and
            what fsspec knows.

    Raises:
        OSError, ValueError, ImportError: nothing is known by this name, or it does not
            answer.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     place = Place(directory)
        ...     place.write("night/1.txt", b"dark")
        ...     list(place.files()), place.read("night/1.txt")
        ([('night/1.txt', 4)], b'dark')
    """

    def __init__(self, location):
        self.location = location
        self.filesystem, root = _open(location)
        self.root = root.rstrip("/")
        scheme, separator, _ = location.partition("://")
        # A URI may hold a key and its secret: they are in no message and no row.
        shown = f"{scheme}://{self.root}" if separator else location
        self.shown = shown.rstrip("/")

    @property
    def absolute(self):
        """The location for other processes, wherever they were started."""
        return self.location if "://" in self.location else self.root or "/"

    @property
    def is_local(self):
        """Whether it is a folder of this computer."""
        return self.filesystem.type_name == "local"

    @property
    def is_object_store(self):
        """Whether what is written appears whole by itself."""
        return self.filesystem.type_name in OBJECT_STORES

    def show(self, name):
        """Return a file's whole name, for people."""
        return f"{self.shown}/{name}"

    def contains(self, other):
        """Return whether a place is this one, or inside it."""
        is_same = self.filesystem.equals(other.filesystem)
        return is_same and f"{other.root}/".startswith(f"{self.root}/")

    def files(self, name="", missing_ok=False):
        """Yield the name and the size in bytes of each file in it, or in a folder of it.

        Temporary files that a killed run has left are removed.

        Raises:
            OSError: it is not there, or may not be read.
        """
        fs = require("pyarrow.fs")
        folder = self._path(name)
        selector = fs.FileSelector(folder, allow_not_found=missing_ok, recursive=True)
        try:
            found = self.filesystem.get_file_info(selector)
        except OSError as error:
            where = self.show(name).rstrip("/")
            raise type(error)(f"{where}: {_reason(error)}") from None
        for info in found:
            if info.type != fs.FileType.File:
                continue
            if TEMPORARY.fullmatch(info.base_name) and not self.is_object_store:
                self._remove_if_old(info)
                continue
            yield info.path[len(self.root) + 1 :], info.size

    def read(self, name):
        """Return the content of a file.

        Raises:
            OSError: it is not there, or may not be read.
        """
        try:
            with self.filesystem.open_input_file(self._path(name)) as file:
                return file.read(file.size())  # one request: a stream asks for parts
        except OSError as error:
            raise _saying(error, f"Cannot read '{self.show(name)}'") from None

    def write(self, name, content):
        """Write a file: whole, or not at all.

        Raises:
            OSError: it cannot be written.
        """
        path = self._path(name)
        try:
            if self.is_local:
                with replacing(path) as temporary:
                    temporary.write_bytes(content)
            elif self.is_object_store:
                self._write_stream(path, content)
            else:
                self._write_and_move(path, content)
        except OSError as error:
            raise _saying(error, f"Cannot write '{self.show(name)}'") from None

    def _write_stream(self, path, content):
        with self.filesystem.open_output_stream(path) as stream:
            stream.write(content)

    def _write_and_move(self, path, content):
        self.filesystem.create_dir(os.path.dirname(path), recursive=True)
        temporary = str(temporary_beside(PurePosixPath(path)))
        self._write_stream(temporary, content)
        fs = require("pyarrow.fs")
        if self.filesystem.get_file_info(path).type != fs.FileType.NotFound:
            self.filesystem.delete_file(path)  # HDFS moves onto nothing that is there
        self.filesystem.move(temporary, path)

    def _remove_if_old(self, info):
        if info.mtime and info.mtime.timestamp() <= time.time() - OLD:
            self.filesystem.delete_file(info.path)

    def _path(self, name):
        return f"{self.root}/{name}".rstrip("/")


def _open(location):
    """Return a file system of pyarrow, and the path in it."""
    pyarrow, fs = require("pyarrow"), require("pyarrow.fs")
    if "://" not in location:
        return fs.LocalFileSystem(), os.path.abspath(location)
    try:
        uri = quote(location, safe=string.punctuation)
        if uri.startswith("s3://") and ONE_REQUEST not in uri:
            uri += f"{'&' if '?' in uri else '?'}{ONE_REQUEST}=true"
        return fs.FileSystem.from_uri(uri)
    except pyarrow.ArrowInvalid as error:
        if "Unrecognized filesystem" not in str(error):
            raise ValueError(f"{_shown(location)}: {_reason(error)}") from None
    except OSError as error:
        raise type(error)(f"{_shown(location)}: {_reason(error)}") from None
    try:
        found, path = require("fsspec.core").url_to_fs(location)
    except ImportError as error:
        raise ImportError(f"{_shown(location)}: {one_line(error)}") from None
    except ValueError as error:
        raise ValueError(f"{_shown(location)}: {one_line(error)}") from None
    return fs.PyFileSystem(fs.FSSpecHandler(found)), path


def _shown(location):
    """Return a URI without what is before @ and behind ?: they may be secrets."""
    scheme, _, rest = location.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"


def _reason(error):
    """Return what the system says, else what pyarrow does."""
    return (
        os.strerror(error.errno) if getattr(error, "errno", None) else one_line(error)
    )


def _saying(error, what):
    said = type(error)(f"{what}: {_reason(error)}.")
    said.errno = error.errno
    return said
