"""The LOL data set (Wei et al., BMVC 2018): pairs of dark and well-exposed photos."""

import csv
import logging
from importlib import resources
from pathlib import Path

from zero_dce_keras.data.fetch_lol import ARCHIVE_NAME, LOL_URL, fetch_lol
from zero_dce_keras.data.home import data_home
from zero_dce_keras.data.pairs import find_pairs
from zero_dce_keras.data.splits import Splits, split_at_scenes
from zero_dce_keras.errors import check_choice, check_positive

log = logging.getLogger(__name__)


def load_lol(
    data_dir=None,
    train_images=400,
    validation_images=85,
    image_size=256,
    batch_size=16,
    seed=1143,
    test_split="eval15",
    crop=False,
    **options,
):
    """Load LOL as three data sets of `(low_light, reference)` in [0, 1], for `fit`.

    The 485 training pairs are split by ascending id at the scene boundary nearest to
    the numbers asked for; 400/85, 300/185 and 350/100 (the remaining pairs are a third
    split) all work. The test set is eval15 at full size, one pair a batch.

    Args:
        data_dir: directory that holds `our485`, at any depth, or `lol_dataset.zip`. By
            default `ZERO_DCE_DATA`, or the user cache directory; what is not there is
            downloaded.
        train_images: about how many pairs to train on.
        validation_images: about how many pairs to validate on.
        image_size: side in pixels of the training and validation images.
        batch_size: images in a batch of the training and validation sets.
        seed: seed of the shuffling, and of the random crops if asked for.
        test_split: `"eval15"`, or `"rest"` for the training pairs that neither the
            training nor the validation set holds.
        crop: whether the training images are random squares of `image_size`, cut out
            and not resized. The validation images then stay whole, one pair a batch.
        **options: what else `make_dataset` takes for the training set:
            `drop_remainder`, `flip`, `rotate`, `mixup`, `augmentation`.

    Returns:
        `(train, validation, test)`: `tf.data.Dataset`s (on JAX and PyTorch
        `PhotoBatches`) of pairs of float32 tensors `(B, image_size, image_size, 3)`;
        `(1, H, W, 3)` for the test set, and with `crop` for the validation set.

    Raises:
        FileNotFoundError: if the data set is not there and cannot be downloaded; the
            message says what to do.
        ValueError: if the numbers do not fit the data.
    """
    from zero_dce_keras.data.pipeline import make_dataset  # imports Keras

    check_choice("test_split", test_split, ("eval15", "rest"))
    check_positive("validation_images", validation_images)
    splits = split_lol(data_dir, train_images, validation_images)
    log.info("LOL: %s", splits.describe())
    test = splits.test if test_split == "eval15" else splits.rest
    whole = {"image_size": None, "batch_size": 1}
    resized = {"image_size": image_size, "batch_size": batch_size}
    return (
        make_dataset(
            splits.train, **resized, shuffle=True, seed=seed, crop=crop, **options
        ),
        make_dataset(splits.validation, **(whole if crop else resized)),
        make_dataset(test, **whole),
    )


def split_lol(data_dir=None, train_images=400, validation_images=85):
    """Split the pairs of LOL, into `Splits`; see `load_lol`."""
    root, pairs = get_lol(data_dir), find_our485(data_dir)
    scenes = [lol_scenes().get(pair.name, pair.name) for pair in pairs]
    train_end, validation_end = split_at_scenes(scenes, train_images, validation_images)
    return Splits(
        train=pairs[:train_end],
        validation=pairs[train_end:validation_end],
        rest=pairs[validation_end:],
        test=lol_test_pairs(root),
    )


def find_our485(data_dir=None):
    """Return the pairs of our485, all that is not LOL's test set."""
    our485 = get_lol(data_dir) / "our485"
    return find_pairs(our485 / "low", our485 / "high")


def lol_test_pairs(data_dir=None):
    """Return the pairs of eval15, LOL's test set."""
    eval15 = get_lol(data_dir, "eval15") / "eval15"
    return find_pairs(eval15 / "low", eval15 / "high")


def get_lol(data_dir=None, part="our485"):
    """Find LOL; make it of `lol_dataset.zip` where it is not there.

    The archive is downloaded if no directory was given.
    """
    start = Path(data_dir) if data_dir is not None else data_home()
    try:
        return find_lol(start, part)
    except FileNotFoundError:
        if data_dir is not None and not (start / ARCHIVE_NAME).is_file():
            raise
    fetch_lol(start, may_download=data_dir is None)
    return find_lol(start, part)


def find_lol(data_dir=None, part="our485"):
    """Find the directory that holds `our485` (or another part), at any depth."""
    start = Path(data_dir) if data_dir is not None else data_home()
    if start.is_dir():
        for found in sorted(start.rglob(part), key=lambda path: len(path.parts)):
            if _is_visible(found.relative_to(start)) and (found / "low").is_dir():
                return found.parent
    raise FileNotFoundError(
        f"{start}: no LOL data set here (a directory {part} with low and high in it). "
        "Give its place with --data-dir (in Python: data_dir=) or in ZERO_DCE_DATA; "
        f"or place {LOL_URL} there; or use --dataset sample"
    )


def _is_visible(path):
    """Return whether no part is hidden: unfinished, or macOS' metadata in archives."""
    return not any(part == "__MACOSX" or part.startswith(".") for part in path.parts)


def lol_scenes():
    """Read which scene every photograph of LOL's `our485` shows: `{stem: scene}`."""
    text = resources.files("zero_dce_keras.data").joinpath("lol_scenes.csv").read_text()
    rows = csv.DictReader(text.splitlines())
    return {row["id"]: int(row["scene"]) for row in rows if row["split"] == "our485"}
