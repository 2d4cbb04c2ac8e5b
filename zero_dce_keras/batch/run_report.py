"""What a run over many files reports: results as text or JSON, the rest as a log."""

import json
import logging
import sys
import time
from collections import Counter

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
        self._expected = 0
        self._start = time.monotonic()
        self._progress = ProgressLog(log)

    @property
    def failed(self):
        """How many jobs and inputs have failed."""
        return self.counts["failed"]

    def expect(self, number):
        """Expect so many more outcomes."""
        self._expected += number

    def add(self, outcome):
        """Count and report an `Outcome`."""
        self.counts[outcome.status] += 1
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
        """Count and report an error that belongs to no job: a missing input."""
        self.counts["failed"] += 1
        log.error("error: %s", one_line(error))
        if self.as_json:
            line = {"status": "failed", "error": one_line(error)}
            self._write(json.dumps(line))

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
        log.info("%s in %s", ", ".join(parts), format_duration(seconds))

    def _write(self, line):
        print(line, file=sys.stdout, flush=True)

    def _show_progress(self):
        finished = self.counts.total() - self.counts["skipped"]
        left = self._expected - self.counts.total()
        if not finished or left <= 0:
            return
        rate = finished / max(time.monotonic() - self._start, 1e-9)
        self._progress.show(
            f"{self.counts.total()} of {self._expected}, {rate:.2f} a second, "
            f"{format_duration(left / rate)} left"
        )
