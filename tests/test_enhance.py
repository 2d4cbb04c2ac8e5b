"""`enhance` as a photographer uses it: night shoots, pipes, full disks, kills."""

import contextlib
import fcntl
import io
import json
import logging
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import checks
import numpy as np
import pytest
from PIL import Image

from conftest import write_photo
from zero_dce_keras import cli, enhance
from zero_dce_keras.batch import Job, Outcome, RunReport
from zero_dce_keras.files import TEMPORARY, remove_leftovers, replacing
from zero_dce_keras.images import (
    Photograph,
    write_image,
)

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
CHECKOUT = {**os.environ, "PYTHONPATH": str(BENCHMARKS.parent)}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "model.weights.h5"
    checks.small_zero_dce().save_weights(path)
    return str(path)


@pytest.fixture
def run(weights, capsys):
    """Factory: (exit code, stdout, stderr) of `enhance` with some arguments."""

    def call(*arguments):
        command = [*map(str, arguments), "--weights", weights]
        try:
            code = cli.run(enhance.main, command)
        except SystemExit as exit:
            code = exit.code
        return code, *capsys.readouterr()

    return call


class Pipe(io.TextIOWrapper):
    def __init__(self, content=b""):
        super().__init__(io.BytesIO(content), "utf-8")


def names(directory):
    return sorted(os.listdir(directory))


# A night shoot


def test_again_and_again(run, photo_folder):
    folder = photo_folder(["1.jpg", "2.png"])
    code, out, err = run(folder)
    outputs = [str(folder / name) for name in ("1_enhanced.jpg", "2_enhanced.png")]
    assert code == 0 and out.split() == outputs
    assert err.startswith("2 enhanced in ")
    code, out, err = run(folder)
    assert (code, out) == (0, "") and "0 enhanced, 2 skipped" in err
    code, out, err = run(f"{folder}/*", "--overwrite")
    assert code == 0 and out.split() == outputs
    assert len(names(folder)) == 5  # .DS_Store is one


def test_recursive_into_another_format(run, photo_folder, tmp_path):
    folder = photo_folder(["1.jpg", "x/y/2.png"])
    options = ["--recursive", "-o", tmp_path / "out", "--format", "webp"]
    code, out, _ = run(folder, *options, "--quality", 30)
    expected = [tmp_path / "out" / "1.webp", tmp_path / "out" / "x" / "y" / "2.webp"]
    assert code == 0 and out.split() == [str(path) for path in expected]
    small = expected[1].stat().st_size
    assert run(folder, *options, "--overwrite")[0] == 0
    assert small < expected[1].stat().st_size / 2


def test_options_reach_the_enhancer(run, tmp_path):
    photo, out = write_photo(tmp_path / "1.png", brightness=60), tmp_path / "out.png"
    assert run(photo, "-o", out, "--iterations", 0, "--no-denoise")[0] == 0
    np.testing.assert_array_equal(Image.open(out), Image.open(photo))
    code, _, err = run(photo, "-o", tmp_path / "two.png", "--denoise")
    assert code == 1 and "denoise" in err and not (tmp_path / "two.png").exists()


