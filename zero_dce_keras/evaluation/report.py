"""The scores as a text table, `scores.csv` and `scores.json`."""

import csv
import importlib
import io
import json
import platform
from importlib import metadata
from pathlib import Path

from zero_dce_keras.evaluation.scores import mean_scores
from zero_dce_keras.files import write_texts
from zero_dce_keras.version import __version__

PROTOCOL = (
    "Full-size image in; output clipped and rounded to uint8; RGB; every score per "
    "image, then averaged over images. PSNR in dB: peak 255, float64. SSIM: 11x11 "
    "Gaussian, sigma 1.5, k1 .01, k2 .03, mean over channels (tf.image.ssim on "
    "[0, 1]). MAE in 8-bit levels. psnr_gt_mean: PSNR after the output was scaled to "
    "the reference's mean grey value and clipped, which only one who has the reference "
    "can do. exposure_error: how many stops (doublings) its mean grey value is off the "
    "reference's. niqe: without a reference, by the authors' model. lpips: version 0.1, "
    "AlexNet. ms: of enhancing alone, uint8 to uint8, not of a first image of its size. "
    "null: infinite (identical images)."
)
TITLES = {
    "psnr": "PSNR dB",
    "ssim": "SSIM",
    "mae": "MAE /255",
    "psnr_gt_mean": "GT-mean PSNR",
    "exposure_error": "exposure error, stops",
    "niqe": "NIQE",
    "lpips": "LPIPS",
    "ms": "ms",
}
DECIMALS = {
    "psnr": 2,
    "ssim": 3,
    "mae": 2,
    "psnr_gt_mean": 2,
    "exposure_error": 2,
    "niqe": 2,
    "lpips": 3,
    "ms": 1,
}


def build_report(table, **about):
    """Gather a comparison, its protocol and the versions in one dict.

    Args:
        table: dict, weights name → list of `Row(name, scores, error)`, as `compare`
            returns it.
        **about: what else belongs in the report: dataset, split, data_dir.

    Returns:
        dict of `protocol`, `versions`, `about`'s entries, and `methods`: a list of
        dicts of `weights`, `mean`, `images` and `failed`.

    Example:
        >>> from zero_dce_keras.evaluation.comparison import Row
        >>> table = {"input": [Row("1", {"psnr": 7.0}), Row("2", {"psnr": 8.0})]}
        >>> build_report(table)["methods"][0]["mean"]
        {'psnr': 7.5}
    """
    methods = []
    for weights, rows in table.items():
        scores = [row.scores for row in rows if row.scores]
        images = [
            {"name": row.name, **(row.scores or {})} for row in rows if not row.error
        ]
        failed = [{"name": row.name, "error": row.error} for row in rows if row.error]
        methods.append(
            {
                "weights": weights,
                "scored_images": len(scores),
                "mean": mean_scores(scores),
                "images": images,
                "failed": failed,
            }
        )
    return {"protocol": PROTOCOL, "versions": versions(), **about, "methods": methods}


def versions():
    """Return the versions of what has a part in the scores.

    Returns:
        dict, name → version string.

    Example:
        >>> sorted(versions())[:3]
        ['backend', 'keras', 'numpy']
    """
    import keras

    backend = keras.backend.backend()
    return {
        "zero_dce_keras": __version__,
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": f"{backend} {importlib.import_module(backend).__version__}",
        "numpy": metadata.version("numpy"),
        "pillow": metadata.version("pillow"),
    }


def format_table(report):
    """Format the report as aligned text: a line per image, then the means together.

    Args:
        report: dict, as `build_report` returns it.

    Returns:
        str, without a newline at the end.

    Example:
        >>> from zero_dce_keras.evaluation.comparison import Row
        >>> print(format_table(build_report({"input": [Row("1", {"psnr": 7.0})]})))
        weights  image      PSNR dB
        input    1             7.00
        ---------------------------
        input    mean of 1     7.00
    """
    names = _score_names(report)
    if not names:
        count = sum(len(method["images"]) for method in report["methods"])
        return f"{count} enhanced, none scored"
    lines = [["weights", "image", *(TITLES[name] for name in names)]]
    means = []
    for method in report["methods"]:
        weights = method["weights"]
        for image in method["images"]:
            lines.append([weights, image["name"], *_cells(image, names)])
        label = f"mean of {method['scored_images']}"
        means.append([weights, label, *_cells(method["mean"], names)])
    widths = [max(map(len, column)) for column in zip(*lines, *means)]

    def align(cells):
        left = [cell.ljust(width) for cell, width in zip(cells[:2], widths)]
        right = [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:])]
        return "  ".join(left + right).rstrip()

    rule = "-" * len(align(lines[0]))
    return "\n".join([*map(align, lines), rule, *map(align, means)])


def json_text(report):
    """Format the report as strict JSON: infinite scores become null.

    Args:
        report: dict, as `build_report` returns it.

    Returns:
        str, without a newline at the end.

    Example:
        >>> print(json_text({"psnr": float("inf")}))
        {
          "psnr": null
        }
    """
    strict = json.loads(json.dumps(report), parse_constant=lambda name: None)
    return json.dumps(strict, indent=2, ensure_ascii=False)


def write_report(report, output):
    """Write `scores.csv` and `scores.json` into a directory.

    The CSV has one line per image and method, and the means in lines whose `name`
    is `mean`.

    Args:
        report: dict, as `build_report` returns it.
        output: directory, made if needed.

    Example:
        >>> import tempfile
        >>> from zero_dce_keras.evaluation.comparison import Row
        >>> report = build_report({"input": [Row("1", {"psnr": 7.0})]})
        >>> with tempfile.TemporaryDirectory() as output:
        ...     write_report(report, output)
        ...     print(Path(output, "scores.csv").read_text())
        weights,name,psnr
        input,1,7.0
        input,mean,7.0
        <BLANKLINE>
    """
    output = Path(output)
    text = io.StringIO()
    columns = ["weights", "name", *_score_names(report)]
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for method in report["methods"]:
        for row in [*method["images"], {"name": "mean", **method["mean"]}]:
            writer.writerow({"weights": method["weights"], **row})
    texts = {"scores.csv": text.getvalue(), "scores.json": json_text(report) + "\n"}
    write_texts(output, texts)


def _score_names(report):
    present = {name for method in report["methods"] for name in method["mean"]}
    return [name for name in TITLES if name in present]


def _cells(scores, names):
    return [
        f"{scores[name]:.{DECIMALS[name]}f}" if name in scores else "–"
        for name in names
    ]
