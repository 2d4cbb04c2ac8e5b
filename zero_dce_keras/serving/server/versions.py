"""The versions of a model in a directory: the newest good one is served."""

import asyncio
import contextlib
import gc
import logging

from zero_dce_keras.errors import one_line
from zero_dce_keras.serving.server import metrics
from zero_dce_keras.serving.server.directory import files_of, find_versions
from zero_dce_keras.serving.server.model import ModelVersion
from zero_dce_keras.serving.server.refusal import Refusal

POLL = 1.0  # seconds between two looks at the directory, as TensorFlow Serving

log = logging.getLogger(__name__)


class Versions:
    """Serves the highest version that loads; looks for another every second.

    A version that is still being written, or that is broken, never replaces a good one.
    The old one leaves memory when its requests are answered.

    Args:
        name: str, the model's name for clients.
        directory: str or path.
    """

    def __init__(self, name, directory):
        self.name = name
        self.current = None
        self.states = {}  # (state, code, message) by number, as the protocol has them
        self._directory = directory
        self._seen = {}  # files of a version at the last look
        self._failed = {}  # files of a version that did not load
        self._unloading = set()

    def get(self, name, number=None):
        """Return the version of a request.

        Args:
            name: str, the model that the client asks for.
            number: int, or None for the one that is served.
        """
        version = self.current
        if version is None or name != self.name or number not in (None, version.number):
            which = (
                f"Latest({name})" if number is None else f"Specific({name}, {number})"
            )
            raise Refusal("NOT_FOUND", f"Servable not found for request: {which}")
        return version

    async def start(self):
        """Load the highest version that can be loaded.

        Raises:
            ValueError: there is none.
        """
        found = find_versions(self._directory)
        self._seen = {number: files_of(path) for number, path in found.items()}
        await self._look()
        if self.current is None:
            raise ValueError(f"{self._directory}: no version of it loads")

    async def watch(self):
        """Follow the directory for ever."""
        while True:
            await asyncio.sleep(POLL)
            with contextlib.suppress(
                OSError, ValueError
            ):  # nothing there: go on serving
                await self._look()

    async def _look(self):
        found = find_versions(self._directory)
        for number in sorted(found, reverse=True):
            if self.current is not None and number == self.current.number:
                break
            files = files_of(found[number])
            is_still = self._seen.get(number) == files
            self._seen[number] = files
            if is_still and self._failed.get(number) != files:
                if await self._load(found[number]):
                    break
                self._failed[number] = files

    async def _load(self, path):
        """Serve a version in place of the current one; whether it loads."""
        number = int(path.name)
        self.states[number] = ("LOADING", 0, "")
        try:
            version = await asyncio.to_thread(ModelVersion, path)
        except Exception as error:  # noqa: BLE001, torn files raise errors of any type
            code = getattr(error, "error_code", 2)  # 2: UNKNOWN
            self.states[number] = ("END", code, one_line(error))
            log.warning("version %d does not load: %s", number, one_line(error))
            return False
        old, self.current = self.current, version
        self.states[number] = ("AVAILABLE", 0, "")
        metrics.VERSION.set(number)
        log.info("version %d of %s is served", number, self.name)
        if old is not None:
            task = asyncio.create_task(self._unload(old))
            self._unloading.add(task)
            task.add_done_callback(self._unloading.discard)
        return True

    async def _unload(self, version):
        self.states[version.number] = ("UNLOADING", 0, "")
        while version.requests:
            await asyncio.sleep(0.1)
        self.states[version.number] = ("END", 0, "")
        number = version.number
        del version
        await asyncio.sleep(0)  # the last request lets go of it
        await asyncio.to_thread(gc.collect)  # a SavedModel's objects form a circle
        log.info("version %d is out of memory", number)
