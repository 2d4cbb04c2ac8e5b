"""A request's way through the server, the same for gRPC and REST."""

import asyncio
import contextlib
import time

from zero_dce_keras.serving.server import metrics
from zero_dce_keras.serving.server.batching import Batcher
from zero_dce_keras.serving.server.limits import Gate, check_size, count_pixels
from zero_dce_keras.serving.server.refusal import Refusal


class Service:
    """Answers requests for predictions.

    Args:
        versions: `Versions`.
        limits: `RequestLimits`.
    """

    def __init__(self, versions, limits):
        self.versions = versions
        self.limits = limits
        self.gate = Gate(limits)
        self._batcher = Batcher(limits)

    @contextlib.contextmanager
    def let_in(self, api, size):
        """Hold a place for a request; count it, and its time.

        Args:
            api: str, `"grpc"` or `"rest"`.
            size: int, bytes.

        Returns:
            A dict; `predict` writes the signature's name into it.
        """
        start, seen, status = time.perf_counter(), {"signature": ""}, "OK"
        try:
            with self.gate.let_in(size), metrics.IN_WORK.track_inprogress():
                yield seen
        except Refusal as refusal:
            status = refusal.code
            raise
        except BaseException:
            status = "CANCELLED"
            raise
        finally:
            metrics.REQUESTS.labels(api, seen["signature"], status).inc()
            if status == "OK":
                seconds = time.perf_counter() - start
                metrics.SECONDS.labels(api, seen["signature"]).observe(seconds)

    async def predict(self, version, signature, seen, read, write):
        """Answer one request.

        Args:
            version: `ModelVersion`.
            signature: `Signature` of it.
            seen: what `let_in` gave.
            read: callable that returns the request's inputs, a dict of arrays.
            write: callable of the outputs, a dict of arrays, that returns the answer.
        """
        with version.in_use():
            seen["signature"] = signature.name
            tensors, items, pixels = await asyncio.to_thread(
                self._measure, signature, read
            )
            outputs = await self._batcher.run(signature, tensors, items, pixels)
            return await asyncio.to_thread(write, outputs)

    def _measure(self, signature, read):
        tensors = read()
        items, pixels = signature.count_items(tensors), count_pixels(tensors)
        check_size(self.limits, items, pixels)
        return tensors, items, pixels
