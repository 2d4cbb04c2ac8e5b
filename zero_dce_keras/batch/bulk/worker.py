"""What runs in an actor: a batch of photographs in, a row for each out."""

import contextlib
import dataclasses
import errno
import io
import pickle
import re
import sys
import time
from collections import Counter
from pathlib import Path

from zero_dce_keras.batch.bulk.manifest import row_schema
from zero_dce_keras.batch.bulk.places import Place
from zero_dce_keras.batch.jobs import Job
from zero_dce_keras.batch.photographs import work_through
from zero_dce_keras.errors import one_line
from zero_dce_keras.extras import require
from zero_dce_keras.images import Photograph
from zero_dce_keras.images.formats import format_of_path
from zero_dce_keras.images.open_image import limit_pixels


@dataclasses.dataclass(frozen=True)
class Task:
    """What all actors need to know.

    Args:
        source, target: str, as of a `Place`.
        preset: str.
        curves: `GridCurves` and `EnhanceOptions` as pickled bytes: to open them imports
            Numba, which takes seconds where nothing is enhanced.
        quality: int, see `Photograph.write`.
        max_pixels: int.
        memory: int, the bytes that photographs may take in an actor.
    """

    source: str
    target: str
    preset: str
    curves: bytes
    quality: int | None
    max_pixels: int
    memory: int


class Worker:
    """Enhances batches with one model on one core, as `enhance` does.

    Args:
        task: `Task`.
    """

    def __init__(self, task):
        from zero_dce_keras.inference import Enhancer

        limit_pixels(task.max_pixels)
        curves, self._options = pickle.loads(task.curves)
        self._enhancer = Enhancer.of_curves(curves, task.preset)
        self._source, self._target = Place(task.source), Place(task.target)
        self._quality = task.quality
        self._seconds: dict = Counter()
        self._bytes: dict = {}
        _bound_memory(task.memory)

    def __call__(self, batch):
        """Enhance a batch.

        Args:
            batch: `pyarrow.Table` of `source` and `target`, names.

        Returns:
            `pyarrow.Table`, a row each: `manifest.row_schema` without what all have in
            common, and `errno`.
        """
        jobs = [Job(row["source"], row["target"]) for row in batch.to_pylist()]
        self._enhancer.compiled.use_one_core()  # there is an actor for each
        self._seconds, self._bytes = Counter(), {}
        outcomes = work_through(jobs, self._read, self._enhance, self._write)
        rows = [self._row(outcome) for outcome in outcomes]
        return require("pyarrow").Table.from_pylist(rows, _returned())

    def _read(self, job):
        with self._at_work_on(job):
            content = self._source.read(job.source)
            self._bytes[job] = [len(content)]
            photograph = Photograph.read(content, self._source.show(job.source))
        return _Piece(photograph, job)

    def _enhance(self, piece):
        with self._at_work_on(piece.job):
            enhanced = self._enhancer.enhance_photograph(
                piece.photograph, self._options
            )
        return dataclasses.replace(piece, photograph=enhanced)

    def _write(self, job, piece):
        content = io.BytesIO()
        with self._at_work_on(job):
            try:
                name = format_of_path(job.target).name
                notes = piece.photograph.write(content, self._quality, name)
            except ValueError as error:
                target = self._target.show(job.target)
                raise ValueError(
                    f"Cannot write '{target}': {one_line(error)}"
                ) from None
            self._target.write(job.target, content.getvalue())
            self._bytes[job].append(content.tell())
        return notes

    @contextlib.contextmanager
    def _at_work_on(self, job):
        """Add the seconds to the job's; turn any error into one that fails its row."""
        start = time.perf_counter()
        try:
            yield
        except (ValueError, OSError, MemoryError) as error:
            if isinstance(error, MemoryError) or isinstance(
                error.__context__, MemoryError
            ):
                raise MemoryError(
                    f"Cannot enhance '{self._source.show(job.source)}': it needs more "
                    "memory than an actor may take; --memory allows more"
                ) from None
            raise
        except Exception as error:  # one photograph, of millions, ends no run
            raise ValueError(
                f"Cannot enhance '{self._source.show(job.source)}': "
                f"{type(error).__name__}: {one_line(error)}"
            ) from error
        finally:
            self._seconds[job] += time.perf_counter() - start

    def _row(self, outcome):
        job, error = outcome.job, outcome.error
        width, height = outcome.size or (None, None)
        source_bytes, target_bytes = (*self._bytes.get(job, ()), None, None)[:2]
        return {
            "source": job.source,
            "target": job.target,
            "status": outcome.status,
            "error": None if error is None else one_line(error),
            "errno": getattr(error, "errno", None),
            "notes": list(outcome.notes),
            "seconds": self._seconds[job],
            "width": width,
            "height": height,
            "source_bytes": source_bytes,
            "target_bytes": target_bytes,
            "actor_bytes": peak_memory(),
        }


@dataclasses.dataclass(frozen=True)
class _Piece:
    """A photograph, and the job that it belongs to."""

    photograph: Photograph
    job: Job

    @property
    def pixels(self):
        return self.photograph.pixels

    @property
    def notes(self):
        return self.photograph.notes


def _returned():
    """Return the columns that an actor fills."""
    pa = require("pyarrow")
    filled = list(row_schema())[:11]
    return pa.schema([*filled, pa.field("errno", pa.int64())])


def peak_memory():
    """Return the most bytes that this process took; None where nobody knows."""
    return _status("VmHWM")


def _bound_memory(more):
    """Let this process take so many bytes more; what is beyond is a `MemoryError`."""
    if not sys.platform.startswith("linux"):
        return  # elsewhere the limit does not cover what malloc takes
    import resource

    now = _status("VmData")
    if now is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = now + more
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


def _status(name):
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return None
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # no photograph more can be written
