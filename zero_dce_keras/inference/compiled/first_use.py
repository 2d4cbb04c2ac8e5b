"""One line when Numba compiles a loop: it takes seconds, once on a machine."""

import logging

from numba.core import event

log = logging.getLogger(__name__)


class CompilingNote(event.Listener):
    """Logs, once in a process, that loops of this package are being compiled."""

    def __init__(self):
        self._is_logged = False

    def on_start(self, event):
        """Log the line, if it is a loop of this package and the first one."""
        module = event.data["dispatcher"].py_func.__module__
        if not self._is_logged and module.startswith("zero_dce_keras."):
            self._is_logged = True
            log.info("compiling for this machine, once: about 10 seconds")

    def on_end(self, event):
        """Do nothing: one line is enough."""


# Numba tells of what it compiles, not of what it finds in its store.
event.register("numba:compile", CompilingNote())
