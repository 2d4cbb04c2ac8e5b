"""What is said on stderr while work goes on."""

import sys
import time

SECONDS_BETWEEN = 10  # lines of progress where stderr is a file, not a terminal
SECONDS_ON_A_TERMINAL = 0.2
WIDTH = 79


def say(text):
    """Tell the user something that is not a result."""
    print(text, file=sys.stderr, flush=True)


def in_words(seconds):
    """Format a duration.

    >>> in_words(5.2), in_words(75), in_words(7260)
    ('5 s', '1 min 15 s', '2 h 1 min')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


class ProgressLine:
    """How far work is: on a terminal one line that changes, elsewhere a line at times."""

    def __init__(self):
        self._on_terminal = sys.stderr.isatty()
        self._between = SECONDS_ON_A_TERMINAL if self._on_terminal else SECONDS_BETWEEN
        self._shown = time.monotonic()

    def show(self, text):
        """Tell it, if the line before is old enough."""
        now = time.monotonic()
        if now - self._shown < self._between:
            return
        self._shown = now
        if self._on_terminal:
            print(f"{text!s:<{WIDTH}}", end="\r", file=sys.stderr, flush=True)
        else:
            say(text)

    def clear(self):
        """Make room on the terminal for what is to stay there."""
        if self._on_terminal:
            print(" " * WIDTH, end="\r", file=sys.stderr)
