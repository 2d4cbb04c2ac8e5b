"""Folds for cross-validation: whole scenes, so that none is on both sides."""

from collections import defaultdict

import numpy as np

from zero_dce_keras.data.lol import find_our485, lol_scenes
from zero_dce_keras.data.sample import sample_pairs
from zero_dce_keras.data.sice import sequence_pairs
from zero_dce_keras.data.splits import Splits

SEED = 5


def fold_splits(pairs, scenes, number, folds):
    """Split pairs for one round of cross-validation.

    Scenes are drawn by lot, those of most pairs first, and each goes to the fold with the
    fewest pairs so far.

    Args:
        pairs: list of `Pair`.
        scenes: the scene that each shows, a list as long.
        number: which fold to validate on, from 1.
        folds: how many there are, at least 2 and at most one for each scene.

    Returns:
        `Splits` with `train` and `validation`; nothing is left over, nothing to test.

    Raises:
        ValueError: if a number is out of its range.

    Example:
        >>> from zero_dce_keras.data import Pair
        >>> pairs = [Pair(name) for name in "abcd"]
        >>> splits = fold_splits(pairs, [0, 0, 1, 2], number=1, folds=2)
        >>> sorted(len(part) for part in splits)
        [0, 0, 2, 2]
    """
    count = len(set(scenes))
    if not 2 <= folds <= count:
        raise ValueError(
            f"folds must be from 2 to {count}, the number of scenes. Received: {folds}"
        )
    if not 1 <= number <= folds:
        raise ValueError(f"fold must be from 1 to {folds}. Received: {number}")
    members = defaultdict(list)
    for pair, scene in zip(pairs, scenes, strict=True):
        members[scene].append(pair)
    sizes, fold_of = [0] * folds, {}
    names = list(members)
    drawn = [names[index] for index in np.random.default_rng(SEED).permutation(count)]
    for scene in sorted(drawn, key=lambda scene: -len(members[scene])):
        smallest = sizes.index(min(sizes))
        fold_of[scene] = smallest + 1
        sizes[smallest] += len(members[scene])
    train, validation = [], []
    for pair, scene in zip(pairs, scenes, strict=True):
        (validation if fold_of[scene] == number else train).append(pair)
    return Splits(train, validation, [], [])


def pairs_and_scenes(dataset, data_dir, folder_pairs):
    """Return all pairs of a data set that are not its test, and the scene of each.

    LOL's scenes were found in its references, SICE's are its sequences, the sample's are
    its photographs. In a folder, every photograph is a scene of its own: what shows the
    same thing there should not be in it twice.

    Args:
        dataset: `"lol"`, `"sample"`, `"sice"`, `"sice-dark"` or `"folder"`.
        data_dir: where it lies.
        folder_pairs: function of a directory, for a folder.

    Returns:
        List of `Pair`, and list of scenes.
    """
    if dataset == "lol":
        known, pairs = lol_scenes(), find_our485(data_dir)
        return pairs, [known.get(pair.name, pair.name) for pair in pairs]
    if dataset == "sample":
        train, validation, _ = sample_pairs(data_dir)
        pairs = [*train, *validation]
        return pairs, [pair.name.rpartition("_light")[0][:-2] for pair in pairs]
    if dataset in ("sice", "sice-dark"):
        pairs = sequence_pairs(data_dir, dark=dataset == "sice-dark")
        return pairs, [pair.reference for pair in pairs]
    pairs = folder_pairs(data_dir)
    return pairs, [pair.name for pair in pairs]
