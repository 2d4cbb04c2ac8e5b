"""Locks between processes."""

import errno
import os
import subprocess
import sys
import threading

import pytest

from zero_dce_keras.errors import one_line
from zero_dce_keras.locks import locked

HOLD = """
import sys
from zero_dce_keras.errors import one_line
from zero_dce_keras.locks import locked
with locked(sys.argv[1]):
    print("holding", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path):
    return tmp_path / ".lock"


@pytest.fixture
def holder(lock):
    """Another process, which holds the lock."""
    command = [sys.executable, "-c", HOLD, str(lock)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_a_process_that_is_killed_lets_go(holder, lock, caplog):
    threading.Timer(0.2, holder.kill).start()
    with locked(lock):
        assert holder.wait() == -9
    assert caplog.messages == [f"waiting for the process that holds {lock}"]


def test_busy(holder, lock):
    with pytest.raises(ValueError, match="busy"), locked(lock, ValueError("busy")):
        pytest.fail("two processes hold one lock")


def test_it_is_released_after_an_error_and_its_file_stays(lock):
    with pytest.raises(KeyError), locked(lock):
        raise KeyError
    with locked(lock, ValueError("busy")):
        pass
    assert lock.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows locks in another way")
def test_a_file_system_without_locks(lock, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(OSError) as error, locked(lock):
        pytest.fail("nothing is locked there")
    assert error.value.filename == lock
    message = f"{lock}: cannot be locked: Function not implemented"
    assert one_line(error.value) == message


def test_a_file_that_cannot_be_written(lock):
    lock.write_text("a file, not a directory")
    with pytest.raises(OSError), locked(lock / ".lock"):
        pytest.fail("nothing can be written below a file")
