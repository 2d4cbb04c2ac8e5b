"""Photographs with faces at known places: DARK FACE's files, and a small sample."""

import dataclasses
import logging
import math
from pathlib import Path

import numpy as np

from zero_dce_keras.data.sample import SEED, find_wheel_file, read_wheel_photograph
from zero_dce_keras.images import darken, list_images, read_image, resize_image

log = logging.getLogger(__name__)

DIVISORS = 100, 400  # of the light; at 1/25 a detector finds the faces as it is
SHEETS = ("chelsea", "coffee", "motorcycle", "rocket")  # behind LFW's faces: no people
SHEET_SIZE = 400, 600
CELLS = 4, 5  # of a sheet, a patch in each: as many faces as other things
PATCH_SIDES = 36, 80  # from, to
PATCH_FACE = np.array([0.1, 0.04, 0.9, 1.0])  # where the face lies in a patch, by eye
# By eye, hairline to chin.
PORTRAITS = {
    "astronaut": (180.0, 60.0, 270.0, 180.0),
    "grace_hopper": (172.0, 125.0, 360.0, 335.0),
}


@dataclasses.dataclass(frozen=True)
class FacePhotograph:
    """A photograph, and where its faces are.

    Args:
        name: str.
        boxes: float array `(faces, 4)` of `x1 y1 x2 y2` in pixels.
        image: path of the photograph, or the photograph itself, uint8 `(H, W, 3)`.
        reference: the same in full light, if there is one.
        light: what its light is called, where there are several. Default: none.
    """

    name: str
    boxes: np.ndarray
    image: Path | np.ndarray
    reference: np.ndarray | None = None
    light: str | None = None

    def read(self):
        """Return the photograph as a uint8 array `(H, W, 3)`.

        Raises:
            OSError: if it cannot be read.
        """
        return read_image(self.image) if isinstance(self.image, Path) else self.image


def find_faces(data_dir):
    """List photographs with faces that are laid out as DARK FACE.

    `image/N.png` is a photograph, `label/N.txt` its faces: how many there are in the
    first line, then a line `x1 y1 x2 y2` for each.

    Args:
        data_dir: str or `pathlib.Path` of the directory with `image` and `label` in it.

    Returns:
        List of `FacePhotograph`, by number.

    Raises:
        FileNotFoundError: if a folder, or the label of a photograph, is not there.
        ValueError: if a label is not as above; the message names file and line.

    Source: Yang et al., "Advancing image understanding in poor visibility environments:
    a collective benchmark study", IEEE TIP 29, 2020.
    """
    root = Path(data_dir)
    for folder in (root / "image", root / "label"):
        if not folder.is_dir():
            raise FileNotFoundError(
                f"{folder}: no such folder; DARK FACE has image/N.png and label/N.txt"
            )
    paths = list_images(root / "image", recursive=False)
    if not paths:
        raise FileNotFoundError(f"{root / 'image'}: no photographs in it")
    photographs = []
    for path in paths:
        label = root / "label" / f"{path.stem}.txt"
        if not label.is_file():
            raise FileNotFoundError(f"{label}: no such file; it says where faces are")
        photographs.append(FacePhotograph(path.stem, read_label(label), path))
    return photographs


def read_label(path):
    """Read a label of DARK FACE.

    Args:
        path: of the text file, as `find_faces` describes it.

    Returns:
        float array `(faces, 4)` of `x1 y1 x2 y2`.

    Raises:
        ValueError: if it is not such a file.
    """
    text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    first, *lines = text.rstrip().split("\n")
    if not (first.strip().isascii() and first.strip().isdigit()):
        raise ValueError(
            f"{path}, line 1: must be the number of faces. Received: {first.strip()!r}"
        )
    boxes = [_read_box(path, number, line) for number, line in enumerate(lines, 2)]
    if len(boxes) != int(first):
        raise ValueError(
            f"{path}, line 1: must be the number of the lines below, {len(boxes)}. "
            f"Received: {first.strip()!r}"
        )
    return np.array(boxes, float).reshape(-1, 4)


def _read_box(path, number, line):
    try:
        box = [float(word) for word in line.split()]
    except ValueError:
        box = []
    if len(box) == 4 and all(map(math.isfinite, box)):
        left, top, right, bottom = box
        if left < right and top < bottom:
            return box
    raise ValueError(
        f"{path}, line {number}: must be x1 y1 x2 y2, with x1 < x2 and y1 < y2. "
        f"Received: {line.strip()!r}"
    )


def make_faces(divisors=DIVISORS):
    """Make photographs with faces from what scikit-image and Matplotlib carry.

    Two portraits, and 10 sheets: photographs without people, on which 10 of the 100
    faces of scikit-image's subset of "Labeled Faces in the Wild" are stuck, and as many
    patches of it that show no face. The camera model darkens each. It is a smoke test
    of a detector: the faces are in grey, seen from the front, and the same ones in every
    light.

    Args:
        divisors: of the light.

    Returns:
        List of `FacePhotograph` with references; the same pixels everywhere.

    Raises:
        ImportError, FileNotFoundError: as of `find_sample`.
    """
    log.info("note: the sample of faces is a smoke test, not a result")
    rng = np.random.default_rng(SEED)
    backgrounds = [resize_image(read_wheel_photograph(n), *SHEET_SIZE) for n in SHEETS]
    scenes = {
        name: (read_wheel_photograph(name), np.array([box]))
        for name, box in PORTRAITS.items()
    }
    patches = np.load(find_wheel_file("lfw"))  # 100 faces, then 100 other things
    patches = np.round(patches * 255).astype("uint8")
    count = CELLS[0] * CELLS[1] // 2
    for sheet in range(len(patches) // 2 // count):
        background = backgrounds[sheet % len(SHEETS)]
        chosen = np.arange(count) + count * sheet
        chosen = rng.permutation([*chosen, *(chosen + len(patches) // 2)])
        is_face = chosen < len(patches) // 2
        image, boxes = _stick(background, patches[chosen], rng)
        scenes[f"sheet_{sheet + 1}"] = image, boxes[is_face]
    return [
        FacePhotograph(
            f"{name}_light_1_{divisor}",
            boxes,
            darken(image, 1 / divisor, rng),
            reference=image,
            light=f"1/{divisor}",
        )
        for divisor in divisors
        for name, (image, boxes) in scenes.items()
    ]


def _stick(background, patches, rng):
    """Return a photograph with a patch in each cell, and where their faces would be."""
    image = background.copy()
    height, width = np.array(SHEET_SIZE) // CELLS
    boxes = []
    for number, patch in enumerate(patches):
        side = int(rng.integers(*PATCH_SIDES, endpoint=True))
        row, column = divmod(number, CELLS[1])
        top = row * height + int(rng.integers(height - side + 1))
        left = column * width + int(rng.integers(width - side + 1))
        grey = resize_image(np.repeat(patch[..., None], 3, -1), side, side)
        image[top : top + side, left : left + side] = grey
        boxes.append(PATCH_FACE * side + [left, top, left, top])
    return image, np.array(boxes)
