"""A line for each method of a comparison: means, spreads, time, size; and box plots."""

import csv
import io
import statistics
from pathlib import Path

from zero_dce_keras.evaluation.report import DECIMALS, TITLES
from zero_dce_keras.evaluation.tables import format_rows
from zero_dce_keras.files import replacing, write_texts

# Scores, and whether more of them is better.
BETTER = {
    "psnr": True,
    "ssim": True,
    "mae": False,
    "psnr_gt_mean": True,
    "exposure_error": False,
    "niqe": False,
    "lpips": False,
}


def summarize(report):
    """Return a flat dict for each method of a report.

    Args:
        report: dict, as `build_report` returns it; its methods may also have
            `parameters` and `gflop`.

    Returns:
        list of dicts of `method`, `images`, `failed`; for each score its mean, and
        under `SCORE_std` its standard deviation over the images; `ms`, the median time
        of an image, and `gflop` and `parameters`. What is not known is `None`.
    """
    rows = []
    for method in report["methods"]:
        images = method["images"]
        row = {
            "method": method["weights"],
            "images": len(images),
            "failed": len(method["failed"]),
        }
        for name in BETTER:
            values = [image[name] for image in images if _is_finite(image.get(name))]
            row[name] = method["mean"].get(name)
            row[f"{name}_std"] = statistics.stdev(values) if len(values) > 1 else None
        times = [image["ms"] for image in images if "ms" in image]
        row["ms"] = statistics.median(times) if times else None
        row["gflop"], row["parameters"] = method.get("gflop"), method.get("parameters")
        rows.append(row)
    return rows


def format_summary(report, style="text"):
    """Format a report as one table, a line for each method.

    Args:
        report: as in `summarize`; under `size` it has the size that `gflop` is of.
        style: of `tables.format_rows`. Markdown and LaTeX have the best in bold.

    Returns:
        str, without a newline at the end.
    """
    rows = summarize(report)
    scores = [name for name in BETTER if any(row[name] is not None for row in rows)]
    size = report.get("size")
    titles = {name: TITLES[name] for name in scores}
    titles |= {"ms": "ms", "gflop": f"GFLOP at {size}" if size else "GFLOP"}
    titles["parameters"] = "parameters"
    cells = [
        {"method": row["method"], **{titles[k]: _cell(k, row[k]) for k in titles}}
        for row in rows
    ]
    best = {}
    for name in scores:
        known = [(row[name], i) for i, row in enumerate(rows) if row[name] is not None]
        best[titles[name]] = (max if BETTER[name] else min)(known)[1]
    return format_rows(cells, style, best)


def write_summary(report, output):
    """Write `summary.csv`, `table.md`, `table.tex`, and `boxes.png` where there are scores.

    Args:
        report: as in `format_summary`.
        output: directory, made if needed.
    """
    output, rows = Path(output), summarize(report)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    texts = {
        "summary.csv": text.getvalue(),
        "table.md": format_summary(report, "markdown") + "\n",
        "table.tex": format_summary(report, "latex") + "\n",
    }
    write_texts(output, texts)
    figure = plot_boxes(report)
    if figure is not None:
        with replacing(output / "boxes.png") as temporary:
            figure.savefig(temporary, dpi=100)


def plot_boxes(report):
    """Plot how each score is spread over the images, a box for each method.

    A box is from the first to the third quartile, with the median in it; the whiskers
    end at most 1.5 times its length away, and points are what lies beyond.

    Args:
        report: as in `summarize`.

    Returns:
        `matplotlib.figure.Figure`, a row for each score; `None` without scores.
    """
    from matplotlib.figure import Figure

    methods = report["methods"]
    present = {name for method in methods for name in method["mean"]}
    scores = [name for name in BETTER if name in present]
    if not scores:
        return None
    labels = [method["weights"] for method in methods]
    height = 0.28 * len(labels) + 0.9
    figure = Figure(figsize=(8, height * len(scores)), layout="constrained")
    for number, name in enumerate(scores, 1):
        axes = figure.add_subplot(len(scores), 1, number)
        values = [
            [image[name] for image in method["images"] if _is_finite(image.get(name))]
            for method in methods
        ]
        axes.boxplot(
            values, orientation="horizontal", tick_labels=labels, flierprops={"ms": 3}
        )
        axes.invert_yaxis()  # the first on top
        better = "higher" if BETTER[name] else "lower"
        axes.set_xlabel(f"{TITLES[name]} ({better} is better)")
        axes.grid(axis="x", alpha=0.3)
    return figure


def _is_finite(value):
    return value is not None and abs(value) < float("inf")


def _cell(name, value):
    if value is None:
        return "–"
    if name == "parameters":
        return f"{value:,}"
    return f"{value:.{DECIMALS.get(name, 2)}f}"
