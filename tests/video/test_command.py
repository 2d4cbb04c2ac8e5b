"""The command with films: standard input, SIGTERM, interlaced ones."""

import io
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

av = pytest.importorskip("av")
pytest.importorskip("numba")

from clips import decoded, packets, pictures, write_film

from zero_dce_keras import cli, enhance


def run_with_stdin(monkeypatch, content, *arguments):
    stdin = SimpleNamespace(buffer=io.BytesIO(content))
    monkeypatch.setattr(sys, "stdin", stdin)
    return cli.run(enhance.main, ["-", *map(str, arguments)])


def test_a_film_on_standard_input(tmp_path, monkeypatch, capsys):
    clip, target = write_film(tmp_path / "a.mp4"), tmp_path / "b.mkv"
    assert run_with_stdin(monkeypatch, clip.read_bytes(), "-o", target) == 0
    assert len(decoded(target)) == 10 and packets(target) == packets(clip)
    assert capsys.readouterr().out == f"{target}\n"
    assert run_with_stdin(monkeypatch, b"no film", "-o", tmp_path / "c.mp4") == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["error: standard input: not a video, or cut off at its start"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mkv"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_sigterm_leaves_nothing(tmp_path):
    clip, output = write_film(tmp_path / "a.mkv", pictures(2000)), tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "zero_dce_keras.enhance",
        clip,
        "-o",
        output / "a.mkv",
    ]
    process = subprocess.Popen([*map(str, command)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not (output.is_dir() and os.listdir(output)):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 128 + signal.SIGTERM
    finally:
        process.kill()
    assert os.listdir(output) == []
