"""What `zero-dce bulk` does with the names of an archive, and without its extra."""

import subprocess
import sys

import pytest

from zero_dce_keras import bulk, cli
from zero_dce_keras.batch import find_jobs
from zero_dce_keras.batch.bulk.engine import check_address
from zero_dce_keras.batch.bulk.plan import make_plan
from zero_dce_keras.images import Photograph

NAMES = ["2.jpg", "x/1.NEF", "x/y/b.heic", "x/y/c.gif", "clip.mp4", "x/a.svg"]
PASSED_OVER = [".DS_Store", "x/._1.jpg", "__MACOSX/1.jpg", "1.xmp", "2_enhanced.jpg"]


def test_the_plan_is_that_of_enhance(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in NAMES + PASSED_OVER:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).touch()
    jobs, errors = find_jobs(["in"], "out", recursive=True)
    plan = make_plan(NAMES + PASSED_OVER)
    assert {f"in/{a}": f"out/{b}" for a, b in plan.targets.items()} == {
        str(job.source): str(job.target) for job in jobs
    }
    assert plan.left_out.keys() == {"clip.mp4", "x/a.svg"}
    assert sorted(f"in/{name}" for name in plan.left_out) == sorted(
        str(error.path) for error in errors if hasattr(error, "path")
    )
    assert make_plan(["a.heic"], ".png").targets == {"a.heic": "a.png"}


def test_two_photographs_with_one_target():
    plan = make_plan(["a.heic", "a.jpg", "b/a.jpg"])
    assert plan.targets == {"a.heic": "a.jpg", "b/a.jpg": "b/a.jpg"}
    assert plan.conflicts == {"a.jpg": "a.jpg is already that of a.heic"}


def test_bytes_are_read_under_their_name():
    with pytest.raises(ValueError, match=r"^Cannot read 's3://b/1.jpg': it is empty"):
        Photograph.read(b"nothing", "s3://b/1.jpg")
    with pytest.raises(ValueError, match=r"'s3://b/1.nef': .*(rawpy|damaged)"):
        Photograph.read(b"II*\0" + bytes(99), "s3://b/1.nef")  # known by its name alone


def test_addresses(monkeypatch):
    for address in ("auto", "local"):
        check_address(address)
    for address in ("head", "ray://head:1", "head:", ":1"):
        with pytest.raises(ValueError, match="--address must be HOST:PORT"):
            check_address(address)
    with pytest.raises(OSError, match="127.0.0.1:1: nothing answers there"):
        check_address("127.0.0.1:1")


def test_a_missing_extra_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow.fs", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert cli.run(bulk.main, [str(tmp_path), str(tmp_path / "out")]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "pip install '.[ray]'" in err


def test_weights_without_a_compiled_form(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bulk, "NEEDED", ())
    arguments = [str(tmp_path), str(tmp_path / "out"), "--weights", "zero_dce_lol"]
    assert cli.run(bulk.main, arguments) == 1
    assert "bulk runs presets with a compiled form" in capsys.readouterr().err


@pytest.mark.parametrize("memory", ["0", "nan", "much"])
def test_memory_is_a_number(memory, capsys):
    with pytest.raises(SystemExit) as exit:
        bulk.main(["a", "b", "--memory", memory])
    assert exit.value.code == 2 and "--memory" in capsys.readouterr().err


def test_the_driver_imports_no_numba():
    code = "import sys, zero_dce_keras.batch.bulk.worker; print('numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE
    )
    assert done.stdout == b"False\n"
