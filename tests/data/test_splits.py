from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zero_dce_keras.data import split_at_scenes
from zero_dce_keras.data.lol import lol_scenes


def test_packaged_scenes():
    """485 training photographs; a scene's ids are neighbours."""
    scenes = lol_scenes()
    assert len(scenes) == 485
    ids = [int(stem) for stem in scenes]
    assert ids == sorted(ids)
    runs = [scene for scene, _ in groupby(scenes.values())]
    assert len(runs) == len(set(runs))
    assert scenes["690"] == scenes["691"] and scenes["629"] == scenes["630"]


@pytest.mark.large
def test_packaged_scenes_are_the_shared_ones(shared):
    rows = (shared / "data" / "lol" / "scenes.csv").read_text().split()
    rows = [row.split(",") for row in rows[1:]]
    expected = {stem: int(scene) for stem, split, scene in rows if split == "our485"}
    assert lol_scenes() == expected


@pytest.mark.parametrize("train, validation", [(400, 85), (300, 185), (350, 100)])
def test_lol(train, validation):
    scenes = list(lol_scenes().values())
    train_end, validation_end = split_at_scenes(scenes, train, validation)
    parts = (
        scenes[:train_end],
        scenes[train_end:validation_end],
        scenes[validation_end:],
    )
    assert not set(parts[0]) & set(parts[1]) and not set(parts[1]) & set(parts[2])
    assert bool(parts[2]) == (train == 350)
    for end, asked in ((train_end, train), (validation_end, train + validation)):
        assert end == nearest_boundary(scenes, asked)
        assert abs(end - asked) <= 3


def nearest_boundary(scenes, count):
    """The boundary nearest to `count`, the lower of two, found by walking."""
    for distance in range(len(scenes) + 1):
        for end in (count - distance, count + distance):
            if end in (0, len(scenes)):
                return end
            if 0 < end < len(scenes) and scenes[end - 1] != scenes[end]:
                return end


@given(
    lengths=st.lists(st.integers(1, 6), min_size=2, max_size=30),
    data=st.data(),
)
def test_any_split_is_at_the_nearest_boundaries(lengths, data):
    scenes = [scene for scene, length in enumerate(lengths) for _ in range(length)]
    train = data.draw(st.integers(1, len(scenes) - 1))
    validation = data.draw(st.integers(0, len(scenes) - train))
    ends = (
        nearest_boundary(scenes, train),
        nearest_boundary(scenes, train + validation),
    )
    if ends[0] == 0 or (validation and ends[0] == ends[1]):
        with pytest.raises(ValueError, match="leave a split empty"):
            split_at_scenes(scenes, train, validation)
    else:
        assert split_at_scenes(scenes, train, validation) == ends


@pytest.mark.parametrize(
    "train, validation, message",
    [
        (0, 2, "train_images must be finite and positive. Received: 0"),
        (2, -1, "validation_images must be finite and not negative. Received: -1"),
        (4, 3, "must be at most 6. Received: 4 \\+ 3"),
        (7, 0, "must be at most 6. Received: 7 \\+ 0"),
        (1, 1, "train_images=1 and validation_images=1 leave a split empty"),
    ],
)
def test_errors(train, validation, message):
    with pytest.raises(ValueError, match=message):
        split_at_scenes([0, 0, 0, 1, 1, 2], train, validation)
