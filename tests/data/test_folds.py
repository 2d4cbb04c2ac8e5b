"""Folds of whole scenes: none is on both sides, and every pair is scored once."""

import itertools
from types import SimpleNamespace

import pytest

from zero_dce_keras.data import Pair, open_splits
from zero_dce_keras.data.folds import fold_splits, pairs_and_scenes
from zero_dce_keras.data.lol import lol_scenes


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_no_scene_is_on_both_sides_and_every_pair_is_validated_once(folds):
    scenes = [0, 0, 0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 6, 7]
    pairs = [Pair(number) for number in range(len(scenes))]
    scene_of = dict(zip(pairs, scenes, strict=True))
    validated = []
    for number in range(1, folds + 1):
        splits = fold_splits(pairs, scenes, number, folds)
        sides = [{scene_of[pair] for pair in side} for side in splits[:2]]
        assert sides[0] and sides[1] and not sides[0] & sides[1]
        assert sorted([*splits.train, *splits.validation]) == pairs
        assert splits.rest == splits.test == []
        validated += splits.validation
    assert sorted(validated) == pairs
    sizes = [len(fold_splits(pairs, scenes, n + 1, folds)[1]) for n in range(folds)]
    assert max(sizes) - min(sizes) <= 3  # the largest scene


@pytest.mark.parametrize(
    "number, folds, message",
    [
        (1, 1, "folds must be from 2 to 3, the number of scenes. Received: 1"),
        (1, 4, "folds must be from 2 to 3, .* Received: 4"),
        (0, 2, "fold must be from 1 to 2. Received: 0"),
        (3, 2, "fold must be from 1 to 2. Received: 3"),
    ],
)
def test_what_is_out_of_range_is_named(number, folds, message):
    with pytest.raises(ValueError, match=message):
        fold_splits([Pair(n) for n in range(4)], [0, 0, 1, 2], number, folds)


def test_scenes_of_lol_are_those_that_were_found_in_it(lol_folder):
    """5 and 6 show the same scene, and 690 and 691; eval15 has no part."""
    known = lol_scenes()
    ids = [name for name in ("2", "5", "6", "7", "690", "691") if name in known]
    data = lol_folder(train_ids=[int(name) for name in ids])
    pairs, scenes = pairs_and_scenes("lol", data, None)
    assert [pair.name for pair in pairs] == ids
    assert scenes == [known[name] for name in ids]
    assert len(set(scenes)) < len(scenes)  # else nothing is shown
    scene_of = dict(zip((pair.name for pair in pairs), scenes, strict=True))
    for number in (1, 2):
        splits = open_splits("lol", data, fold=[number, 2])
        train, validation = ({scene_of[p.name] for p in side} for side in splits[:2])
        assert train and validation and not train & validation


def test_a_photograph_of_the_sample_is_a_scene():
    pairs, scenes = pairs_and_scenes("sample", None, None)
    assert set(scenes) == {"astronaut", "motorcycle", "rocket", "grace_hopper"}
    assert len(pairs) == 70
    for pair, scene in zip(pairs, scenes, strict=True):
        assert pair.name.startswith(scene)
    with pytest.raises(ValueError, match="folds must be from 2 to 4"):
        open_splits("sample", fold=[1, 5])


def test_a_sequence_of_sice_is_a_scene_and_what_shows_several_is_left_out(
    monkeypatch, tmp_path
):
    fusions = [tmp_path / f"zero_dce_sice/fusions/{n}.png" for n in "ab"]
    further = Pair(tmp_path / "zero_dce_sice/further/low/0.png", fusions[0])
    frames = [Pair(tmp_path / f"{n}.jpg", fusions[n % 2]) for n in range(6)]
    splits = SimpleNamespace(train=[*frames[:5], further], validation=frames[5:])
    monkeypatch.setenv("ZERO_DCE_DATA", str(tmp_path))
    monkeypatch.setattr(
        "zero_dce_keras.data.sice.open_sice", lambda *args, **kwargs: splits
    )
    pairs, scenes = pairs_and_scenes("sice", "SICE", None)
    assert pairs == frames and scenes == [pair.reference for pair in frames]


def test_photographs_of_a_folder_are_scenes_of_their_own(photo_folder):
    folder = photo_folder(["1.png", "2.png", "3.png", "4.png"])
    names = [
        {pair.name for pair in open_splits("folder", folder, fold=[n, 2]).validation}
        for n in (1, 2)
    ]
    assert sorted(itertools.chain(*names)) == ["1", "2", "3", "4"]
    assert len(names[0]) == len(names[1]) == 2
