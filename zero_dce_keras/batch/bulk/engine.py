"""Ray: a local engine or a cluster, and a stream of photographs through its actors."""

import contextlib
import logging
import os
import signal
import socket
import threading
import warnings

from zero_dce_keras.batch.bulk.worker import Worker
from zero_dce_keras.errors import one_line
from zero_dce_keras.extras import require

SECONDS_TO_ANSWER = 5
RETRIES = 3  # of a batch whose actor dies
BATCHES_AT_ONCE = 20_000  # that Ray is given: it keeps a little of each in memory
BATCHES_EACH = 4  # at least, for an actor: so that all end at about the same time
# Rows are small; photographs never pass through Ray's store of objects.
STORE_BYTES = 200_000_000
DIED = "its process died, as did those that tried again"


@contextlib.contextmanager
def started(address=None, actors=None):
    """Start Ray on this computer, or join a cluster; leave it at the end.

    Args:
        address: str, "HOST:PORT" of a cluster's head or "auto". Default: what
            `RAY_ADDRESS` says, as in a job of a cluster, else this computer.
        actors: int, how many there will be. Default: one a core.

    Raises:
        OSError: the address does not answer.
        ImportError: Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it calls home otherwise
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    check_address(address)
    at_sigterm = signal.getsignal(signal.SIGTERM)
    ray = require("ray")
    options: dict = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address == "local":
        options |= {
            "num_cpus": actors or _cores(),
            "object_store_memory": STORE_BYTES,
            "include_dashboard": False,
        }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(address, **options)
    except (
        ray.exceptions.RayError,
        ConnectionError,
        RuntimeError,
        ValueError,
    ) as error:
        raise OSError(f"Ray at {address} does not start: {one_line(error)}") from None
    _be_quiet()
    _restore(at_sigterm)
    try:
        yield
    finally:
        ray.shutdown()


def check_address(address):
    """Raise an `OSError` for the address of a cluster that does not answer.

    Ray would try for minutes, and then end this process.
    """
    if address in ("auto", "local"):
        return
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise ValueError(
            f"--address must be HOST:PORT of a cluster's head, or auto. "
            f"Received: {address}"
        )
    try:
        socket.create_connection(
            (host.strip("[]"), int(port)), SECONDS_TO_ANSWER
        ).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or one_line(error)
        raise OSError(
            f"--address {address}: nothing answers there ({reason})"
        ) from None


def count_actors(memory, wanted=None):
    """Return how many actors the nodes have cores and memory for.

    Args:
        memory: int, bytes that an actor may take.
        wanted: int, no more than these.

    Raises:
        ValueError: no node has room for one.
    """
    nodes = [node["Resources"] for node in require("ray").nodes() if node["Alive"]]
    room = sum(
        int(min(node.get("CPU", 0), node.get("memory", 0) // memory)) for node in nodes
    )
    if not room:
        most = max((node.get("memory", 0) for node in nodes), default=0)
        raise ValueError(
            f"an actor needs a core and {memory / 1e9:.1f} GB, and no node has them: the "
            f"most is {most / 1e9:.1f} GB; --memory sets what an actor may take"
        )
    return min(room, wanted or room)


def stream(jobs, task, wanted, batch_size):
    """Send photographs through actors.

    An actor that dies costs its batch, which is tried again; what remains then goes
    alone, so that a photograph that kills its actor takes no other with it.

    Args:
        jobs: list of (source, target), names.
        task: `Task`.
        wanted: int, actors at most; see `count_actors`, which counts before each part of
            the list: nodes may have joined.
        batch_size: int, the most photographs of a batch.

    Yields:
        dict: a row each, in no order.
    """
    actors = count_actors(task.memory, wanted)
    size = max(1, min(batch_size, len(jobs) // (actors * BATCHES_EACH)))
    at_once = size * BATCHES_AT_ONCE
    for begin in range(0, len(jobs), at_once):
        lost = dict(jobs[begin : begin + at_once])
        for alone in (False, True) if size > 1 else (True,):
            actors = count_actors(task.memory, wanted)
            batch_size = 1 if alone else size
            for row in _through_actors(list(lost.items()), task, actors, batch_size):
                lost.pop(row["source"], None)
                yield row
            if not lost:
                break
        for source, target in lost.items():
            yield {
                "source": source,
                "target": target,
                "status": "failed",
                "error": DIED,
            }


def _through_actors(jobs, task, actors, size):
    """Yield rows; those of a batch that was given up are not among them."""
    pa, data, ray = require("pyarrow"), require("ray.data"), require("ray")
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1
    warnings.simplefilter("ignore", DeprecationWarning)
    tables = [
        pa.table(dict(zip(("source", "target"), zip(*batch, strict=True), strict=True)))
        for batch in (jobs[i : i + size] for i in range(0, len(jobs), size))
    ]
    # Ray retries for ever by default; up to 2.63 the last two arguments change that.
    dataset = data.from_arrow(tables).map_batches(
        Worker,
        fn_constructor_args=(task,),
        batch_size=None,
        batch_format="pyarrow",
        zero_copy_batch=True,
        compute=data.ActorPoolStrategy(
            size=min(actors, len(tables)),
            # A task that waits for an actor dies with it: those that go alone do not.
            max_tasks_in_flight_per_actor=2 if size > 1 else 1,
        ),
        num_cpus=1,
        memory=task.memory,
        max_restarts=-1,
        max_task_retries=RETRIES,
    )
    batches = dataset.iter_batches(
        batch_size=None, batch_format="pyarrow", prefetch_batches=0
    )
    try:
        for batch in batches:
            yield from batch.to_pylist()
    except ray.exceptions.RayError as error:
        raise OSError(f"Ray gave up: {_last_line(error)}") from None


def _cores():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _be_quiet():
    """Keep Ray's own lines off stderr and, those of its raylet, off stdout."""
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.suppress(ImportError):  # it has no public switch for the second
        from ray._private import worker

        worker._worker_logs_enabled = False


def _restore(at_sigterm):
    """Let SIGTERM do again what it did before Ray took it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, at_sigterm)


def _last_line(error):
    """Return the last line of an error of Ray, which tells the reason below a trace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
