"""How far a download is."""

import sys
import time


class Progress:
    """Says on stderr how much has arrived, how fast, and how long the rest will take.

    On a terminal one line that changes, elsewhere a line every tenth of the whole.

    Args:
        name: what arrives.
        total: its bytes, or `None` if nobody knows.
        start: bytes that were there before.
    """

    def __init__(self, name, total, start=0):
        self.name = name
        self.total = total
        self.start = self.done = start
        self._began = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._last = self._began
        self._tenth = 10 * start // total if total else 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._terminal:
            say(f"\r{self!s:<70}")

    def update(self, done):
        """Tell that so many bytes are there now, if it is time to say so."""
        self.done = done
        if self._terminal and time.monotonic() - self._last > 0.2:
            self._last = time.monotonic()
            print(f"\r{self!s:<70}", end="", file=sys.stderr, flush=True)
        tenth = 10 * done // self.total if self.total else 0
        if not self._terminal and tenth > self._tenth:
            self._tenth = tenth
            say(self)

    def __str__(self):
        """
        >>> str(Progress("lol_dataset.zip", total=400_000_000, start=100_000_000))
        'lol_dataset.zip: 100 of 400 MB (25 %)'
        """
        megabytes = f"{self.done / 1e6:.0f}"
        if self.total:
            percent = 100 * self.done // self.total
            megabytes += f" of {self.total / 1e6:.0f} MB ({percent} %)"
        else:
            megabytes += " MB"
        seconds = time.monotonic() - self._began
        rate = (self.done - self.start) / max(seconds, 1e-9)
        speed = f", {rate / 1e6:.1f} MB/s" if rate and seconds > 0.5 else ""
        if speed and self.total:
            speed += f", {(self.total - self.done) / rate:.0f} s left"
        return f"{self.name}: {megabytes}{speed}"


def say(text):
    """Tell the user something that is not a result."""
    print(text, file=sys.stderr, flush=True)
