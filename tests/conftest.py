"""Fixtures for every test: tiny photographs, folders of them, and a clean environment."""

import functools
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zero_dce_keras import cli

os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
pytest.register_assert_rewrite("checks")

HEIGHT, WIDTH = 32, 48  # not square, so that mix-ups of the axes show
SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def data_home_of_tests(tmp_path_factory):
    return tmp_path_factory.mktemp("data_home")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, data_home_of_tests):
    """Keep the user's cache out of the tests, and chance too."""
    monkeypatch.setenv("ZERO_DCE_DATA", str(data_home_of_tests))
    if "keras" in sys.modules:  # light tests stay light
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture
def without_xla(monkeypatch):
    """Models compile without XLA, whose compilation takes longer than a tiny run."""
    from zero_dce_keras import ZeroDCE

    compile = functools.partialmethod(ZeroDCE.compile, jit_compile=False)
    monkeypatch.setattr(ZeroDCE, "compile", compile)


@pytest.fixture
def low_light():
    """Two dark images, float32 in [0, 0.2]."""
    rng = np.random.default_rng(0)
    return 0.2 * rng.random((2, HEIGHT, WIDTH, 3), dtype="float32")


@pytest.fixture
def reference():
    """What two well-exposed images might be, float32 in [0, 1]."""
    return np.random.default_rng(1).random((2, HEIGHT, WIDTH, 3), dtype="float32")


@pytest.fixture
def shared():
    """The directory `../shared`; without it the test is skipped."""
    if not SHARED.is_dir():
        pytest.skip(f"needs {SHARED}")
    return SHARED


def run_command(main, capsys, *arguments):
    """Run a command as its users do: (exit code, stdout, stderr)."""
    try:
        code = cli.run(main, [str(argument) for argument in arguments])
    except SystemExit as exit:
        code = exit.code
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def write_photo(path, seed=0, size=(HEIGHT, WIDTH), brightness=256):
    """Write a photograph of noise; returns its path."""
    pixels = np.random.default_rng(seed).integers(0, brightness, (*size, 3), "uint8")
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def photo_folder(tmp_path):
    """Factory of a folder of dark photographs, with what Finder leaves in it."""

    def make(names=("1.png", "2.jpg", "10.png"), folder="photos", **kwargs):
        (tmp_path / folder).mkdir(parents=True)
        for seed, name in enumerate(names):
            write_photo(tmp_path / folder / name, seed, brightness=60, **kwargs)
        (tmp_path / folder / ".DS_Store").write_bytes(b"not a photograph")
        return tmp_path / folder

    return make


@pytest.fixture(scope="session")
def make_lol():
    """Function that writes a small LOL at some depth of a directory."""

    def make(directory, train_ids, test_ids=(1, 22)):
        root = directory / "unpacked" / "lol_dataset"
        for split, ids in (("our485", train_ids), ("eval15", test_ids)):
            for number in ids:
                low = root / split / "low" / f"{number}.png"
                write_photo(low, number, brightness=60)
                high = "jpg" if number % 2 else "png"
                write_photo(root / split / "high" / f"{number}.{high}", number)
            (root / split / "low" / ".DS_Store").write_bytes(b"not a photograph")
        # What unpacking an archive of macOS leaves behind, nearer than the real one.
        write_photo(directory / "__MACOSX" / "our485" / "low" / "._2.png")
        return root

    return make


@pytest.fixture
def lol_folder(tmp_path, make_lol):
    """Factory of a small LOL; gives the directory that holds it at some depth."""

    def make(train_ids=(2, 5, 6, 7, 8, 9), test_ids=(1, 22)):
        make_lol(tmp_path / "data", train_ids, test_ids)
        return tmp_path / "data"

    return make
