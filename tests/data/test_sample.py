import hashlib
import json
import shutil
import subprocess
import sys

import numpy as np
import platformdirs
import pytest
from platformdirs import macos, unix, windows

from zero_dce_keras import load_sample
from zero_dce_keras.data import sample as sample_module
from zero_dce_keras.data.home import data_home
from zero_dce_keras.data.sample import find_sample
from zero_dce_keras.images import list_images, read_image, to_float

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def sample(data_home_of_tests):
    return find_sample(data_home_of_tests)


@pytest.fixture
def small_sample(monkeypatch):
    """One tiny photograph, so that making the sample takes no time."""
    image = np.full((20, 30, 3), 128, "uint8")
    monkeypatch.setattr(sample_module, "read_wheel_photograph", lambda name: image)
    monkeypatch.setattr(
        sample_module, "SPLITS", {"test": (("chelsea",), (6, 40), False)}
    )


def names(sample, split, side):
    return [path.name for path in list_images(sample / split / side)]


def test_pairs_have_equal_names_and_sizes(sample):
    counts = {"train": 60, "validation": 10, "test": 6}
    for split in SPLITS:
        low, high = names(sample, split, "low"), names(sample, split, "high")
        assert low == high and len(low) == counts[split]
        for name in low:
            dark = read_image(sample / split / "low" / name)
            bright = read_image(sample / split / "high" / name)
            assert dark.shape == bright.shape
            assert dark.mean() < bright.mean()
            assert max(dark.shape) <= 600
            if split != "test":
                assert dark.shape == (192, 192, 3)


def test_no_photograph_is_in_two_splits(sample):
    photographs = [
        {
            name.split("_light_")[0].rstrip("_0123456789")
            for name in names(sample, s, "low")
        }
        for s in SPLITS
    ]
    assert photographs == [
        {"astronaut", "motorcycle", "rocket"},
        {"grace_hopper"},
        {"chelsea", "coffee"},
    ]


def test_low_images_are_as_dark_and_noisy_as_stated(sample):
    means = [
        to_float(read_image(path)).mean()
        for split in SPLITS
        for path in list_images(sample / split / "low")
    ]
    assert 0.01 < min(means) and max(means) < 0.3
    assert 0.05 < np.mean(means) < 0.15
    card = json.loads((sample / "sample.json").read_text())
    exposures = [e for split in SPLITS for e in card["exposures"][split].values()]
    assert min(exposures) == 1 / 40 and max(exposures) == 1 / 4


def test_pixels_are_the_same_on_every_machine(sample):
    digest = hashlib.sha256()
    for split in SPLITS:
        for side in ("low", "high"):
            for path in list_images(sample / split / side):
                digest.update(path.name.encode() + read_image(path).tobytes())
    # A change here needs a new VERSION in sample.py.
    assert sample_module.VERSION == 1
    assert (
        digest.hexdigest()
        == "ab5f0d0f74cf644bd62bdba44a849d3d5026f96053529db1d26083b108d51d20"
    )


def test_found_again_without_work(sample, monkeypatch):
    before = set(sample.parent.iterdir())
    monkeypatch.setattr(sample_module, "_write_sample", None)
    assert find_sample(sample.parent) == sample
    assert set(sample.parent.iterdir()) == before


def test_default_directory(monkeypatch, tmp_path, small_sample):
    monkeypatch.setenv("ZERO_DCE_DATA", str(tmp_path / "not" / "yet"))
    assert find_sample() == tmp_path / "not" / "yet" / "zero_dce_sample"


def test_old_version_and_missing_files_are_made_anew(
    tmp_path, monkeypatch, small_sample
):
    sample = find_sample(tmp_path)
    low = list_images(sample / "test" / "low")
    low[0].unlink()
    find_sample(tmp_path)
    assert low[0].is_file()

    (sample / "test" / "old.txt").touch()
    monkeypatch.setattr(sample_module, "VERSION", 99)
    find_sample(tmp_path)
    assert not (sample / "test" / "old.txt").exists()
    assert json.loads((sample / "sample.json").read_text())["version"] == 99
    assert [path.name for path in tmp_path.iterdir()] == ["zero_dce_sample"]


def test_loser_of_a_race_uses_the_winners_sample(tmp_path, monkeypatch, small_sample):
    winner = find_sample(tmp_path / "winner")
    write = sample_module._write_sample

    def write_slowly(directory):
        write(directory)
        shutil.copytree(winner, tmp_path / "zero_dce_sample")
        (tmp_path / "zero_dce_sample" / "winner.txt").touch()

    monkeypatch.setattr(sample_module, "_write_sample", write_slowly)
    assert (find_sample(tmp_path) / "winner.txt").is_file()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["winner", "zero_dce_sample"]


def test_failure_leaves_nothing(tmp_path, monkeypatch, small_sample):
    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sample_module, "darken", fail)
    with pytest.raises(KeyboardInterrupt):
        find_sample(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_foreign_directory_is_left_alone(tmp_path):
    (tmp_path / "zero_dce_sample").mkdir()
    (tmp_path / "zero_dce_sample" / "mine.txt").touch()
    with pytest.raises(FileExistsError, match="not the sample. Move it away"):
        find_sample(tmp_path)
    assert (tmp_path / "zero_dce_sample" / "mine.txt").is_file()


def test_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Cannot write the sample.*ZERO_DCE_DATA"):
        find_sample(tmp_path / "file")


def test_missing_package_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(sample_module, "find_spec", lambda package: None)
    with pytest.raises(ImportError, match=r"skimage .* pip install '\.\[sample\]'"):
        find_sample(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_photograph_is_named(tmp_path, monkeypatch):
    """Where its package is installed, that is not what is missing."""
    monkeypatch.setitem(sample_module.FILES, "astronaut", ("skimage", "data/no.png"))
    with pytest.raises(FileNotFoundError, match=r"no\.png: no such file; install skim"):
        find_sample(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_sample_needs_no_tensorflow():
    code = (
        "import sys, zero_dce_keras.data.sample; print([name for name in "
        "('tensorflow', 'keras', 'skimage', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        (unix.Unix, {}, "~/.cache/zero_dce_keras"),
        (unix.Unix, {"XDG_CACHE_HOME": "/caches"}, "/caches/zero_dce_keras"),
        (macos.MacOS, {}, "~/Library/Caches/zero_dce_keras"),
        (windows.Windows, {}, "/local/zero_dce_keras"),
        (unix.Unix, {"ZERO_DCE_DATA": "/photos"}, "/photos"),
        (unix.Unix, {"ZERO_DCE_DATA": "~/photos"}, "~/photos"),
    ],
)
def test_data_home(monkeypatch, tmp_path, platform, variables, expected):
    """Where version 0.1.0 had it, too."""
    monkeypatch.setattr(platformdirs, "PlatformDirs", platform)
    monkeypatch.setattr(windows, "get_win_folder", lambda name: "/local")
    for name in ("ZERO_DCE_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_home().as_posix() == expected.replace("~", tmp_path.as_posix())


def test_load_sample_gives_batches_of_pairs(sample):
    train, validation, test = load_sample(sample.parent, image_size=32, batch_size=16)
    assert [len(each) for each in (train, validation, test)] == [4, 1, 6]
    for batches, shape in ((train, (16, 32, 32, 3)), (validation, (10, 32, 32, 3))):
        low_light, reference = (np.asarray(each) for each in next(iter(batches)))
        assert low_light.shape == reference.shape == shape
        assert 0 <= low_light.mean() < reference.mean() <= 1
