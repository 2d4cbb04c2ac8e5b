"""The training images of Zero-DCE as exposure sequences: each frame with their fusion.

The 2,002 images come from SICE (Cai, Gu and Zhang, TIP 2018): several exposures of a
scene each. `sice_sequences.csv` says which show the same scene, found by rank
correlation. The exposure fusion of a sequence is what each of its frames shall become:
the photographs supervise themselves, and no reference photograph is used.
"""

import csv
import functools
import json
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from zero_dce_keras.data.home import data_home
from zero_dce_keras.data.pairs import Pair
from zero_dce_keras.data.splits import Splits
from zero_dce_keras.errors import check_choice
from zero_dce_keras.images import darken, list_images, read_image
from zero_dce_keras.images.exposure_fusion import fuse_exposures
from zero_dce_keras.images.high_key import add_haze, draw_page, draw_wall
from zero_dce_keras.images.luma import LUMA
from zero_dce_keras.images.night import light_as_night
from zero_dce_keras.locks import locked

VERSION = 3  # raise it with every change to the pixels
SEED = 2020
VALIDATION = 36  # sequences
# What the sequences hold few of: photographs lit as nights, and what is bright by nature.
NIGHTS, HIGH_KEY = 100, 120
NAME = "zero_dce_sice"
DARK = 0.8  # of the reference's mean luma: a frame below it is a dark one
REFERENCES = ("fusion", "nearest")
WELL_EXPOSED = 0.45  # mean luma


def open_sice(data_dir, validate=True, dark=False):
    """Return the frames of the sequences, each with the fusion of its sequence.

    Fusions are made the first time, in a minute, and kept in `data_home()`, with what
    training adds: fusions lit as nights, pages, walls, and fusions in haze. It adds the
    fusions themselves, too: what is well exposed shall stay as it is.

    Args:
        data_dir: str or `pathlib.Path`, the folder of the images, named by their ids.
        validate: False trains on the sequences to validate on, too.
        dark: True leaves out, of what is trained and validated on, the frames that are
            not darker than .8 of their fusion, and the further pictures.

    Returns:
        `Splits`: `train` and `validation` from the sequences of the CSV's `train`, with
        no scene in both; `test` from those of its `test`. Images of no known sequence
        are left out: they may show scenes of the test.

    Raises:
        ValueError: if `data_dir` is not given.
        FileNotFoundError: if images are missing.
        OSError: if the pictures cannot be written.
    """
    if data_dir is None:
        raise ValueError(
            "--dataset sice needs --data-dir, the folder of Zero-DCE's training images"
        )
    sequences, names = read_sequences(), _files(data_dir)
    ids = [image for frames, _ in sequences.values() for image in frames]
    missing = [image for image in ids if image not in names]
    if missing:
        raise FileNotFoundError(
            f"{data_dir}: {len(missing)} of the {len(ids)} images of SICE's sequences "
            f"are missing, such as {missing[0]}.jpg"
        )
    made = data_home() / NAME
    _make(made, sequences, names)
    pairs = defaultdict(list)
    validation = choose_validation(sequences) if validate else set()
    for name, (frames, split) in sequences.items():
        part = "validation" if name in validation else split
        fusion = made / "fusions" / f"{name}.png"
        pairs[part] += [Pair(names[image], fusion) for image in frames]
        if part == "train":
            pairs[part].append(Pair(fusion, fusion))
    if dark:
        lumas = functools.cache(mean_luma)
        for part in ("train", "validation"):
            pairs[part] = [
                pair
                for pair in pairs[part]
                if lumas(pair.low_light) < DARK * lumas(pair.reference)
            ]
        return Splits(pairs["train"], pairs["validation"], [], pairs["test"])
    for path in sorted((made / "further" / "low").iterdir()):
        pairs["train"].append(Pair(path, made / "further" / "high" / path.name))
    return Splits(pairs["train"], pairs["validation"], [], pairs["test"])


def sequence_pairs(data_dir, dark=False):
    """Return the pairs of `open_sice` that show a sequence which is not the test's.

    Without the further pictures, which show no one sequence.

    Args:
        data_dir, dark: as in `open_sice`.

    Returns:
        List of `Pair`; the frames of a sequence share their `reference`.
    """
    splits = open_sice(data_dir, dark=dark)
    further = data_home() / NAME / "further"
    pairs = [*splits.train, *splits.validation]
    return [pair for pair in pairs if further not in pair.low_light.parents]


