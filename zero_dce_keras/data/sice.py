"""The training images of Zero-DCE as exposure sequences: each frame with their fusion.

The 2,002 images come from SICE (Cai, Gu and Zhang, TIP 2018): several exposures of a
scene each. `sice_sequences.csv` says which show the same scene, found by rank
correlation. The exposure fusion of a sequence is what each of its frames shall become:
the photographs supervise themselves, and no reference photograph is used.
"""

import csv
import json
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from zero_dce_keras.data.home import data_home
from zero_dce_keras.data.pairs import Pair
from zero_dce_keras.data.splits import Splits
from zero_dce_keras.images import list_images, read_image
from zero_dce_keras.images.exposure_fusion import fuse_exposures
from zero_dce_keras.images.night import light_as_night
from zero_dce_keras.locks import locked

VERSION = 1  # raise it with every change to the pixels
SEED = 2020
VALIDATION = 36  # sequences
NIGHTS = 400
MOSAICS = 900  # pictures of two scenes
NAME = "zero_dce_sice"


def open_sice(data_dir, made_dir=None):
    """Return the frames of the sequences, each with the fusion of its sequence.

    Fusions, and the pictures that training adds (photographs lit as nights, two scenes
    in one picture), are made the first time, in a minute, and kept.

    Args:
        data_dir: str or `pathlib.Path`, the folder of the images, named by their ids.
        made_dir: where to keep what is made. Default: `data_home()`.

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
    made = Path(made_dir or data_home()) / NAME
    _make(made, sequences, names)
    pairs = defaultdict(list)
    validation = choose_validation(sequences)
    for name, (frames, split) in sequences.items():
        part = "validation" if name in validation else split
        fusion = made / "fusions" / f"{name}.png"
        pairs[part] += [Pair(names[image], fusion) for image in frames]
    for extra in ("nights", "mosaics"):
        for path in sorted((made / extra / "low").iterdir()):
            pairs["train"].append(Pair(path, made / extra / "high" / path.name))
    return Splits(pairs["train"], pairs["validation"], [], pairs["test"])


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
    folders = [
        "fusions",
        *(f"{e}/{s}" for e in ("nights", "mosaics") for s in ("low", "high")),
    ]
    for folder in folders:
        (directory / folder).mkdir(parents=True)
    validation = choose_validation(sequences)
    frames, fusions = [], {}  # of what is trained on
    for name, (ids, split) in sequences.items():
        fusion = fuse_exposures([read_image(names[image]) for image in ids])
        _write_png(directory / "fusions" / f"{name}.png", fusion)
        if split == "train" and name not in validation:
            fusions[name] = fusion
            frames += [(image, name) for image in ids]
    rng = np.random.default_rng(SEED)
    scenes = list(fusions)
    for number in range(NIGHTS):
        fusion = fusions[scenes[rng.integers(len(scenes))]]
        _write_pair(directory / "nights", number, light_as_night(fusion, rng))
    for number in range(MOSAICS):
        two = [frames[k] for k in rng.integers(len(frames), size=2)]
        first, second = (
            np.stack([read_image(names[image]), fusions[name]]) for image, name in two
        )
        side = first.shape[1]
        cut = int(side * rng.uniform(0.2, 0.8))
        if rng.random() < 0.5:
            first[:, cut:] = second[:, cut:]
        else:
            first[:, :, cut:] = second[:, :, cut:]
        _write_pair(directory / "mosaics", number, first)
    card = {"version": VERSION, "seed": SEED, "validation": sorted(validation, key=int)}
    (directory / "sice.json").write_text(json.dumps(card, indent=1), encoding="utf-8")


def _write_pair(folder, number, pair):
    for side, image in zip(("low", "high"), pair, strict=True):
        _write_png(folder / side / f"{number:04}.png", image)


def _write_png(path, image):
    Image.fromarray(image).save(path, compress_level=1)
