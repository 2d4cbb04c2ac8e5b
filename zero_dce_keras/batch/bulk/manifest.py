"""The manifest: what became of each photograph, a row each, in Parquet files."""

import datetime
import io
import json
import time
import uuid
from collections import Counter

from zero_dce_keras.errors import one_line
from zero_dce_keras.extras import require
from zero_dce_keras.version import __version__

FOLDER = "zero_dce_manifest"  # in the target
ABOUT = f"{FOLDER}/_about.json"  # readers of Parquet pass over names that begin so
FORMAT = 1
MOST_ROWS = 100_000  # that wait to be written
SECONDS_BETWEEN = 10, 600  # two files: a hundredth of the run, within these
DONE = ("done", "skipped")


def row_schema():
    """Return the columns of a row; times are those of the process that collects rows."""
    pa = require("pyarrow")
    text, number = pa.string(), pa.int64()
    return pa.schema(
        [
            ("source", text),  # its name in source_folder
            ("target", text),
            ("status", text),  # done, skipped (it was there), failed, left out
            ("error", text),
            ("notes", pa.list_(text)),
            ("seconds", pa.float64()),  # to read, enhance and write it
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("source_bytes", number),
            ("target_bytes", number),
            ("actor_bytes", number),  # the most memory that its process took so far
            ("version", text),  # of the package
            ("preset", text),
            ("options", text),  # JSON
            ("source_folder", text),
            ("target_folder", text),
            ("finished", pa.timestamp("us", "UTC")),
        ]
    )


class Manifest:
    """Reads and writes the rows in a place.

    Args:
        place: `Place`, the target.
        common: dict of what is the same in all rows: version, preset, options, folders.
    """

    def __init__(self, place, common):
        self._place = place
        self._common = common
        self._rows = []
        self._start = self._written = time.monotonic()

    def open(self):
        """Check that rows can be written, and that those which are there can be read.

        Raises:
            OSError: the target cannot be written.
            ValueError: a later version of the package has written the manifest.
        """
        names = [name for name, _ in self._place.files(FOLDER, missing_ok=True)]
        if ABOUT in names:
            about = self._about()
            if about.get("format") != FORMAT:
                raise ValueError(
                    f"{self._place.show(FOLDER)}: zero_dce_keras "
                    f"{about.get('version')} has written it in a form that "
                    f"{__version__} does not read; give another target"
                )
        about = {"format": FORMAT, "version": __version__}
        self._place.write(ABOUT, json.dumps(about).encode())
        self._parts = sorted(name for name in names if name.endswith(".parquet"))

    def _about(self):
        try:
            about = json.loads(self._place.read(ABOUT))
        except ValueError as error:
            raise ValueError(f"{self._place.show(ABOUT)}: {one_line(error)}") from None
        return about if isinstance(about, dict) else {}

    def newest(self):
        """Read the newest row of each target.

        Returns:
            dict from targets to (status, size in bytes or None); `Counter` of
            (version, preset, options) of those that are done.

        Raises:
            OSError, ValueError: a file of it cannot be read.
        """
        columns = ["target", "status", "target_bytes", "version", "preset", "options"]
        rows: dict = {}
        for part in self._parts:
            for target, *row in self._read(part, columns):
                rows[target] = tuple(row)
        made_by = Counter(row[2:] for row in rows.values() if row[0] == "done")
        return {target: row[:2] for target, row in rows.items()}, made_by

    def _read(self, part, columns):
        parquet, pa = require("pyarrow.parquet"), require("pyarrow")
        content = io.BytesIO(self._place.read(part))
        try:
            table = parquet.read_table(content, columns=columns).to_pydict()
            return zip(*(table[column] for column in columns), strict=True)
        except (pa.ArrowException, KeyError) as error:
            raise ValueError(
                f"{self._place.show(part)}: not rows of a manifest ({one_line(error)}); "
                "without this file its photographs are enhanced again"
            ) from None

    def add(self, row):
        """Add a row, a dict; it is written with others, after some time."""
        now = datetime.datetime.now(datetime.UTC)
        self._rows.append({**row, **self._common, "finished": now})
        seconds = time.monotonic()
        least, most = SECONDS_BETWEEN
        wait = min(max(least, (seconds - self._start) / 100), most)
        if seconds - self._written >= wait or len(self._rows) >= MOST_ROWS:
            self.write()

    def write(self):
        """Write the rows that wait, as a file whose name comes after those before it."""
        if self._rows:
            parquet, pa = require("pyarrow.parquet"), require("pyarrow")
            content = io.BytesIO()
            table = pa.Table.from_pylist(self._rows, row_schema())
            parquet.write_table(table, content, compression="zstd")
            stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
            name = f"{FOLDER}/{stamp}-{uuid.uuid4().hex[:8]}.parquet"
            self._place.write(name, content.getvalue())
            self._rows = []
        self._written = time.monotonic()
