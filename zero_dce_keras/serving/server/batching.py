"""Dynamic batching: requests that fit together run as one."""

import asyncio
import concurrent.futures
import dataclasses
import logging

from zero_dce_keras.errors import one_line
from zero_dce_keras.serving.server import metrics
from zero_dce_keras.serving.server.refusal import Refusal

WINDOW = 0.002  # seconds that a request waits for others like it
LARGE = 1_000_000  # pixels of a request that runs alone: together it would only wait

log = logging.getLogger(__name__)


@dataclasses.dataclass
class _Request:
    tensors: dict
    items: int
    answer: asyncio.Future


class Batcher:
    """Runs requests, at most `limits.concurrency` batches at once.

    Requests that arrive while all are busy wait, and the next batch takes them. A batch
    has no more items than a single request may have, and no large ones: memory is bounded.

    Args:
        limits: `RequestLimits`.
    """

    def __init__(self, limits):
        self._limits = limits
        self._waiting = {}  # lists of requests by what they have in common
        self._free = asyncio.Semaphore(limits.concurrency)
        self._threads = concurrent.futures.ThreadPoolExecutor(limits.concurrency)
        self._tasks = set()

    async def run(self, signature, tensors, items, pixels):
        """Return the outputs of one request, a dict of arrays.

        Raises:
            Refusal: the model does not take it.
        """
        answer = asyncio.get_running_loop().create_future()
        key = signature.batch_key(tensors) if pixels < LARGE else None
        key = key or object()
        waiting = self._waiting.setdefault(key, [])
        waiting.append(_Request(tensors, items, answer))
        if len(waiting) == 1:
            self._start(signature, key)
        return await answer

    def _start(self, signature, key):
        task = asyncio.create_task(self._work(signature, key))
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)

    async def _work(self, signature, key):
        await asyncio.sleep(WINDOW)
        async with self._free:
            batch = self._take(key)
            if key in self._waiting:
                self._start(signature, key)
            if not batch:  # their clients have gone
                return
            metrics.BATCH_ITEMS.observe(sum(request.items for request in batch))
            loop = asyncio.get_running_loop()
            outcomes = await loop.run_in_executor(self._threads, _run, signature, batch)
        for request, outcome in zip(batch, outcomes, strict=True):
            if request.answer.done():
                continue
            if isinstance(outcome, Refusal):
                request.answer.set_exception(outcome)
            else:
                request.answer.set_result(outcome)

    def _take(self, key):
        """Take the first requests, as many as a batch may have."""
        waiting = self._waiting.pop(key)
        waiting = [request for request in waiting if not request.answer.done()]
        items = count = 0
        while (
            count < len(waiting) and items + waiting[count].items <= self._limits.items
        ):
            items += waiting[count].items
            count += 1
        if waiting[count:]:
            self._waiting[key] = waiting[count:]
        return waiting[:count]


def _run(signature, batch):
    """Return the outputs of each request, or the `Refusal`.

    One that is refused must not take the others with it: then each runs alone.
    """
    try:
        return signature.run([request.tensors for request in batch])
    except Refusal as refusal:
        if len(batch) == 1:
            return [refusal]
    except Exception as error:  # noqa: BLE001, one request must not end the server
        log.error("error: %s: %s", signature.name, one_line(error))
        if len(batch) == 1:
            return [Refusal("INTERNAL", type(error).__name__)]
    return [_run(signature, [request])[0] for request in batch]