def test_json(run, photo_folder):
    folder = photo_folder(["1.png", "2.png"])
    (folder / "2.png").write_bytes(b"")
    Image.new("CMYK", (48, 32)).save(folder / "3.jpg")
    code, out, _ = run(folder, folder / "none.jpg", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    by_input = {Path(line.get("input", "none")).name: line for line in lines}
    assert code == 1 and len(lines) == 4
    assert by_input["1.png"] == {
        "input": str(folder / "1.png"),
        "output": str(folder / "1_enhanced.png"),
        "status": "done",
        "width": 48,
        "height": 32,
    }
    assert by_input["2.png"]["status"] == by_input["none"]["status"] == "failed"
    assert "empty" in by_input["2.png"]["error"]
    assert "CMYK" in by_input["3.jpg"]["notes"][0]


def test_notes(run, tmp_path):
    Image.new("CMYK", (48, 32)).save(tmp_path / "1.jpg")
    code, _, err = run(tmp_path / "1.jpg")
    assert code == 0
    assert f"note: {tmp_path}/1.jpg: CMYK is converted to sRGB\n" in err


def test_a_film_in_a_folder_is_left_out_and_a_text_is_none(run, photo_folder):
    folder = photo_folder(["1.png"])
    (folder / "notes.txt").touch()
    code, _, err = run(folder)
    assert code == 0 and "1 files are neither photographs nor films" in err
    (folder / "clip.mp4").touch()
    code, out, err = run(folder, "--overwrite", "--json")
    lines = {
        Path(line["input"]).name: line for line in map(json.loads, out.split("\n")[:-1])
    }
    assert code == 1 and lines["1.png"]["status"] == "done"
    assert lines["clip.mp4"]["status"] == "left out"
    assert f"left out: {folder}/clip.mp4 is a film" in err and "1 left out in" in err


def test_a_compiled_preset_says_that_it_takes_no_gpu(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("zero_dce_keras.devices.check_gpu", lambda: None)
    dark = write_photo(tmp_path / "a.png")
    assert cli.run(enhance.main, [str(dark), "--device", "gpu"]) == 0
    (line,) = [x for x in capsys.readouterr().err.splitlines() if "--device" in x]
    assert "zero_dce_general runs compiled, on the processor" in line


def test_videos_do_not_go_through_pipes(run, tmp_path):
    (tmp_path / "clip.mp4").touch()
    code, _, err = run(tmp_path / "clip.mp4", "-o", "-")
    assert code == 1 and "clip.mp4: a video goes to a file" in err


def test_videos_have_their_place(run, tmp_path):
    (tmp_path / "clip.mp4").touch()
    photo = write_photo(tmp_path / "1.png")
    code, out, err = run(tmp_path / "clip.mp4", photo)
    assert code == 1 and "clip.mp4: not a video, or cut off at its start" in err
    assert out == f"{tmp_path}/1_enhanced.png\n"


def test_a_name_that_is_not_utf8(run, tmp_path, monkeypatch):
    """It is printed as it is, byte by byte, for the next program in a pipe."""
    monkeypatch.setattr(sys, "stdout", Pipe())
    path = os.fsencode(tmp_path) + b"/caf\xe9.png"
    write_photo(tmp_path / "1.png").rename(os.fsdecode(path))
    assert run(tmp_path)[0] == 0
    printed = sys.stdout.buffer.getvalue().strip()
    assert printed == os.fsencode(tmp_path) + b"/caf\xe9_enhanced.png"
    assert os.path.exists(printed)


def test_the_smallest_photograph(run, tmp_path):
    for ending in enhance.FORMATS:
        write_photo(tmp_path / f"{ending}.{ending}", size=(1, 1))
    code, out, _ = run(tmp_path)
    assert code == 0
    assert {Photograph.read(path).pixels.shape for path in out.split()} == {(1, 1, 3)}


# Pipes


@pytest.mark.parametrize("output", [[], ["-o", "-"]])
def test_standard_input_to_standard_output(run, tmp_path, monkeypatch, output):
    photo = write_photo(tmp_path / "1.jpg", brightness=60)
    monkeypatch.setattr(sys, "stdin", Pipe(photo.read_bytes()))
    pipe = Pipe()
    monkeypatch.setattr(sys, "stdout", pipe)
    assert run("-", *output)[0] == 0
    photograph = Photograph.read(pipe.buffer.getvalue())
    assert photograph.file_format == "JPEG" and photograph.pixels.shape == (32, 48, 3)
    monkeypatch.setattr(sys, "stdout", Pipe())
    assert run(photo, "-o", "-", "--format", "png")[0] == 0
    content = sys.stdout.buffer.getvalue()
    assert Photograph.read(content).file_format == "PNG"


def test_standard_input_to_a_file(run, tmp_path, monkeypatch):
    photo = write_photo(tmp_path / "1.jpg", brightness=60)
    target = tmp_path / "2.png"
    for content, options, code in [
        (photo.read_bytes(), [], 0),
        (photo.read_bytes(), [], 1),  # it is there
        (photo.read_bytes(), ["--overwrite"], 0),
        (b"junk", ["--overwrite"], 1),
    ]:
        monkeypatch.setattr(sys, "stdin", Pipe(content))
        result, _, err = run("-", "-o", target, *options)
        assert result == code and err.count("\n") == code
    assert Photograph.read(target).pixels.shape == (32, 48, 3)


@pytest.mark.parametrize(
    "arguments",
    [
        ["-", "1.jpg"],
        ["1.jpg", "2.jpg", "-o", "-"],
        ["-", "--watch"],
        ["no_such_folder", "--watch"],
        ["1.jpg", "-o", "-", "--json"],
        ["-", "--json"],
        ["-", "-o", "1.jpg", "--json"],
        ["1.jpg", "--suffix", "/x"],
        ["1.jpg", "--quality", "0"],
        ["1.jpg", "--quality", "101"],
        ["1.jpg", "--format", "gif"],
    ],
    ids=" ".join,
)
def test_wrong_usage(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "") and err.startswith("error: ")


# What is said meanwhile


@pytest.mark.parametrize("on_terminal", [True, False])
def test_progress_with_rate_and_time_left(monkeypatch, capsys, on_terminal):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: on_terminal, raising=False)
    with cli.log_to_stderr():
        report = RunReport()
        report.expect(10)
        report.add(Outcome(Job("0", "out/0"), "skipped"))
        for i in range(1, 4):
            now[0] += 5
            report.add(Outcome(Job(str(i), f"out/{i}"), "done"))
        report.summarize()
    out, err = capsys.readouterr()
    assert out.split() == ["out/1", "out/2", "out/3"]
    lines = re.split("[\r\n]+", err.replace("\x1b[K", "").strip())
    assert ("0 of 10" == lines[0]) == on_terminal
    # The first of them took the time to open the model, too.
    assert ("2 of 10" in lines) == on_terminal
    assert "3 of 10, 5 s each, 35 s left" in lines
    assert lines[-1] == "3 enhanced, 1 skipped (there already) in 15 s"
    assert ("\x1b" in err) == on_terminal


def test_tiles_of_a_large_photograph_are_progress(monkeypatch, caplog):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    report = RunReport()
    report.expect(1)
    with caplog.at_level("DEBUG", logger="zero_dce_keras"):
        for done in range(1, 4):
            now[0] += 2
            report.show_tiles(done, 40)
    assert caplog.messages == [
        "0 of 1, 1 of 40 tiles",
        "0 of 1, 2 of 40 tiles, 1 min 20 s each, 1 min 16 s left",
        "0 of 1, 3 of 40 tiles, 1 min 20 s each, 1 min 14 s left",
    ]


def test_progress_is_as_wide_as_the_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(cli, "_terminal_width", lambda: 20)
    with cli.log_to_stderr():
        logging.getLogger("zero_dce_keras").debug("x" * 50, extra={"is_progress": True})
    assert capsys.readouterr().err == cli.CLEAR_LINE + "x" * 19


def test_a_terminal_says_how_wide_it_is(monkeypatch):
    master, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 43, 0, 0))
    with open(terminal, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        assert cli._terminal_width() == 43
    os.close(master)


# Sizes, times, names


def test_a_photograph_of_too_many_pixels(run, tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    photo = write_photo(tmp_path / "1.png", size=(1000, 1001))
    code, out, err = run(photo, "--max-megapixels", 1)
    assert (code, out) == (1, "")
    assert "more pixels than the limit, 1,000,000" in err and "--max-megapixels" in err
    assert run(photo)[0] == 0


def test_preserve_times_and_permissions(run, tmp_path):
    photo = write_photo(tmp_path / "1.png")
    os.utime(photo, ns=(10**18, 10**18))
    photo.chmod(0o640)
    run(photo)
    made = (tmp_path / "1_enhanced.png").stat()
    assert made.st_mtime_ns > 10**18
    run(photo, "--overwrite", "--preserve")
    made = (tmp_path / "1_enhanced.png").stat()
    assert (made.st_mtime_ns, made.st_mode & 0o777) == (10**18, 0o640)


def test_long_names_with_dots(run, tmp_path):
    photo = write_photo(tmp_path / f"{'a.long.name.' * 19}png")
    assert len(photo.name) > 220
    code, out, _ = run(photo, "-o", f"{tmp_path}/out/")
    assert code == 0 and Path(out.strip()).exists()


def test_c_libraries_do_not_write_to_stderr():
    code = """
import os, sys
from zero_dce_keras import cli

with cli.python_alone_on_stderr():
    os.write(2, b"tempfile.tif: a line of libtiff\\n")
    print("a line of Python", file=sys.stderr)
os.write(2, b"afterwards\\n")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "a line of Python\nafterwards\n"


# Disks


def test_a_full_disk_leaves_nothing_torn(tmp_path):
    """The limit of a file's size stands for the end of a disk, which comes in the
    middle of a write: Pillow takes that for success."""
    pixels = np.random.default_rng(0).integers(0, 256, (100, 100, 3), "uint8")
    deep = pixels.astype("uint16") * 257
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        for ending in enhance.FORMATS:
            for photograph in (Photograph(pixels), Photograph(deep)):
                with pytest.raises(OSError, match=f"Cannot write '.*1.{ending}': "):
                    photograph.write(tmp_path / f"1.{ending}")
            with pytest.raises(OSError):
                write_image(tmp_path / f"2.{ending}", pixels)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_a_pipe(tmp_path, weights):
    photo = write_photo(tmp_path / "1.jpg")
    command = [sys.executable, "-m", "zero_dce_keras.enhance", photo, "-o", "-"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*command, "--weights", weights],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "No space left" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a read-only place")
def test_a_place_that_cannot_be_written(run, photo_folder):
    folder = photo_folder(["1.png", "2.png"])
    code, out, err = run(folder, "-o", "/proc/enhanced")
    assert (code, out) == (1, "") and "Traceback" not in err
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2 and "/proc/enhanced/1.png" in errors[0]


def test_leftovers_of_killed_runs(run, photo_folder, tmp_path):
    """Old ones go with the next run, young ones may be another's work."""
    folder, out = photo_folder(["1.png"]), tmp_path / "out"
    out.mkdir()
    with replacing(out / "1.tar.gz") as temporary:
        assert TEMPORARY.fullmatch(temporary.name)
        temporary.touch()
        name = temporary.name
    for left in (name, ".zero_dce_diary", name.replace("zero", "Zero")):
        (out / left).touch()
        os.utime(out / left, (0, 0))
    (out / name.replace(name[10], "0" if name[10] != "0" else "1", 1)).touch()
    assert run(folder, "-o", out)[0] == 0
    assert name not in names(out) and len(names(out)) == 5
    remove_leftovers(out / "none")  # no error


# Processes


@pytest.fixture
def start(weights):
    """Factory of running commands, ended with the test."""
    processes = []
    # Tests in the background of a shell ignore Ctrl-C, and so would their children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def run(*arguments):
        command = [sys.executable, "-m", "zero_dce_keras.enhance", "--weights", weights]
        pipe = subprocess.PIPE
        processes.append(
            subprocess.Popen(
                [*command, *map(str, arguments)], stdout=pipe, stderr=pipe, text=True
            )
        )
        return processes[-1]

    yield run
    signal.signal(signal.SIGINT, before)
    for process in processes:
        process.kill()
        process.communicate()


def test_watch(start, photo_folder, tmp_path):
    """Photographs that come are enhanced once they are whole; Ctrl-C ends it well."""
    folder = photo_folder(["1.png"])
    process = start(folder, "--watch", "-o", tmp_path / "out")
    assert process.stdout.readline().strip() == str(tmp_path / "out" / "1.png")
    content = write_photo(tmp_path / "2.png", size=(320, 480)).read_bytes()
    with open(folder / "2.png", "wb") as growing:
        for start_at in range(0, len(content), len(content) // 4 + 1):
            growing.write(content[start_at : start_at + len(content) // 4 + 1])
            growing.flush()
            time.sleep(0.4)
    assert process.stdout.readline().strip() == str(tmp_path / "out" / "2.png")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and not out
    lines = err.splitlines()
    assert lines[0] == f"waiting for photographs in {folder}; Ctrl-C ends it"
    assert lines[-1].startswith("2 enhanced in ") and "failed" not in err


def test_an_interrupt_that_python_ignores_ends_the_watch():
    """As in a callback of a weak reference, where no exception is raised."""
    event = threading.Event()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with enhance._noting_interrupts(event):
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            assert event.is_set()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_watch_tells_once_of_two_with_one_target(start, photo_folder, tmp_path):
    folder = photo_folder(["1.bmp", "1.png", "2.png"])
    process = start(folder, "--watch", "-o", tmp_path / "out", "--format", "png")
    assert {process.stdout.readline().strip() for _ in range(2)} == {
        str(tmp_path / "out" / name) for name in ("1.png", "2.png")
    }
    time.sleep(3)  # several looks more
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.count("is already that of") == 1
    assert err.splitlines()[-1].startswith("2 enhanced, 1 failed in ")


def test_ctrl_c(start, tmp_path):
    """What is written stays and is counted; 130 says that it was interrupted."""
    for i in range(40):
        write_photo(tmp_path / "in" / f"{i}.png", i, size=(320, 480))
    process = start(tmp_path / "in", "-o", tmp_path / "out")
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err
    assert re.search(r"\d+ enhanced in .*\ninterrupted\n$", err)
    done = names(tmp_path / "out")
    assert 0 < len(done) < 40
    assert all(Photograph.read(tmp_path / "out" / name) for name in done)


def benchmark(name, *options):
    command = [sys.executable, BENCHMARKS / f"{name}.py", *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=CHECKOUT
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    return done.stdout


def test_damaged_photographs():
    """A few hundred of the cases that `benchmarks/fuzz.py` runs by the thousand."""
    out = benchmark("fuzz", "--cases", "250", "--seed", "1")
    done, refused = re.search(r"(\d+) enhanced, (\d+) refused, 0 wrong", out).groups()
    assert int(done) > 20 and int(refused) > 100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the benchmark forks")
def test_kills():
    out = benchmark("kill", "--kills", "2")
    assert out.startswith("2 kills in ") and " 0 outputs torn" in out
