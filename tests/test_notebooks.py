"""The notebooks run from top to bottom, and show what is stored with them.

A fresh run is compared with the stored one cell by cell: words must be the same, numbers
within `TOLERANCE`, pictures within `LEVELS`. A tag of a cell says why less can be compared.
"""

import base64
import copy
import importlib.util
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

REPOSITORY = Path(__file__).parents[1]
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
assert NOTEBOOKS, "no notebooks to test"  # a parametrised test of nothing would pass

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# Where files lie on somebody's machine: /home/ann/…, C:\Users\…
ABSOLUTE_PATH = re.compile(
    r"(?<![\w.:/])/(home|root|Users|tmp|var|opt|usr|work|mnt|private)/|\b[A-Z]:\\"
)

TAGS = {
    "time": "how long something took: its numbers are not compared",
    "training": "where a training ends, and what follows from it, depends on the processor "
    "in the last digits of many steps: numbers and pictures are compared roughly",
    "shorter": "a smoke run makes less of it: fewer steps, smaller photographs. In a smoke "
    "run its lines must be among the stored ones, numbers aside; a whole run is compared",
    "serving": "says something else where the extra `serving` is not installed",
}
CAN_SERVE = all(map(importlib.util.find_spec, ("grpc", "tensorflow_serving")))
# By the part of a number, and one unit of its last digit. A training: .12.
TOLERANCE = {False: 0.01, True: 0.12}
# Mean difference of two pictures, in 8-bit levels.
LEVELS = {False: 1.5, True: 12}
NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
WIDTH = 100  # of the small pictures that are compared


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return set(cell.metadata.get("tags", ()))


def pictures(cell):
    """The pictures that a cell shows: PNG or JPEG, as bytes."""
    return [
        base64.b64decode(content)
        for output in cell.outputs
        for kind, content in output.get("data", {}).items()
        if kind in ("image/png", "image/jpeg")
    ]


def said(cell):
    """What a cell says, in lines: what it prints, and what it shows as text."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        if not any(kind.startswith("image/") for kind in data):
            texts.append(output.get("text", "") or data.get("text/plain", ""))
    return "".join(texts).splitlines()


def words(line):
    """A line without its numbers, and without what follows from them in a table.

    That is the length of its rule, and in LaTeX what is bold.
    """
    masked = NUMBER.sub("#", re.sub("-{4,}", "----", line))
    return " ".join(masked.replace(r"\textbf{#}", "#").split())


def check_numbers(line, stored_line, is_training):
    for text, stored in zip(
        NUMBER.findall(line), NUMBER.findall(stored_line), strict=True
    ):
        digits = len(stored.partition(".")[2].partition("e")[0])
        value, expected = (float(each.replace(",", "")) for each in (text, stored))
        allowed = TOLERANCE[is_training] * abs(expected) + 1.01 * 10.0**-digits
        assert abs(value - expected) <= allowed, (
            f"{line!r} is stored as {stored_line!r}"
        )


def check_picture(content, stored, is_training):
    small = []
    for each in (content, stored):
        image = Image.open(io.BytesIO(each)).convert("RGB")
        ratio = image.height / image.width
        small.append(np.asarray(image.resize((WIDTH, WIDTH)), "float32"))
        small.append(ratio)
    assert small[1] == pytest.approx(small[3], rel=0.02), "another shape of picture"
    difference = np.abs(small[0] - small[2]).mean()
    assert difference <= LEVELS[is_training], (
        f"pictures differ by {difference:.1f} levels"
    )


def check_cell(cell, stored, is_smoke=False):
    """Compare what a cell shows with what is stored."""
    assert len(pictures(cell)) == len(pictures(stored))
    if "serving" in tags(stored) and not CAN_SERVE:
        return
    lines, stored_lines = said(cell), said(stored)
    is_training = "training" in tags(stored)
    if is_smoke and "shorter" in tags(stored):
        assert {words(line) for line in lines} <= {words(line) for line in stored_lines}
        return
    assert [words(line) for line in lines] == [words(line) for line in stored_lines]
    if "time" not in tags(stored):
        for line, stored_line in zip(lines, stored_lines, strict=True):
            check_numbers(line, stored_line, is_training)
    for picture, stored_picture in zip(pictures(cell), pictures(stored), strict=True):
        check_picture(picture, stored_picture, is_training)


def check_outputs(notebook, path, is_smoke=False):
    """Compare every cell of a fresh run with the stored notebook."""
    for cell, stored in zip(code_cells(notebook), code_cells(read(path)), strict=True):
        try:
            check_cell(cell, stored, is_smoke)
        except AssertionError as error:
            raise AssertionError(f"{path.name}, cell {stored.id}: {error}") from error


def texts(notebook):
    """Everything there is to read: sources and outputs, but no pictures."""
    for cell in notebook.cells:
        yield cell.source
        for output in cell.get("outputs", []):
            yield output.get("text", "")
            for kind, content in output.get("data", {}).items():
                if kind.startswith("text/"):
                    yield content


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Function that runs a notebook in an empty directory; an error in it is raised."""

    def run(path):
        notebook = read(path)
        for cell in code_cells(notebook):
            cell.outputs = []
        resources = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(
            notebook, timeout=1200, resources=resources, coalesce_streams=True
        ).execute()
        # Libraries' messages: they would be a wall of text in the page.
        assert not [
            output
            for cell in code_cells(notebook)
            for output in cell.outputs
            if output.get("name") == "stderr"
        ]
        return notebook

    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel shows its figures
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("SMOKE", "VIDEO"):
        monkeypatch.delenv(name, raising=False)
    return run


