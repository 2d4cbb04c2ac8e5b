"""Several methods on the same pairs: scores, enhanced files and a contact sheet."""

import logging
import os
import re
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from zero_dce_keras.evaluation.scores import evaluate_pairs
from zero_dce_keras.images import contact_sheet, write_image

log = logging.getLogger(__name__)

SHEET_ROWS = 15  # LOL's whole eval15
SHEET_CELL = (400, 400)  # pixels at most, the aspect ratio is kept


class Row(NamedTuple):
    """One image under one method; no scores where there is no reference."""

    name: str
    scores: dict | None = None
    error: str | None = None


def compare(methods, pairs, output=None, save_images=True):
    """Run each method over the same pairs, score it, and write what it made.

    Progress and failed pairs are logged.

    Args:
        methods: dict, name → callable (uint8 array → uint8 array of the same shape).
        pairs: list of `Pair(low_light, reference)` paths.
        output: directory for `before_after.png` (input, each method, reference, of
            the first 15 pairs) and `enhanced/METHOD/`, which mirrors the folder of
            the inputs, in PNG. Default: nothing is written.
        save_images: bool, whether to write `enhanced/`. Default: True.

    Returns:
        dict, method name → list of `Row(name, scores, error)`, one per pair.

    Raises:
        ValueError: if `output` holds some of the inputs.

    Example:
        >>> from zero_dce_keras.data import Pair
        >>> methods = {"input": lambda image: image}
        >>> compare(methods, [Pair(Path("missing.png"))])["input"][0].name
        'missing'
    """
    if output:
        _check_holds_no_inputs(Path(output).resolve(), pairs)
    folder = Path(output) / "enhanced" if output and save_images else None
    table = {method: [] for method in methods}
    sheet = {}  # pair number → {column title: small image}
    for method, enhancer in methods.items():
        for number, result in enumerate(evaluate_pairs(pairs, enhancer)):
            pair = result.pair
            table[method].append(Row(pair.name, result.scores, result.error))
            log.info("[%d/%d] %s: %s", number + 1, len(pairs), method, pair.name)
            if result.error:
                log.error("failed: %s", result.error)
                continue
            if folder:
                path = folder / _folder_name(method) / _mirrored_path(pair, pairs)
                write_image(path, result.enhanced)
            if output and number < SHEET_ROWS:
                cells = {"input": result.low_light, method: result.enhanced}
                if result.reference is not None:
                    cells["reference"] = result.reference
                small = {title: _shrink(cell) for title, cell in cells.items()}
                sheet.setdefault(number, {}).update(small)
    if sheet:
        _write_sheet(Path(output) / "before_after.png", sheet, methods)
    return table


def _write_sheet(path, sheet, methods):
    titles = dict.fromkeys(["input", *methods])  # `input` is a method too, sometimes
    if any("reference" in cells for cells in sheet.values()):
        titles["reference"] = None
    complete = [cells for cells in sheet.values() if titles.keys() <= cells.keys()]
    rows = [[cells[title] for title in titles] for cells in complete]
    if rows:
        write_image(path, contact_sheet(rows, list(titles)))


def _shrink(image):
    small = Image.fromarray(image)
    small.thumbnail(SHEET_CELL)
    return small


def _mirrored_path(pair, pairs):
    root = os.path.commonpath([each.low_light.parent for each in pairs])
    return pair.low_light.relative_to(root).with_suffix(".png")


def _folder_name(method):
    return re.sub(r"[^\w.-]+", "_", method).strip("_.")  # runs/a/best → runs_a_best


def _check_holds_no_inputs(output, pairs):
    for path in (path for pair in pairs for path in pair if path):
        folders = path.resolve().parents
        if folders[0] == output or output / "enhanced" in folders:
            raise ValueError(
                f"output must be another directory than that of the input {path}. "
                f"Received: {output}"
            )
