"""Every method on one data set: scores, time and size in one table."""

import collections
import logging

from zero_dce_keras.errors import one_line
from zero_dce_keras.evaluation.classical import CLASSICAL
from zero_dce_keras.evaluation.comparison import compare
from zero_dce_keras.evaluation.cost import count_gflop
from zero_dce_keras.evaluation.methods import (
    INPUT,
    Method,
    bare_methods,
    open_methods,
    parse_weights,
)
from zero_dce_keras.evaluation.perceptual import open_lpips
from zero_dce_keras.evaluation.report import build_report
from zero_dce_keras.evaluation.sheets import WorstAndBest
from zero_dce_keras.images import read_image
from zero_dce_keras.metrics.niqe import niqe
from zero_dce_keras.models import list_presets

log = logging.getLogger(__name__)


def open_all(weights=None, classical=True, denoise=None):
    """Open the rows of the table: input, classical methods, networks, and no networks.

    Args:
        weights: list of what `parse_weights` takes. Default: every preset.
        classical: whether the classical methods are rows.
        denoise: as of an `Enhancer`.

    Returns:
        dict, label → `Method`.
    """
    named = parse_weights(list_presets() if weights is None else weights)
    named.pop(INPUT, None)  # it is a row anyway
    networks = open_methods(named, denoise)
    rows = open_methods({INPUT: INPUT})
    if classical:
        rows |= {name: Method(enhance) for name, enhance in CLASSICAL.items()}
    for label, method in networks.items():
        rows |= {label: method, **bare_methods({label: method})}
    return rows


def benchmark(methods, pairs, output=None, save_images=False, **about):
    """Score and time every method on the same photographs.

    Photographs without references get NIQE and times only. Without LPIPS, a line is
    logged that says why.

    Args:
        methods: dict, label → `Method`.
        pairs: list of `Pair`.
        output: as of `compare`; the sheet is `worst_best.png`.
        save_images: as of `compare`. Default: False.
        **about: what else belongs in the report.

    Returns:
        dict, as `build_report` returns it. Each method also has `parameters` and, of
        the commonest size of the photographs, `gflop`; `size` says which that is.
    """
    references = sum(pair.reference is not None for pair in pairs)
    lpips = None
    if references:
        lpips = _open_lpips()
    else:
        log.info("note: no references, so NIQE and the times are all there is to score")
    sizes, reference = collections.Counter(), {}

    def measure(name, enhanced, pair):
        sizes[enhanced.shape[:2]] += 1
        scores = {}
        try:
            scores["niqe"] = niqe(enhanced)
        except ValueError as error:  # too small, or too flat
            if name == INPUT:
                log.info("note: no NIQE of %s: %s", pair.name, one_line(error))
        if lpips and pair.reference is not None:
            if reference.get("path") != pair.reference:
                reference.update(path=pair.reference, image=read_image(pair.reference))
            scores["lpips"] = lpips(reference["image"], enhanced)
        if methods[name].is_timed:
            scores["ms"] = methods[name].milliseconds
        return scores

    sheet = WorstAndBest()
    table = compare(methods, pairs, output, save_images, measure, sheet)
    report = build_report(table, **about, worst_to_best=sheet.names)
    if not sizes:
        raise ValueError(f"none of the {len(pairs)} photographs could be scored")
    (height, width), _ = sizes.most_common(1)[0]
    report["size"] = f"{width}×{height}"
    for row in report["methods"]:
        model = methods[row["weights"]].model
        row["parameters"] = methods[row["weights"]].parameters
        row["gflop"] = None if model is None else count_gflop(model, height, width)
    return report


def _open_lpips():
    try:
        return open_lpips()
    except (ImportError, OSError) as error:
        log.info("note: no LPIPS: %s", one_line(error))
        return None
