"""Progress of long work, as log records; `cli` shows them on stderr.

tqdm would write to stderr from the library, one bar at a time between other messages.
"""

import time

SECONDS_BETWEEN = 0.2  # records; what shows them may show fewer


def format_duration(seconds):
    """Return a duration in hours, minutes and seconds.

    Example:
        >>> format_duration(5.2), format_duration(75), format_duration(7260)
        ('5 s', '1 min 15 s', '2 h 1 min')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


class ProgressLog:
    """Logs how far work is, a few times a second at most, at the level DEBUG.

    Args:
        log: `logging.Logger`. Its records have the attribute `is_progress`.
    """

    def __init__(self, log):
        self._log = log
        self._logged = -SECONDS_BETWEEN  # the first line is shown at once

    def show(self, text):
        """Log a line, if the line before is old enough."""
        now = time.monotonic()
        if now - self._logged >= SECONDS_BETWEEN:
            self._logged = now
            self._log.debug(text, extra={"is_progress": True})
