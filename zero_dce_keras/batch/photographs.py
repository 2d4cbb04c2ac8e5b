"""Many photographs, one after the other: decode, network and encode overlap."""

import dataclasses
import shutil
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from zero_dce_keras.batch.jobs import Job
from zero_dce_keras.files import remove_leftovers
from zero_dce_keras.images import Photograph

# Photographs that wait decoded for the network, and enhanced for the disk. With 2 of each,
# two cores were idle for a tenth to a fifth of the time; 4 take more memory.
WAITING = 3


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Args:
        job: `Job`.
        status: "done", "skipped" (its target is there already) or "failed".
        error: the exception of one that failed.
        notes: list of str, what could not be kept as it was.
        size: pair of ints, width and height in pixels; None if it was not read.
    """

    job: Job
    status: str
    error: Exception | None = None
    notes: tuple = ()
    size: tuple | None = None


def enhance_photographs(enhance, jobs, overwrite=False, quality=None, preserve=False):
    """Enhance many photographs, each with its metadata.

    While the network works on one, the next are read and the last are written. Targets
    that are there already are skipped, so that an interrupted run is simply started
    again; whatever is wrong with one photograph does not stop the others.

    Args:
        enhance: function of a `Photograph` that returns one, such as
            `Enhancer.enhance_photograph`.
        jobs: list of `Job`.
        overwrite: bool, whether to replace targets that are there.
        quality: int from 1 to 100, of JPEG and WebP; see `Photograph.write`.
        preserve: bool, whether targets get the times and permissions of their sources.

    Yields:
        `Outcome`: first those that are skipped, then the others in their order.
    """
    for directory in {job.target.parent for job in jobs}:
        remove_leftovers(directory)
    waiting = []
    for job in jobs:
        if not overwrite and job.target.exists():
            yield Outcome(job, "skipped")
        else:
            waiting.append(job)

    def read(job):
        return Photograph.read(job.source)

    def write(job, photograph):
        notes = photograph.write(job.target, quality)
        if preserve:
            shutil.copystat(job.source, job.target)
        return notes

    yield from work_through(waiting, read, enhance, write)


def work_through(jobs, read, enhance, write):
    """Read, enhance and write, each while the others are at work on other photographs.

    Args:
        jobs: iterable of `Job`.
        read: function of a job that returns its `Photograph`.
        enhance: function of a `Photograph` that returns one.
        write: function of a job and its `Photograph` that returns notes.

    Yields:
        `Outcome`: in the order of the jobs, save that failures overtake what is written.
    """
    waiting = deque(jobs)
    reading, writing = deque(), deque()  # pairs (job, its photograph to be); outcomes
    with ThreadPoolExecutor(WAITING) as writers, ThreadPoolExecutor(WAITING) as readers:
        try:
            while waiting or reading or writing:
                while waiting and len(reading) <= WAITING:
                    job = waiting.popleft()
                    reading.append((job, readers.submit(read, job)))
                if not reading or len(writing) >= WAITING:
                    yield writing.popleft().result()
                    continue
                job, photograph = reading.popleft()
                try:
                    enhanced = enhance(photograph.result())
                except (ValueError, OSError, MemoryError) as error:
                    yield Outcome(job, "failed", error)
                else:
                    writing.append(writers.submit(_write, write, job, enhanced))
        finally:  # after Ctrl-C too: what is being written is finished, no more is begun
            readers.shutdown(cancel_futures=True)


def _write(write, job, photograph):
    try:
        notes = write(job, photograph)
    except (ValueError, OSError, MemoryError) as error:
        return Outcome(job, "failed", error)
    size = photograph.pixels.shape[1::-1]
    return Outcome(job, "done", None, (*photograph.notes, *notes), size)
