"""The embedded sample: photographs from installed wheels, darkened by a camera model.

Nothing is downloaded. scikit-image's wheel carries the photographs astronaut, chelsea,
coffee, motorcycle and rocket, matplotlib's carries grace_hopper. A photograph belongs
to one split only.
"""

import json
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from zero_dce_keras.data.home import data_home
from zero_dce_keras.data.pairs import find_pairs
from zero_dce_keras.extras import how_to_install
from zero_dce_keras.images import darken, read_image, resize_image

VERSION = 1  # raise it with every change to the pixels
SEED = 2020
CROP_SIZE = 192
CROPS = 5

# split: photographs, the divisors of their light, and whether they are cut into crops
SPLITS = {
    "train": (("astronaut", "motorcycle", "rocket"), (4, 12, 24, 40), True),
    "validation": (("grace_hopper",), (10, 40), True),
    "test": (("chelsea", "coffee"), (6, 15, 40), False),
}
FILES = {
    "astronaut": ("skimage", "data/astronaut.png"),
    "chelsea": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "motorcycle": ("skimage", "data/motorcycle_left.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "grace_hopper": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    "lfw": ("skimage", "data/lfw_subset.npy"),  # of faces.py
}


def find_sample(data_dir=None):
    """Find the embedded sample; make it the first time, in a few seconds.

    60 training and 10 validation pairs of 192×192 crops, and 6 test pairs of whole
    photographs, at 1/4 to 1/40 of the light. The pixels are the same everywhere.

    Args:
        data_dir: str or `pathlib.Path`. Default: `data_home()`.

    Returns:
        `pathlib.Path` of `data_dir/zero_dce_sample`, which holds `low` and `high` in
        each of `train`, `validation` and `test`: PNG pairs with equal names; and
        `sample.json`, which says what they are.

    Raises:
        ImportError: a package whose wheel carries the photographs is missing.
        FileNotFoundError: the package is there, and a photograph is not.
        OSError: the directory may not be written, or holds something else.

    Example:
        >>> import tempfile
        >>> from zero_dce_keras.data.sample import find_sample
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     sample = find_sample(directory)
        ...     len(list((sample / "test" / "low").iterdir()))
        6
    """
    parent = data_home() if data_dir is None else Path(data_dir)
    sample = parent / "zero_dce_sample"
    if _is_complete(sample):
        return sample
    if sample.exists() and not (sample / "sample.json").is_file():
        raise FileExistsError(
            f"'{sample}' exists but is not the sample. Move it away, or choose another "
            "directory with ZERO_DCE_DATA."
        )
    try:
        parent.mkdir(parents=True, exist_ok=True)
        work = tempfile.TemporaryDirectory(prefix=".zero_dce_sample-", dir=parent)
    except OSError as error:
        raise type(error)(
            f"Cannot write the sample into '{parent}' ({error.strerror}). "
            "Choose another directory with ZERO_DCE_DATA."
        ) from None
    with work:
        _write_sample(Path(work.name) / "new")
        _publish(Path(work.name), sample)
    return sample


def sample_pairs(data_dir=None):
    """Return the pairs to train on, to validate and to test on: three lists."""
    root = find_sample(data_dir)
    return [find_pairs(root / name / "low", root / name / "high") for name in SPLITS]


def load_sample(data_dir=None, image_size=128, batch_size=8, seed=1143, **options):
    """Load the embedded sample as three data sets of pairs, as `load_lol` does LOL.

    Args:
        data_dir: as of `find_sample`.
        image_size: side in pixels of the training and validation images.
        batch_size: images in a batch of the training and validation sets.
        seed: seed of the shuffling.
        **options: what else `make_dataset` takes for the training set.

    Returns:
        `(train, validation, test)`: 60, 10 and 6 pairs of float32 tensors in [0, 1],
        `(B, image_size, image_size, 3)`; the test set `(1, H, W, 3)`, whole.

    Raises:
        ImportError, FileNotFoundError, OSError: as of `find_sample`.
    """
    from zero_dce_keras.data.pipeline import make_dataset  # imports Keras

    train, validation, test = sample_pairs(data_dir)
    return (
        make_dataset(train, image_size, batch_size, shuffle=True, seed=seed, **options),
        make_dataset(validation, image_size, batch_size),
        make_dataset(test, None, 1),
    )


def write_example(path, divisor=12):
    """Write one dark photograph, of the sample that needs no further package.

    Args:
        path: of the JPEG to write.
        divisor: of the light.

    Raises:
        ImportError, FileNotFoundError: as of `find_sample`.
    """
    portrait = read_wheel_photograph("grace_hopper")
    dark = darken(portrait, 1 / divisor, np.random.default_rng(SEED))
    Image.fromarray(dark).save(path, quality=95)


def _is_complete(sample):
    """Return whether this version of the sample lies there with all its files."""
    try:
        card = json.loads((sample / "sample.json").read_text(encoding="utf-8"))
        return card["version"] == VERSION and all(
            (sample / split / side / name).is_file()
            for split, pairs in card["exposures"].items()
            for name in pairs
            for side in ("low", "high")
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _publish(work, sample):
    """Rename work/new to sample; a process that was faster wins."""
    try:
        if sample.exists() and not _is_complete(sample):  # of an older version
            os.rename(sample, work / "old")
        os.rename(work / "new", sample)
    except OSError:
        if not _is_complete(sample):
            raise


def _write_sample(directory):
    rng = np.random.default_rng(SEED)
    exposures = {split: {} for split in SPLITS}
    for split, (photographs, divisors, cut) in SPLITS.items():
        for side in ("low", "high"):
            (directory / split / side).mkdir(parents=True)
        for photograph in photographs:
            image = read_wheel_photograph(photograph)
            if cut:
                references = [_crop(image, rng) for _ in range(CROPS)]
                names = [f"{photograph}_{crop + 1}" for crop in range(CROPS)]
            else:
                references, names = [image], [photograph]
            for reference, name in zip(references, names, strict=True):
                for divisor in divisors:
                    file_name = f"{name}_light_1_{divisor:02}.png"
                    low = darken(reference, 1 / divisor, rng)
                    _write_png(directory / split / "low" / file_name, low)
                    _write_png(directory / split / "high" / file_name, reference)
                    exposures[split][file_name] = 1 / divisor
    card = {"version": VERSION, "seed": SEED, "exposures": exposures}
    text = json.dumps(card, indent=1)
    (directory / "sample.json").write_text(text, encoding="utf-8")


def read_wheel_photograph(name):
    """Return a photograph of `FILES` as a uint8 array `(H, W, 3)`.

    Raises:
        ImportError, FileNotFoundError: as of `find_sample`.
    """
    return read_image(find_wheel_file(name))


def find_wheel_file(name):
    """Return the path of one of `FILES`.

    Raises:
        ImportError, FileNotFoundError: as of `find_sample`.
    """
    package, file_name = FILES[name]
    spec = find_spec(package)  # finds the files without importing the package
    if spec is None or spec.origin is None:
        raise ImportError(how_to_install(ModuleNotFoundError(name=package)))
    path = Path(spec.origin).parent / file_name
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; install {package} again")
    return path


def _crop(image, rng):
    """Cut out a square of random place and side, as 192×192 pixels."""
    height, width, _ = image.shape
    side = rng.integers(CROP_SIZE, min(height, width) + 1)
    top = rng.integers(height - side + 1)
    left = rng.integers(width - side + 1)
    square = image[top : top + side, left : left + side]
    return resize_image(square, CROP_SIZE, CROP_SIZE)


def _write_png(path, image):
    Image.fromarray(image).save(path, compress_level=1)
