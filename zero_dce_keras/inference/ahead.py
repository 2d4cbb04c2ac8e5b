"""Work that runs ahead of whoever waits for it."""

import contextlib
import queue
import threading

END = object()


def ahead(items, size=2):
    """The items of a generator, worked out in a thread while the last are being used.

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

    >>> list(ahead(i * i for i in range(5)))
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
