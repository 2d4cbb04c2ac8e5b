"""Long work in a thread of its own, and a bar of how far it is."""

import html
import threading
from typing import Any

SECONDS_BETWEEN = 0.2  # two looks at how far it is


class Work:
    """Runs a function in a thread of its own.

    Args:
        function: is called with a function of how much is done, of how much, and, as
            text, of what.

    Attributes:
        result: what the function returned, once it is done.
    """

    def __init__(self, function):
        self.result: Any = None
        self._error = None
        self._state = 0, 0, ""
        self._thread = threading.Thread(target=self._run, args=(function,), daemon=True)

    def _run(self, function):
        try:
            self.result = function(self._tell)
        except BaseException as error:  # noqa: BLE001, raised again by `bars`
            self._error = error

    def _tell(self, done, expected, text):
        self._state = done, expected, text

    def bars(self):
        """Start, and yield bars until it is done.

        Raises:
            Exception: what the function raised.
        """
        shown = None
        self._thread.start()
        while self._thread.is_alive():
            if self._state != shown:
                shown = self._state
                yield bar(*shown)
            self._thread.join(SECONDS_BETWEEN)
        if self._error is not None:
            raise self._error


def bar(done=0, expected=0, text=""):
    """Return the bar in HTML; of unknown length where nothing is expected.

    Example:
        >>> bar(3, 12, "3 of 12 <tiles>")
        '<progress max="12" value="3" aria-label="Progress"></progress> 3 of 12 &lt;tiles&gt;'
    """
    share = f' max="{expected}" value="{done}"' if expected else ""
    label = ' aria-label="Progress"'
    return f"<progress{share}{label}></progress> {html.escape(text)}".rstrip()
