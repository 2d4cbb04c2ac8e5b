import numpy as np
import pytest
from PIL import Image

from zero_dce_keras import find_lol, load_lol
from zero_dce_keras.data import open_splits
from zero_dce_keras.data.lol import lol_scenes, split_lol


def names(pairs):
    return [int(pair.name) for pair in pairs]


def test_finds_it_at_any_depth(lol_folder, monkeypatch):
    data = lol_folder()
    expected = data / "unpacked" / "lol_dataset"
    assert find_lol(data) == expected  # not __MACOSX, which lies nearer
    assert find_lol(str(expected)) == expected
    monkeypatch.setenv("ZERO_DCE_DATA", str(data))
    assert find_lol() == expected


def test_missing_data_says_what_to_do(tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileNotFoundError) as error:
            find_lol(place)
        for hint in (place, "--data-dir", "ZERO_DCE_DATA", "https://", "sample"):
            assert str(hint) in str(error.value)


def test_splits_by_ascending_id_at_scenes(lol_folder):
    scenes = lol_scenes()
    ids = [int(stem) for stem in list(scenes)[:8]]
    splits = split_lol(lol_folder(reversed(ids)), 4, 2)
    parts = [names(part) for part in splits[:3]]
    assert [number for part in parts for number in part] == ids
    found = [{scenes[str(number)] for number in part} for part in parts]
    assert not found[0] & found[1] and not found[1] & found[2]
    assert names(splits.test) == [1, 22]
    counts = "{} train, {} validation, {} rest, 2 test".format(*map(len, parts))
    assert splits.describe() == counts
    for pair in splits.train + splits.test:
        assert pair.low_light.parent.name == "low"
        assert pair.reference.parent.name == "high"
        assert pair.low_light.parents[1] == pair.reference.parents[1]


def test_load_lol(lol_folder):
    data = lol_folder()
    train, validation, test = load_lol(data, 4, 2, image_size=16, batch_size=2)
    for dataset in (train, validation):
        shapes = [(low.shape, high.shape) for low, high in dataset]
        assert shapes == [((2, 16, 16, 3), (2, 16, 16, 3))] * len(shapes)
    assert len(train) == 2 and len(validation) == 1
    sizes = [tuple(low.shape) for low, high in test]
    assert sizes == [(1, 32, 48, 3)] * 2  # full size, one pair a batch
    low, high = next(iter(test))
    root = find_lol(data) / "eval15"
    for values, path in ((low, root / "low/1.png"), (high, root / "high/1.jpg")):
        expected = np.asarray(Image.open(path), dtype="float32") / 255
        np.testing.assert_allclose(values[0], expected, atol=1e-6)


def test_with_crops_the_validation_set_is_whole(lol_folder):
    data = lol_folder()
    train, validation, _ = load_lol(data, 4, 2, 16, batch_size=2, crop=True)
    assert [tuple(low.shape) for low, _ in train] == [(2, 16, 16, 3)] * 2
    shapes = [(tuple(low.shape), tuple(high.shape)) for low, high in validation]
    assert shapes == [((1, 32, 48, 3),) * 2] * 2


def test_the_rest_as_test_set(lol_folder):
    _, _, rest = load_lol(lol_folder(), 1, 3, 16, 1, test_split="rest")
    assert len(rest) == 2
    with pytest.raises(ValueError, match="test_split must be one of .*'train'"):
        load_lol(lol_folder(), test_split="train")


def test_more_images_than_there_are(lol_folder):
    with pytest.raises(ValueError, match="at most 6"):
        load_lol(lol_folder())


def test_incomplete_data_names_what_is_missing(lol_folder):
    root = find_lol(lol_folder())
    (root / "our485" / "high" / "5.jpg").unlink()
    with pytest.raises(ValueError, match=r"low/5\.png"):
        load_lol(root, 4, 2)


# A folder of one's own


@pytest.mark.parametrize(
    "count, asked, expected",
    [
        (10, (6, 3), (7, 3, 0)),
        (10, (400, 85), (8, 2, 0)),
        (2, (400, 85), (1, 1, 0)),
        (1, (400, 85), (1, 0, 0)),
        (10, (400, 0), (10, 0, 0)),
    ],
)
def test_folder(photo_folder, count, asked, expected):
    folder = photo_folder([f"{i}.png" for i in range(count)])
    splits = open_splits("folder", folder, *asked)
    assert tuple(map(len, splits[:3])) == expected
    split = [*splits.train, *splits.validation, *splits.rest]
    assert names(split) == names(splits.test) == list(range(count))
    assert all(pair.reference is None for pair in splits.test)


def test_folder_of_pairs(photo_folder):
    photo_folder(["1.png", "2.png"], "mine/low")
    folder = photo_folder(["1.jpg", "2.jpg"], "mine/high").parent
    splits = open_splits("folder", folder)
    assert all(pair.reference.suffix == ".jpg" for pair in splits.test)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("folder", None), "--data-dir"),
        (("sidd", None), "dataset must be one of .*'sidd'"),
        (("folder", ".", -3, 5), "train_images must .* Received: -3"),
        (("folder", ".", 3, -1), "validation_images must .* Received: -1"),
    ],
)
def test_errors(arguments, message, photo_folder, monkeypatch):
    monkeypatch.chdir(photo_folder())
    with pytest.raises(ValueError, match=message):
        open_splits(*arguments)


@pytest.mark.large
@pytest.mark.parametrize("train, validation", [(400, 85), (300, 185), (350, 100)])
def test_real_lol(shared, train, validation):
    splits = split_lol(shared / "data" / "lol", train, validation)
    assert sum(map(len, splits[:3])) == 485 and len(splits.test) == 15
    assert bool(splits.rest) == (train == 350)
    scenes = lol_scenes()
    found = [{scenes[pair.name] for pair in part} for part in splits[:3]]
    assert not found[0] & found[1] and not found[1] & found[2]
