"""What `--dataset` and `--data-dir` mean in every command."""

from pathlib import Path

from zero_dce_keras.data.folds import fold_splits, pairs_and_scenes
from zero_dce_keras.data.lol import lol_test_pairs, split_lol
from zero_dce_keras.data.pairs import find_pairs
from zero_dce_keras.data.sample import sample_pairs
from zero_dce_keras.data.sice import open_sice
from zero_dce_keras.data.splits import Splits
from zero_dce_keras.errors import check_choice, check_not_negative, check_positive
from zero_dce_keras.images import list_images

DATASETS = ("lol", "sample", "sice", "sice-dark", "folder")


def open_splits(
    dataset, data_dir=None, train_images=400, validation_images=85, fold=None
):
    """Find the pairs of a data set, and split them.

    Args:
        dataset: `"lol"`; `"sample"`, the embedded photographs; `"sice"`, the exposure
            sequences of Zero-DCE's training images; `"sice-dark"`, their dark frames;
            or `"folder"`, any directory with dark photographs in it, or with `low` and
            `high` in it.
        data_dir: where the data set lies; needed for a folder. With `low` and `high` in
            it, it is a folder, whatever `dataset` says.
        train_images: about how many pairs of LOL to train on. A folder of any size is
            split in the proportion of the two numbers; sample and sequences come split.
        validation_images: about how many to validate on.
        fold: `[number, folds]`: validate on that fold of scenes, from 1, and train on
            all others that are not the test's; `None` for the usual splits.

    Returns:
        `Splits` of `Pair` lists. All the photographs of a folder are also its test set.

    Raises:
        ValueError: if `dataset` is unknown, or a folder is not named.
        FileNotFoundError: if the data is not there.
    """
    check_choice("dataset", dataset, DATASETS)
    dataset = _meant(dataset, data_dir)
    check_positive("train_images", train_images)
    check_not_negative("validation_images", validation_images)
    if fold is not None:
        pairs, scenes = pairs_and_scenes(dataset, data_dir, find_folder)
        return fold_splits(pairs, scenes, *fold)
    if dataset == "lol":
        return split_lol(data_dir, train_images, validation_images)
    if dataset == "sample":
        train, validation, test = sample_pairs(data_dir)
        return Splits(train, validation, [], test)
    if dataset in ("sice", "sice-dark"):
        validate, dark = validation_images > 0, dataset == "sice-dark"
        return open_sice(data_dir, validate, dark)
    return _split_folder(data_dir, train_images, validation_images)


def guess_dataset(data_dir=None):
    """Return what a directory is when nobody says it: `"folder"` with photographs in it.

    Args:
        data_dir: str or `pathlib.Path`, or `None` for the usual place of LOL.

    Returns:
        `"folder"` where photographs, or `low` and `high`, lie right in the directory;
        else `"lol"`.
    """
    if data_dir is not None and Path(data_dir).is_dir():
        is_folder = _meant("lol", data_dir) == "folder"
        if is_folder or list_images(data_dir, recursive=False):
            return "folder"
    return "lol"


def _meant(dataset, data_dir):
    """Return `"folder"` for LOL where `low` and `high` lie in the directory itself."""
    if dataset == "lol" and data_dir is not None:
        sides = [Path(data_dir, side) for side in ("low", "high")]
        if all(side.is_dir() for side in sides):
            return "folder"
    return dataset


def find_folder(data_dir):
    """Return the pairs of a folder: of `low` and `high` in it, or photographs alone."""
    if data_dir is None:
        raise ValueError("--dataset folder needs --data-dir, the folder of photographs")
    root = Path(data_dir)
    if (root / "low").is_dir():
        high = root / "high"
        return find_pairs(root / "low", high if high.is_dir() else None)
    return find_pairs(root)


def _split_folder(data_dir, train_images, validation_images):
    pairs = find_folder(data_dir)
    if not validation_images or len(pairs) == 1:
        return Splits(pairs, [], [], pairs)
    share = train_images / (train_images + validation_images)
    train_end = max(1, min(len(pairs) - 1, round(len(pairs) * share)))
    return Splits(pairs[:train_end], pairs[train_end:], [], pairs)


def find_split(
    dataset, data_dir=None, split="test", train_images=400, validation_images=85
):
    """Find the pairs of one split. LOL's `test`, eval15, is found without our485.

    Args:
        dataset, data_dir, train_images, validation_images: as in `open_splits`.
        split: `"train"`, `"validation"`, `"rest"` or `"test"`.

    Returns:
        List of `Pair`.

    Raises:
        ValueError: if the split is unknown or empty.
    """
    check_choice("split", split, Splits._fields)
    if split == "test" and _meant(dataset, data_dir) == "lol":
        return lol_test_pairs(data_dir)
    splits = open_splits(dataset, data_dir, train_images, validation_images)
    pairs = getattr(splits, split)
    if not pairs:
        raise ValueError(f"the split {split!r} of {dataset} is empty")
    return pairs


def find_test_pairs(dataset, data_dir=None):
    """Find the test pairs alone: eval15 of LOL can be scored without our485.

    Args:
        dataset: as in `open_splits`.
        data_dir: as in `open_splits`.

    Returns:
        List of `Pair`.
    """
    return find_split(dataset, data_dir)
