"""The files of a grid's report: Markdown, LaTeX, JSON, and pictures."""

from pathlib import Path

from zero_dce_keras.data import Pair
from zero_dce_keras.evaluation import json_text
from zero_dce_keras.evaluation.report import PROTOCOL, TITLES
from zero_dce_keras.evaluation.summary import BETTER
from zero_dce_keras.experiments.cells import read_history
from zero_dce_keras.experiments.grid import format_grid
from zero_dce_keras.experiments.search import format_search
from zero_dce_keras.files import replacing, write_texts
from zero_dce_keras.images import contact_sheet, read_image, write_image
from zero_dce_keras.inference import Enhancer
from zero_dce_keras.models import load_model
from zero_dce_keras.training.callbacks import LAST_FILE

PICTURES = 4


def write_grid(report, output, pairs=()):
    """Write a report into a directory.

    `report.md`, `report.tex` and `report.json`; `scores.png`, the rows beside each
    other; `curves.png`, the learning curves; and `pictures.png`, what the first training
    of each row makes of some photographs.

    Args:
        report: dict, as `run_grid` returns it.
        output: directory; `cells/` in it has the trainings.
        pairs: list of `Pair`, the photographs of `pictures.png`; the first four count.
    """
    output = Path(output)
    texts = {
        "report.md": _markdown(report),
        "report.tex": format_grid(report, "latex") + "\n",
        "report.json": json_text(report) + "\n",
    }
    write_texts(output, texts)
    figures = {
        "scores.png": plot_scores(report),
        "curves.png": plot_curves(report, output),
    }
    for name, figure in figures.items():
        if figure is not None:
            with replacing(output / name) as temporary:
                figure.savefig(temporary, dpi=100)
    sheet = draw_pictures(report, output, pairs)
    if sheet is not None:
        write_image(output / "pictures.png", sheet)


def _markdown(report):
    lines = [f"# {report.get('title', 'Ablation')}", ""]
    facts = {
        "command": f"`{report['command']}`" if report.get("command") else None,
        "budget": report.get("budget"),
        "versions": ", ".join(f"{k} {v}" for k, v in report["versions"].items()),
        "protocol": PROTOCOL,
    }
    lines += [f"- {name}: {fact}" for name, fact in facts.items() if fact]
    lines += ["", format_grid(report, "markdown"), ""]
    failed = [cell for cell in report["cells"] if "error" in cell]
    lines += [f"- failed: {cell['label']}: {cell['error']}" for cell in failed]
    if any(row["trainings"] > 1 for row in report["rows"]):
        lines.append("± is the standard deviation over seeds and folds.")
    return "\n".join(lines).rstrip() + "\n"


def plot_scores(report):
    """Plot each score with its spread, a point for each row; `None` without scores."""
    from matplotlib.figure import Figure

    rows = [row for row in report["rows"] if row["scores"]]
    names = dict.fromkeys(name for row in rows for name in row["scores"])
    panels = [
        (name, score)
        for name in names
        for score in BETTER
        if all(score in row["scores"].get(name, {}) for row in rows)
    ]
    if not panels:
        return None
    height = 0.3 * len(rows) + 0.9
    columns = 2 if len(panels) > 1 else 1
    lines = -(-len(panels) // columns)
    size = (6 * columns, height * lines)
    figure = Figure(figsize=size, layout="constrained")
    labels = [row["label"] for row in rows]
    for number, (name, score) in enumerate(panels, 1):
        axes = figure.add_subplot(lines, columns, number)
        means = [row["scores"][name][score][0] for row in rows]
        spreads = [row["scores"][name][score][1] or 0 for row in rows]
        axes.errorbar(means, range(len(rows)), xerr=spreads, fmt="o", capsize=3)
        axes.set_yticks(range(len(rows)), labels)
        axes.set_ylim(len(rows) - 0.5, -0.5)  # the first on top
        better = "higher" if BETTER[score] else "lower"
        axes.set_xlabel(f"{TITLES[score]}, {name} ({better} is better)")
        axes.grid(alpha=0.3)
    return figure


def plot_curves(report, output):
    """Plot the learning curves, a line for each training; `None` where none ended."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    histories = [
        (cell["label"], read_history(Path(output) / "cells" / cell["key"]))
        for cell in report["cells"]
    ]
    present = {name for _, rows in histories for row in rows[:1] for name in row}
    items = [n for n in ("total_loss", "val_total_loss", "val_psnr") if n in present]
    if not items:
        return None
    labels = list(dict.fromkeys(label for label, _ in histories))
    figure = Figure(figsize=(5 * len(items), 4), layout="constrained")
    for number, item in enumerate(items, 1):
        axes = figure.add_subplot(1, len(items), number)
        seen = set()
        for label, rows in histories:
            values = [row[item] for row in rows if item in row]
            name = None if label in seen else label
            seen.add(label)
            color = f"C{labels.index(label) % 10}"
            epochs = range(1, len(values) + 1)
            axes.plot(epochs, values, marker=".", color=color, label=name)
        axes.set_xlabel("epoch")
        axes.set_ylabel(item)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def draw_pictures(report, output, pairs):
    """Draw what the first training of each row makes of photographs; `None` for none."""
    first = {}
    for cell in report["cells"]:
        if "error" not in cell:
            first.setdefault(cell["label"], cell["key"])
    pairs = [Pair(*pair) for pair in pairs[:PICTURES]]
    if not pairs or not first:
        return None
    rows = [[read_image(pair.low_light)] for pair in pairs]
    for key in first.values():
        enhance = Enhancer(load_model(Path(output) / "cells" / key / LAST_FILE))
        for row in rows:
            row.append(enhance(row[0]))
    titles = ["input", *first]
    if all(pair.reference for pair in pairs):
        titles.append("reference")
        for row, pair in zip(rows, pairs, strict=True):
            row.append(read_image(pair.reference))
    return contact_sheet(rows, titles, width=max(1200, 220 * len(titles)))


def write_search(found, output):
    """Write what `search` returns into a directory.

    `search.md`, `search.tex` and `search.json`; and `search.png`, the PSNR that each
    trial reached, and its validation PSNR after each epoch.

    Args:
        found: dict, as `search` returns it.
        output: directory.
    """
    output = Path(output)
    texts = {
        "search.md": format_search(found, "markdown") + "\n",
        "search.tex": format_search(found, "latex") + "\n",
        "search.json": json_text(found) + "\n",
    }
    write_texts(output, texts)
    with replacing(output / "search.png") as temporary:
        plot_search(found).savefig(temporary, dpi=100)


def plot_search(found):
    """Plot the trials of a search, and their learning curves."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    done = [trial for trial in found["trials"] if trial["psnr"] is not None]
    numbers = [trial["number"] for trial in done]
    left.plot(numbers, [trial["psnr"] for trial in done], "o")
    left.set_xlabel("trial")
    left.set_ylabel("PSNR dB, on the validation images")
    for trial in found["trials"]:
        epochs = [int(epoch) + 1 for epoch in trial["epochs"]]
        is_best = trial["number"] == found["best"]
        style = (
            {"color": "C1", "zorder": 3} if is_best else {"color": "C0", "alpha": 0.4}
        )
        right.plot(epochs, list(trial["epochs"].values()), marker=".", **style)
    right.set_xlabel("epoch")
    right.set_ylabel("val_psnr; the best trial stands out")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    return figure
