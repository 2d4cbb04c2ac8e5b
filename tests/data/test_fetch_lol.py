"""LOL from an archive like the real one, which a real server serves badly."""

import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import pytest
from bad_server import BadServer

from zero_dce_keras import cli, evaluate, fit, load_lol
from zero_dce_keras.data import fetch_lol as module
from zero_dce_keras.data import find_sample, open_splits
from zero_dce_keras.data.fetch_lol import fetch_lol
from zero_dce_keras.images import list_images

HASTY = {"timeout": (2, 0.5), "pause": 0.001}
SIDES = ("low", "high")


@pytest.fixture(scope="module")
def photographs(data_home_of_tests):
    """`{path in LOL: bytes}`: photographs of the embedded sample under LOL's names."""
    sample = find_sample(data_home_of_tests)
    files = {}
    for part, numbers in (("our485", (2, 5, 6, 7, 8, 9)), ("eval15", (1, 22))):
        for side in SIDES:
            for number, path in zip(
                numbers, list_images(sample / "train" / side)[::8], strict=False
            ):
                files[f"{part}/{side}/{number}.png"] = path.read_bytes()
    return files


def zipped(files, prefix="lol_dataset/"):
    """An archive of macOS: what Finder adds is in it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"{prefix}{name}", data)
            folder, _, file_name = name.rpartition("/")
            archive.writestr(f"__MACOSX/{prefix}{folder}/._{file_name}", b"\0\5\x16\7")
        archive.writestr(f"{prefix}our485/low/.DS_Store", b"\0\0\0\1Bud1")
        archive.writestr(f"{prefix}README.txt", b"LOL")
    return content.getvalue()


@pytest.fixture(scope="module")
def archive(photographs):
    return zipped(photographs)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ZERO_DCE_DATA", str(tmp_path / "home"))
    return tmp_path / "home"


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def names(directory):
    return {path.name for path in directory.iterdir()} if directory.exists() else set()


@pytest.mark.parametrize(
    "script",
    [
        [],
        ["cut", "cut", "cut"],
        ["cut", "no_range"],
        ["garbage", "damaged", "too_short"],
        ["too_long"],
        ["redirect", "redirect", "stall"],
    ],
    ids="-".join,
)
def test_what_arrives_is_what_was_packed(script, archive, photographs, home):
    with BadServer(archive, script) as server:
        folder = fetch_lol(home, url=server.url, **HASTY)
    assert contents(folder) == photographs
    assert names(home) == {"lol_dataset", ".lol_dataset.lock"}


@pytest.mark.parametrize("prefix", ["", "a/b/c/"])
def test_at_any_depth(prefix, photographs, home):
    with BadServer(zipped(photographs, prefix)) as server:
        assert contents(fetch_lol(home, url=server.url)) == photographs


def test_load_lol_downloads_once(archive, home, monkeypatch):
    with BadServer(archive) as server:
        monkeypatch.setattr(module, "LOL_URL", server.url)
        for _ in range(2):
            train, validation, test = load_lol(
                train_images=4, validation_images=2, image_size=16, batch_size=2
            )
    assert (len(train), len(validation), len(test)) == (2, 1, 2)
    assert server.ranges == [0]


@pytest.mark.parametrize("main", [fit.main, evaluate.main])
def test_commands_offline_say_what_to_do(main, home, monkeypatch, capsys, tmp_path):
    with BadServer(b"") as server:
        monkeypatch.setattr(module, "LOL_URL", server.url)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert cli.run(main, ["--output", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    hints = (server.url, "refused", "--data-dir", "--dataset sample", "lol_dataset.zip")
    for hint in (*hints, str(home)):
        assert hint in error
    assert not (tmp_path / "out").exists() and not (home / "lol_dataset").exists()


def test_an_archive_that_was_placed_there(archive, photographs, home, tmp_path):
    """In the usual place or in --data-dir; it stays, and nothing is downloaded."""
    for data_dir in (None, tmp_path / "mine"):
        directory = data_dir or home
        directory.mkdir()
        (directory / "lol_dataset.zip").write_bytes(archive)
        splits = open_splits("lol", data_dir, 4, 2)
        assert splits.describe() == "4 train, 2 validation, 2 test"
        assert contents(directory / "lol_dataset") == photographs
        assert (directory / "lol_dataset.zip").read_bytes() == archive


def test_a_bad_archive_that_was_placed_there(archive, home):
    home.mkdir()
    placed = home / "lol_dataset.zip"
    placed.write_bytes(archive[:-1000])
    with pytest.raises(ValueError, match=f"{placed}: not LOL's archive: .*whole zip"):
        open_splits("lol", None, 2, 2)
    assert names(home) == {"lol_dataset.zip", ".lol_dataset.lock"}
    placed.write_bytes(archive)
    assert len(open_splits("lol", None, 4, 2).train) == 4


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda files: files.pop("our485/high/5.png"), r"low/5.png has no partner"),
        (lambda files: [files.pop(n) for n in list(files) if "eval" in n], "eval15"),
        (lambda files: files.clear(), "no our485/low and our485/high"),
        (lambda files: files.update({"../x": b""}), "leads out"),
    ],
)
def test_an_archive_of_something_else(change, message, photographs, home):
    files = dict(photographs)
    change(files)
    with (
        BadServer(zipped(files, prefix="")) as server,
        pytest.raises((ValueError, FileNotFoundError), match=message),
    ):
        fetch_lol(home, url=server.url, retries=1, **HASTY)
    assert names(home) == {".lol_dataset.lock"}


def test_nothing_is_downloaded_into_a_data_dir(home, tmp_path):
    with pytest.raises(FileNotFoundError, match="--data-dir"):
        open_splits("lol", tmp_path / "typo", 2, 2)
    assert not home.exists() and not (tmp_path / "typo").exists()


def test_a_directory_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ZERO_DCE_DATA", str(tmp_path / "file"))
    with pytest.raises(OSError, match="ZERO_DCE_DATA, or say with --data-dir"):
        open_splits("lol", None, 2, 2)


def test_a_folder_of_something_else_is_left_alone(home, archive):
    (home / "lol_dataset").mkdir(parents=True)
    (home / "lol_dataset" / "thesis.txt").write_text("mine")
    with (
        BadServer(archive) as server,
        pytest.raises(ValueError, match="lol_dataset is not LOL: .*Move it away"),
    ):
        fetch_lol(home, url=server.url)
    assert contents(home / "lol_dataset") == {"thesis.txt": b"mine"}


# Two processes, and one that is killed

FETCH = """
import sys
from zero_dce_keras.data.fetch_lol import fetch_lol
print(fetch_lol(sys.argv[1], url=sys.argv[2], timeout=(2, 20)))
"""


def start(home, url):
    command = [sys.executable, "-c", FETCH, str(home), url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def wait_for(path):
    deadline = time.monotonic() + 20
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert path.exists()


def test_two_processes_download_once(archive, photographs, home):
    with BadServer(archive, ["stall"]) as server:
        processes = [start(home, server.url) for _ in range(2)]
        wait_for(home / "lol_dataset.zip.part")
        time.sleep(0.3)  # time for the other to collide
        server.release.set()
        out = [process.communicate(timeout=30)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert out[0] == out[1] == f"{home / 'lol_dataset'}\n"
    assert contents(home / "lol_dataset") == photographs
    assert server.ranges[0] == 0 and len(server.ranges) == 2 and server.ranges[1] > 0


def test_a_killed_process_blocks_nobody_and_is_continued(archive, photographs, home):
    with BadServer(archive, ["stall"]) as server:
        process = start(home, server.url)
        wait_for(home / "lol_dataset.zip.part")
        time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)
        # As if it had been killed while it unpacked, too.
        left = home / ".lol_dataset.unpacking" / "our485" / "low" / "2.png"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"half a photograph")
        folder = fetch_lol(home, url=server.url, **HASTY)
    assert contents(folder) == photographs
    assert names(home) == {"lol_dataset", ".lol_dataset.lock"}
    assert server.ranges[1] > 0


def test_what_is_not_finished_is_not_found(make_lol, home):
    shutil.move(make_lol(home, (2, 5)), home / ".lol_dataset.unpacking")
    with pytest.raises(FileNotFoundError, match="no LOL data set"):
        open_splits("lol", home, 1, 1)


def test_the_known_checksum_is_checked(archive, home, monkeypatch):
    monkeypatch.setattr(module, "LOL_SHA256", hashlib.sha256(b"").hexdigest())
    with (
        BadServer(archive) as server,
        pytest.raises(FileNotFoundError, match="SHA-256"),
    ):
        fetch_lol(home, url=server.url, retries=0, **HASTY)
    monkeypatch.setattr(module, "LOL_SHA256", hashlib.sha256(archive).hexdigest())
    with BadServer(archive) as server:
        assert fetch_lol(home, url=server.url).is_dir()
