"""Generators worked out in threads: one ahead of its user, or several at once."""

import collections
import concurrent.futures
import contextlib
import queue
import threading

END = object()


def prefetch(items, size=2):
    """Work out the items of a generator in a thread while the last are being used.

    Generators that are chained this way are the stages of a pipeline, each in a thread
    of its own; the order is kept.

    Args:
        items: generator. It is closed when the items are no longer wanted.
        size: int, how many items may lie ready: the bound of the memory.

    Yields:
        The items, in their order.

    Raises:
        What the generator raises, after the items before it.

    Example:
        >>> list(prefetch(i * i for i in range(5)))
        [0, 1, 4, 9, 16]
    """
    ready = queue.Queue(size)
    is_unwanted = threading.Event()

    def put(item, error=None):
        while not is_unwanted.is_set():
            with contextlib.suppress(queue.Full):
                return ready.put((item, error), timeout=0.1)

    def work():
        try:
            with contextlib.closing(items):
                for item in items:
                    put(item)
                    if is_unwanted.is_set():
                        return
        except BaseException as error:  # noqa: BLE001, it is raised where it is awaited
            put(END, error)
        else:
            put(END)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is END:
                return
            yield item
    finally:
        is_unwanted.set()
        thread.join()


def parallel_map(function, items, workers, start=None):
    """Map a function over the items of a generator by several threads at once.

    Args:
        function: callable that takes an item.
        items: generator. It is closed when the results are no longer wanted.
        workers: int, number of threads. One more result than that may lie ready.
        start: callable without arguments that each thread begins with.

    Yields:
        The results, in the order of the items.

    Raises:
        What the function or the generator raises; an `Exception` of the generator after
        the results before it.

    Example:
        >>> list(parallel_map(lambda i: i * i, (i for i in range(5)), workers=2))
        [0, 1, 4, 9, 16]
    """
    results = collections.deque()
    pool = concurrent.futures.ThreadPoolExecutor(workers, initializer=start)

    def submitted():
        try:
            for item in items:
                yield pool.submit(function, item)
        except Exception as error:  # noqa: BLE001, it is raised when its turn has come
            failed = concurrent.futures.Future()
            failed.set_exception(error)
            yield failed

    with pool, contextlib.closing(items):
        try:
            for result in submitted():
                results.append(result)
                if len(results) > workers:
                    yield results.popleft().result()
            while results:
                yield results.popleft().result()
        finally:
            for result in results:
                result.cancel()
