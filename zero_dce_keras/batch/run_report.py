"""What a run over many files reports: results as text or JSON, the rest as a log."""

import json
import logging
import sys
import time
from collections import Counter

from zero_dce_keras.batch.jobs import LeftOut, OtherFiles
from zero_dce_keras.errors import one_line
from zero_dce_keras.progress import ProgressLog, format_duration

log = logging.getLogger(__name__)


class RunReport:
    """Counts outcomes, and reports them.

    A result is a line on stdout; notes, errors, progress and the summary are logged.

    Args:
        as_json: bool, whether results are lines of JSON instead of paths.
    """

    def __init__(self, as_json=False):
        self.as_json = as_json
        self.counts = Counter()
        self.left_out = 0  # films and pictures of folders, that are not enhanced
        self._expected = 0
        self._tiles = 0, 1  # done, of the photograph that is worked on
        self._first = None  # how much was done when something was, and when that was
        self._start = time.monotonic()
        self._progress = ProgressLog(log)

    @property
    def failed(self):
        """How many jobs and inputs have failed."""
        return self.counts["failed"]

    def expect(self, number):
        """Expect so many more outcomes."""
        self._expected += number
        if number > 1:
            self._show_progress()

    def show_tiles(self, done, expected):
        """Report how many tiles of a photograph are done, of how many."""
        self._tiles = done, expected
        self._show_progress()

    def add(self, outcome):
        """Count and report an `Outcome`."""
        self.counts[outcome.status] += 1
        self._tiles = 0, 1
        source, target = outcome.job.source, outcome.job.target
        for note in outcome.notes:
            self.note(source, note)
        if outcome.error is not None:
            log.error("error: %s", one_line(outcome.error))
        if self.as_json:
            line: dict = {"input": str(source), "output": str(target)}
            line["status"] = outcome.status
            if outcome.size:
                line["width"], line["height"] = outcome.size
            if outcome.notes:
                line["notes"] = list(outcome.notes)
            if outcome.error is not None:
                line["error"] = one_line(outcome.error)
            self._write(json.dumps(line))
        elif outcome.status == "done":
            self._write(target)
        self._show_progress()

    def fail(self, error):
        """Count and report an error that belongs to no job: a missing input.

        `LeftOut` has a count of its own; `OtherFiles` are a note, and no failure.
        """
        if isinstance(error, OtherFiles):
            log.info("note: %s", one_line(error))
            return
        if isinstance(error, LeftOut):
            self.left_out += 1
            status = "left out"
            line = {"input": str(error.path), "status": status}
        else:
            self.counts["failed"] += 1
            status = "error"
            line = {"status": "failed"}
        log.error("%s: %s", status, one_line(error))
        if self.as_json:
            self._write(json.dumps(line | {"error": one_line(error)}))

    def note(self, source, text):
        """Report what could not be kept as it was."""
        log.info("note: %s: %s", source, text)

    def summarize(self):
        """Report the counts and the time."""
        seconds = time.monotonic() - self._start
        skipped = self.counts["skipped"]
        parts = [f"{self.counts['done']} enhanced"]
        parts += [f"{skipped} skipped (there already)"] if skipped else []
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.left_out} left out"] if self.left_out else []
        log.info("%s in %s", ", ".join(parts), format_duration(seconds))

    def _write(self, line):
        print(line, file=sys.stdout, flush=True)

    def _show_progress(self):
        """Show how far all is; the rate counts from when the first was done.

        Before that, a model was opened and compiled.
        """
        left = self._expected - self.counts.total()
        if left <= 0:
            return
        done, tiles = self._tiles
        text = f"{self.counts.total()} of {self._expected}"
        if done:
            text += f", {done} of {tiles} tiles"
        now = time.monotonic()
        work = self.counts.total() - self.counts["skipped"] + done / tiles
        if self._first is None and work:
            self._first = work, now
        elif self._first and work > self._first[0]:
            rate = (work - self._first[0]) / max(now - self._first[1], 1e-9)
            seconds = (left - done / tiles) / rate
            text += f", {_describe_rate(rate)}, {format_duration(seconds)} left"
        self._progress.show(text)


def _describe_rate(rate):
    """Return how many a second, or how long each takes.

    Example:
        >>> _describe_rate(12.345), _describe_rate(0.0125)
        ('12.35 a second', '1 min 20 s each')
    """
    return f"{rate:.2f} a second" if rate > 0.5 else f"{format_duration(1 / rate)} each"
