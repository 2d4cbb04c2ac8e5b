"""Several methods on the same pairs: scores, enhanced files and a contact sheet."""

import logging
import os
import re
from pathlib import Path
from typing import NamedTuple

from zero_dce_keras.evaluation.scores import evaluate_pair
from zero_dce_keras.evaluation.sheets import FirstPairs
from zero_dce_keras.images import write_image

log = logging.getLogger(__name__)


class Row(NamedTuple):
    """One image under one method; no scores where there is no reference."""

    name: str
    scores: dict | None = None
    error: str | None = None


def compare(methods, pairs, output=None, save_images=True, further=None, sheet=None):
    """Run every method over the same pairs, score it, and write what it made.

    Photograph by photograph, so that each is read once, and what slows the machine down
    for a while does so for all methods. Progress and failed pairs are logged.

    Args:
        methods: dict, name → callable (uint8 array → uint8 array of the same shape).
        pairs: list of `Pair(low_light, reference)` paths.
        output: directory for the contact sheet and `enhanced/METHOD/`, which mirrors
            the folder of the inputs, in PNG. Default: nothing is written.
        save_images: bool, whether to write `enhanced/`. Default: True.
        further: function `(name, enhanced, pair)` that returns a dict of further
            scores. Default: none.
        sheet: a sheet of `sheets`. Default: `before_after.png` of the first 15 pairs.

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
    sheet = sheet or FirstPairs()
    table = {method: [] for method in methods}
    for number, pair in enumerate(pairs, 1):
        results = evaluate_pair(pair, methods, further)
        for method, result in results.items():
            table[method].append(Row(pair.name, result.scores, result.error))
            log.info("[%d/%d] %s: %s", number, len(pairs), method, pair.name)
            if result.error:
                log.error("failed: %s", result.error)
            elif folder:
                path = folder / _folder_name(method) / _mirrored_path(pair, pairs)
                write_image(path, result.enhanced)
        sheet.add(results)
    if output:
        sheet.write(Path(output))
    return table


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