# As stored


@each_notebook
def test_is_stored_as_it_ran(path):
    notebook = read(path)
    cells = code_cells(notebook)
    counts = [cell.execution_count for cell in cells]
    assert counts == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert not [text for text in texts(notebook) if "WARNING" in text]
    assert set().union(*map(tags, cells)) <= set(TAGS)


@each_notebook
def test_shows_a_picture_beside_every_widget(path):
    """Where nothing runs, widgets are not there: a picture stands in the next cell."""
    cells = code_cells(read(path))
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        if any(
            "widget-view" in kind for o in cell.outputs for kind in o.get("data", ())
        ):
            assert following is not None and pictures(following), cell.source


@each_notebook
def test_names_no_place_on_a_machine(path):
    for text in texts(read(path)):
        assert not ABSOLUTE_PATH.search(text), text
        assert str(REPOSITORY) not in text


@each_notebook
def test_is_small(path):
    assert path.stat().st_size < 1.6e6


@each_notebook
def test_is_named_in_the_read_me(path):
    assert f"notebooks/{path.name}" in (REPOSITORY / "README.md").read_text("utf-8")


# What is compared


def jpeg(level):
    file = io.BytesIO()
    Image.new("RGB", (60, 40), (level, 90, 90)).save(file, "JPEG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.fixture
def cell():
    cell = nbformat.v4.new_code_cell("scores")
    text = "epoch 1: loss 1.502, PSNR 17.20 dB\nepoch 2: loss 1.102, PSNR 18.20 dB\n"
    data = {"image/jpeg": jpeg(100), "text/plain": "<Figure size 700x300>"}
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text=text),
        nbformat.v4.new_output("display_data", data=data),
    ]
    return cell


def say(cell, old, new):
    cell.outputs[0].text = cell.outputs[0].text.replace(old, new)


def draw(cell, level):
    cell.outputs[1].data["image/jpeg"] = jpeg(level)


def show_nothing(cell):
    del cell.outputs[1]


@pytest.mark.parametrize(
    ("change", "arguments", "passes_with"),
    [
        (say, ("17.20", "17.21"), {"", "training", "time"}),
        (say, ("17.20", "17.90"), {"training", "time"}),
        (say, ("17.20", "25.90"), {"time"}),
        (say, ("1.502", "1.102"), {"time"}),
        (say, ("loss", "gain"), set()),
        (say, ("epoch 2", "\nepoch 2"), set()),
        (draw, (101,), {"", "training", "time"}),
        (draw, (115,), {"training"}),
        (draw, (200,), set()),
        (show_nothing, (), set()),
    ],
)
@pytest.mark.parametrize("tag", ["", "training", "time"])
def test_what_a_changed_output_fails(cell, change, arguments, passes_with, tag):
    cell.metadata["tags"] = [tag] if tag else []
    changed = copy.deepcopy(cell)
    change(changed, *arguments)
    if tag in passes_with:
        check_cell(changed, cell)
        return
    with pytest.raises(AssertionError):
        check_cell(changed, cell)


def test_a_shorter_run_says_some_of_what_is_stored(cell):
    cell.metadata["tags"] = ["shorter"]
    changed = copy.deepcopy(cell)
    changed.outputs[0].text = "epoch 1: loss 9.999, PSNR 3.20 dB\n"
    draw(changed, 200)
    check_cell(changed, cell, is_smoke=True)
    with pytest.raises(AssertionError):
        check_cell(changed, cell)  # a whole run is compared
    for change, arguments in ((say, ("loss", "gain")), (show_nothing, ())):
        other = copy.deepcopy(changed)
        change(other, *arguments)
        with pytest.raises(AssertionError):
            check_cell(other, cell, is_smoke=True)


# Run again


@each_notebook
def test_smoke_run(path, execute, monkeypatch):
    """On the sample; every cell shows what is stored, or less of it where it is shorter."""
    monkeypatch.setenv("SMOKE", "1")
    check_outputs(execute(path), path, is_smoke=True)


@pytest.mark.large
@each_notebook
def test_whole_run(path, execute):
    check_outputs(execute(path), path)


@pytest.mark.large
@each_notebook
def test_smoke_run_on_real_data(path, execute, monkeypatch, shared):
    monkeypatch.setenv("ZERO_DCE_DATA", str(shared / "data" / "lol"))
    monkeypatch.setenv("VIDEO", str(shared / "data" / "video" / "night_city.mp4"))
    monkeypatch.setenv("SMOKE", "1")
    notebook = execute(path)
    assert any(text.startswith("lol: ") for text in texts(notebook))
    for cell, stored in zip(code_cells(notebook), code_cells(read(path)), strict=True):
        assert len(pictures(cell)) == len(pictures(stored)), stored.source