def read_sequences():
    """Return the sequences: `{name: (ids of its frames, "train" or "test")}`."""
    sequences = {}
    path = Path(__file__).with_name("sice_sequences.csv")
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] in ("train", "test"):
                frames, _ = sequences.setdefault(row["sequence"], ([], row["split"]))
                frames.append(row["id"])
    return sequences


def choose_validation(sequences):
    """Return the names of the sequences to validate on, a set."""
    names = [name for name, (_, split) in sequences.items() if split == "train"]
    names.sort(key=int)
    return set(np.random.default_rng(14).permutation(names)[:VALIDATION])


def reference_dark_frames(pairs, reference="fusion"):
    """Return the dark frames of sequences, each with the reference of its sequence.

    Args:
        pairs: list of `Pair` of frame and fusion, as `open_sice` gives; the frames of a
            sequence share the file of their fusion.
        reference: `"fusion"`, or `"nearest"`: the frame whose mean luma is nearest to
            .45 of white, as the photograph that someone would have kept.

    Returns:
        List of `Pair`, of the frames darker than .8 of their reference's mean luma.
    """
    check_choice("reference", reference, REFERENCES)
    sequences = defaultdict(list)
    for pair in pairs:
        sequences[pair.reference].append(pair.low_light)
    dark = []
    for fusion, frames in sequences.items():
        lumas = {path: mean_luma(path) for path in frames}
        wanted = fusion
        if reference == "nearest":
            wanted = min(frames, key=lambda path: abs(lumas[path] - WELL_EXPOSED))
        light = lumas[wanted] if wanted in lumas else mean_luma(wanted)
        dark += [Pair(path, wanted) for path in frames if lumas[path] < DARK * light]
    return dark


def mean_luma(path):
    """Return the mean luma of an image file, of 1."""
    return float((read_image(path) @ np.array(LUMA)).mean()) / 255


def _files(data_dir):
    return {path.stem: path for path in list_images(data_dir)}


def _make(made, sequences, names):
    """Make the fusions and the further pictures to train on, unless they are there."""
    made.parent.mkdir(parents=True, exist_ok=True)
    with locked(made.parent / f".{NAME}.lock"):
        card = made / "sice.json"
        if card.is_file():
            try:
                if json.loads(card.read_text(encoding="utf-8"))["version"] == VERSION:
                    return
            except (ValueError, KeyError, TypeError):
                pass  # made anew
        if made.exists() and not card.is_file():
            raise FileExistsError(
                f"'{made}' exists but does not hold fusions. Move it away, or choose "
                "another directory with ZERO_DCE_DATA."
            )
        with tempfile.TemporaryDirectory(prefix=f".{NAME}-", dir=made.parent) as work:
            new = Path(work) / "new"
            _write(new, sequences, names)
            if made.exists():
                made.rename(Path(work) / "old")
            new.rename(made)


def _write(directory, sequences, names):
    for folder in ("fusions", "further/low", "further/high"):
        (directory / folder).mkdir(parents=True)
    validation = choose_validation(sequences)
    days = []  # fusions that are trained on, whatever is validated on
    for name, (ids, split) in sequences.items():
        fusion = fuse_exposures([read_image(names[image]) for image in ids])
        _write_png(directory / "fusions" / f"{name}.png", fusion)
        if split == "train" and name not in validation:
            days.append(fusion)
    rng = np.random.default_rng(SEED)
    further = [light_as_night(_draw(days, rng), rng) for _ in range(NIGHTS)]
    further += [_high_key(_draw(days, rng), rng) for _ in range(HIGH_KEY)]
    for number, pair in enumerate(further):
        for side, image in zip(("low", "high"), pair, strict=True):
            _write_png(directory / "further" / side / f"{number:04}.png", image)
    card = {"version": VERSION, "seed": SEED, "validation": sorted(validation, key=int)}
    (directory / "sice.json").write_text(json.dumps(card, indent=1), encoding="utf-8")


def _draw(images, rng):
    return images[rng.integers(len(images))]


def _high_key(photograph, rng):
    """Return a pair: mist, a wall or a page to be left as it is, or a page in the dark."""
    size = min(photograph.shape[:2])
    kind = rng.choice(["haze", "wall", "page", "dark page"], p=[0.3, 0.35, 0.25, 0.1])
    if kind == "haze":
        image = add_haze(photograph, rng)
    else:
        image = draw_wall(size, rng) if kind == "wall" else draw_page(size, rng)
    if kind == "dark page":
        return darken(image, 2.0 ** -rng.uniform(0.5, 4), rng), image
    return image, image


def _write_png(path, image):
    Image.fromarray(image).save(path, compress_level=1)
