"""Exposure sequences: which frames belong together, and what is made of them."""

import json

import numpy as np
import pytest
from PIL import Image

from zero_dce_keras.data import open_splits, sice

SEQUENCES = {
    "1": (["1", "2", "3"], "train"),
    "2": (["5", "6"], "train"),
    "3": (["8", "9"], "test"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Images 1 to 9 of three sequences; 4 and 7 belong to none."""
    monkeypatch.setenv("ZERO_DCE_DATA", str(tmp_path / "home"))
    monkeypatch.setattr(sice, "read_sequences", lambda: SEQUENCES)
    monkeypatch.setattr(sice, "VALIDATION", 1)
    monkeypatch.setattr(sice, "NIGHTS", 2)
    monkeypatch.setattr(sice, "HIGH_KEY", 8)
    rng = np.random.default_rng(0)
    (tmp_path / "sice").mkdir()
    for number in range(1, 10):
        image = rng.integers(0, 25 * number, (32, 32, 3)).astype("uint8")
        Image.fromarray(image).save(tmp_path / "sice" / f"{number}.png")
    return tmp_path / "sice"


def ids(pairs):
    """The frames, without what was made: fusions and nights."""
    return {p.name for p in pairs if p.low_light.parent.name == "sice"}


def test_splits(folder):
    splits = open_splits("sice", folder)
    assert ids(splits.test) == {"8", "9"} and not splits.rest
    scenes = [ids(splits.train), ids(splits.validation)]
    assert sorted(scenes, key=len) == [{"5", "6"}, {"1", "2", "3"}]
    for pair in (*splits.validation, *splits.test):
        sequence = next(n for n, (f, _) in SEQUENCES.items() if pair.name in f)
        assert pair.reference.stem == sequence
    made = [pair for pair in splits.train if len(pair.name) == 4]
    assert len(made) == 10
    same = [pair for pair in splits.train if pair.low_light == pair.reference]
    assert len(same) == 1 and same[0].name not in {p.name for p in splits.test}
    for pair in splits.train:
        shapes = {np.asarray(Image.open(path)).shape for path in pair}
        assert shapes == {(32, 32, 3)}


def test_without_validation_all_of_train_is_trained_on(folder):
    splits = open_splits("sice", folder, validation_images=0)
    assert ids(splits.train) == {"1", "2", "3", "5", "6"} and not splits.validation
    assert ids(splits.test) == {"8", "9"}


def test_it_is_made_once(folder, tmp_path, monkeypatch):
    open_splits("sice", folder)
    monkeypatch.setattr(sice, "_write", lambda *_: 1 / 0)
    open_splits("sice", folder)
    card = tmp_path / "home" / "zero_dce_sice" / "sice.json"
    card.write_text(json.dumps({"version": 0}))
    with pytest.raises(ZeroDivisionError):  # of an older version
        open_splits("sice", folder)


def test_what_is_not_ours_is_left_alone(folder, tmp_path):
    (tmp_path / "home" / "zero_dce_sice").mkdir(parents=True)
    with pytest.raises(FileExistsError, match="Move it away"):
        open_splits("sice", folder)


def test_missing_images(folder):
    (folder / "2.png").unlink()
    with pytest.raises(FileNotFoundError, match="1 of the 7 images .* such as 2.jpg"):
        open_splits("sice", folder)
    with pytest.raises(ValueError, match="sice needs --data-dir"):
        open_splits("sice")


def test_the_real_sequences():
    sequences = sice.read_sequences()
    splits = [split for _, split in sequences.values()]
    assert (splits.count("train"), splits.count("test")) == (203, 40)
    assert sum(len(frames) for frames, _ in sequences.values()) == 1930
    chosen = sice.choose_validation(sequences)
    assert len(chosen) == 36
    assert all(sequences[name][1] == "train" for name in chosen)
