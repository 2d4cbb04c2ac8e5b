"""What a long run says: each result on stdout, progress and a summary on stderr."""

import json
import time
from collections import Counter

from zero_dce_keras import cli
from zero_dce_keras.progress import ProgressLine, in_words, say


class Tally:
    """Counts outcomes and tells of them.

    Args:
        as_json: bool, whether results are told as lines of JSON instead of paths.
    """

    def __init__(self, as_json=False):
        self.as_json = as_json
        self.counts = Counter()
        self._expected = 0
        self._start = time.monotonic()
        self._line = ProgressLine()

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
        self._line.clear()
        say(f"note: {source}: {text}")

    def summarize(self):
        """The last line."""
        self._line.clear()
        seconds = time.monotonic() - self._start
        skipped = self.counts["skipped"]
        parts = [f"{self.counts['done']} enhanced"]
        parts += [f"{skipped} skipped (there already)"] if skipped else []
        parts += [f"{self.failed} failed"] if self.failed else []
        say(f"{', '.join(parts)} in {in_words(seconds)}")

    def _report(self, error):
        self._line.clear()
        cli.report(error)

    def _show(self):
        finished = self.counts.total() - self.counts["skipped"]
        left = self._expected - self.counts.total()
        if not finished or left <= 0:
            return
        rate = finished / max(time.monotonic() - self._start, 1e-9)
        self._line.show(
            f"{self.counts.total()} of {self._expected}, {rate:.2f} a second, "
            f"{in_words(left / rate)} left"
        )
