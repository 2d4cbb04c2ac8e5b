"""What a long run says: each result on stdout, progress and a summary on stderr."""

import json
import sys
import time
from collections import Counter

from zero_dce_keras import cli

SECONDS_BETWEEN = 10  # lines of progress where stderr is a file, not a terminal


class Tally:
    """Counts outcomes and tells of them.

    Args:
        as_json: bool, whether results are told as lines of JSON instead of paths.
    """

    def __init__(self, as_json=False):
        self.as_json = as_json
        self.counts = Counter()
        self._expected = 0
        self._start = self._shown = time.monotonic()
        self._on_terminal = sys.stderr.isatty()

    @property
    def failed(self):
        return self.counts["failed"]

    def expect(self, number):
        """So many more outcomes are to come."""
        self._expected += number

    def add(self, outcome):
        """Count and tell what became of a job."""
        self.counts[outcome.status] += 1
        source, target = outcome.job.source, outcome.job.target
        for note in outcome.notes:
            self.note(source, note)
        if outcome.error is not None:
            self._report(outcome.error)
        if self.as_json:
            line: dict = {"input": str(source), "output": str(target)}
            line["status"] = outcome.status
            if outcome.size:
                line["width"], line["height"] = outcome.size
            if outcome.notes:
                line["notes"] = list(outcome.notes)
            if outcome.error is not None:
                line["error"] = " ".join(str(outcome.error).split())
            print(json.dumps(line), flush=True)
        elif outcome.status == "done":
            print(target, flush=True)
        self._show()

    def fail(self, error):
        """Count and tell an error that belongs to no job: an input that is not there."""
        self.counts["failed"] += 1
        self._report(error)
        if self.as_json:
            line = {"status": "failed", "error": " ".join(str(error).split())}
            print(json.dumps(line), flush=True)

    def note(self, source, text):
        self._clear()
        print(f"note: {source}: {text}", file=sys.stderr)

    def summarize(self):
        """The last line."""
        self._clear()
        seconds = time.monotonic() - self._start
        skipped = self.counts["skipped"]
        parts = [f"{self.counts['done']} enhanced"]
        parts += [f"{skipped} skipped (there already)"] if skipped else []
        parts += [f"{self.failed} failed"] if self.failed else []
        print(f"{', '.join(parts)} in {_duration(seconds)}", file=sys.stderr)

    def _report(self, error):
        self._clear()
        cli.report(error)

    def _show(self):
        now = time.monotonic()
        finished = self.counts.total() - self.counts["skipped"]
        left = self._expected - self.counts.total()
        if not finished or left <= 0:
            return
        if not self._on_terminal and now - self._shown < SECONDS_BETWEEN:
            return
        self._shown = now
        rate = finished / (now - self._start)
        line = (
            f"{self.counts.total()} of {self._expected}, {rate:.2f} a second, "
            f"{_duration(left / rate)} left"
        )
        end = "\r" if self._on_terminal else "\n"
        print(line.ljust(60), end=end, file=sys.stderr, flush=True)

    def _clear(self):
        if self._on_terminal:
            print(" " * 60, end="\r", file=sys.stderr)


def _duration(seconds):
    """Seconds in words.

    >>> _duration(5.2), _duration(75), _duration(7260)
    ('5 s', '1 min 15 s', '2 h 1 min')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
