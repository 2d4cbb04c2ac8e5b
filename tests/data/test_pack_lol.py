import importlib.util
import stat
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from conftest import run_command
from zero_dce_keras import find_lol
from zero_dce_keras.data import make_dataset, open_splits
from zero_dce_keras.images import read_image, resize_image

SCRIPT = Path(__file__).parents[2] / "tools" / "pack_lol.py"
SIZE = 16  # of a square, or of the shorter side


@pytest.fixture(scope="module")
def pack_lol():
    """The script as a module; `tools` is not a package."""
    spec = importlib.util.spec_from_file_location("pack_lol", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def pack(pack_lol, capsys):
    """Run the command: `(exit code, stdout, the lines of stderr)`."""

    def run(*arguments):
        code, out, err = run_command(pack_lol.main, capsys, *arguments)
        return code, out, err.splitlines()

    return run


def open_both(data, packed):
    """The splits of LOL and of its pack."""
    return open_splits("lol", data, 4, 2), open_splits("lol", packed, 4, 2)


def batches(splits, size):
    """All of our485 as training sees it: `(low_light, reference)` batches."""
    pairs = [*splits.train, *splits.validation, *splits.rest]
    dataset = make_dataset(pairs, size, batch_size=2, shuffle=True, flip=True)
    return [list(map(keras.ops.convert_to_numpy, batch)) for batch in dataset]


def assert_same_pixels(expected, packed, change=lambda image: image):
    """The photographs of packed pairs are those of the others, changed."""
    assert [pair.name for pair in packed] == [pair.name for pair in expected]
    for ours, theirs in zip(packed, expected, strict=True):
        for path, source in zip(ours, theirs, strict=True):
            assert path.parts[-3:-1] == source.parts[-3:-1]  # our485/low
            np.testing.assert_array_equal(read_image(path), change(read_image(source)))


@pytest.mark.parametrize("size", [SIZE, 40])  # 40 enlarges the height, as training does
def test_square_gives_the_batches_of_lol(size, lol_folder, pack, tmp_path):
    data, packed = lol_folder(), tmp_path / "packed"
    assert pack("--data-dir", data, "-o", packed, "--square", size)[0] == 0
    before, after = (batches(splits, size) for splits in open_both(data, packed))
    assert len(before) == 3
    for expected, found in zip(before, after, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_shorter_side_keeps_the_aspect(lol_folder, pack, tmp_path):
    data, packed = lol_folder(), tmp_path / "packed"
    code, out, _ = pack("--data-dir", data, "-o", packed, "--shorter-side", SIZE)
    sizes = [path.stat().st_size for path in packed.rglob("*.webp")]
    assert code == 0 and len(sizes) == 2 * (6 + 2)
    assert out == f"{packed}: 16 files, {sum(sizes) / 1e6:.1f} MB\n"
    before, after = open_both(data, packed)
    assert after.describe() == before.describe()
    for name in ("train", "validation", "rest"):  # 32×48 before
        assert_same_pixels(
            getattr(before, name),
            getattr(after, name),
            lambda image: resize_image(image, SIZE, SIZE * 3 // 2),
        )
    assert_same_pixels(before.test, after.test)
    crops = make_dataset(after.train, SIZE, 4, crop=True)
    assert next(iter(crops))[0].shape == (4, SIZE, SIZE, 3)


def test_default_does_not_enlarge(lol_folder, pack, tmp_path):
    data, packed = lol_folder(), tmp_path / "packed"
    assert pack("--data-dir", data, "-o", packed)[0] == 0
    before, after = open_both(data, packed)
    assert_same_pixels(before.train, after.train)


def test_portrait(pack_lol):
    image = np.zeros((60, 41, 3), "uint8")
    assert pack_lol.to_shorter_side(image, 20).shape == (29, 20, 3)


def test_layout(lol_folder, pack, tmp_path, monkeypatch):
    """The data is found as everywhere; the pack can be read by all who may."""
    monkeypatch.setenv("ZERO_DCE_DATA", str(lol_folder()))
    packed = tmp_path / "not" / "yet" / "packed"
    assert pack("-o", packed)[0] == 0
    assert find_lol(packed) == packed / "lol_dataset"
    low = [path.name for path in (packed / "lol_dataset/our485/low").iterdir()]
    assert sorted(low) == [f"{number}.webp" for number in (2, 5, 6, 7, 8, 9)]
    assert [path.name for path in packed.parent.iterdir()] == ["packed"]
    ordinary = stat.S_IMODE(packed.parent.stat().st_mode)
    assert stat.S_IMODE(packed.stat().st_mode) == ordinary


# What can go wrong


def test_existing_output_is_refused(lol_folder, pack, tmp_path):
    data, packed = lol_folder(), tmp_path / "packed"
    packed.mkdir()
    code, out, err = pack("--data-dir", data, "-o", packed)
    assert code == 1 and out == ""
    assert err[-1] == f"error: {packed} is there already: give a new directory"
    assert list(packed.iterdir()) == []


def test_missing_data(pack, tmp_path):
    nowhere = tmp_path / "nowhere"
    code, out, err = pack("--data-dir", nowhere, "-o", tmp_path / "packed")
    assert code == 1 and out == ""
    assert len(err) == 1 and err[0].startswith(f"error: {nowhere}: no LOL data set")
    assert list(tmp_path.iterdir()) == []


def test_damaged_photograph_leaves_nothing(lol_folder, pack, tmp_path):
    data = lol_folder()
    damaged = find_lol(data) / "our485" / "low" / "9.png"
    damaged.write_bytes(damaged.read_bytes()[:100])
    code, out, err = pack("--data-dir", data, "-o", tmp_path / "packed")
    assert code == 1 and out == ""
    assert err[-1].startswith(f"error: Cannot read '{damaged}'")
    assert list(tmp_path.iterdir()) == [data]


def test_interruption_leaves_nothing(lol_folder, pack, pack_lol, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pack_lol, "resize_image", interrupt)
    data = lol_folder()
    code, _, err = pack("--data-dir", data, "-o", tmp_path / "packed")
    assert code == 130 and err[-1] == "interrupted"
    assert list(tmp_path.iterdir()) == [data]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--square", "16"], "--output"),
        (["-o", "packed", "--square", "0"], "must be positive"),
        (["-o", "packed", "--shorter-side", "16", "--square", "16"], "not allowed"),
    ],
)
def test_wrong_usage(arguments, words):
    done = subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert words in line and "python tools/pack_lol.py --help" in line
