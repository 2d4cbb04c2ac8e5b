"""The notebooks run from top to bottom, and are stored with what they showed."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

REPOSITORY = Path(__file__).parents[1]
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
assert NOTEBOOKS, "no notebooks to test"  # a parametrised test of nothing would pass

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# Where files lie on somebody's machine: /home/ann/…, C:\Users\…
ABSOLUTE_PATH = re.compile(
    r"(?<![\w.:/])/(home|root|Users|tmp|var|opt|usr|work|mnt|private)/|\b[A-Z]:\\"
)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def pictures(notebook):
    """How many pictures each cell shows."""
    return [
        sum("image/png" in output.get("data", {}) for output in cell.outputs)
        for cell in code_cells(notebook)
    ]


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
        NotebookClient(notebook, timeout=1200, resources=resources).execute()
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


@each_notebook
def test_names_no_place_on_a_machine(path):
    for text in texts(read(path)):
        assert not ABSOLUTE_PATH.search(text), text
        assert str(REPOSITORY) not in text


@each_notebook
def test_is_small(path):
    assert path.stat().st_size < 3e6


# Run again


@each_notebook
def test_smoke_run(path, execute, monkeypatch):
    """On the sample, in a few steps; every cell shows as many pictures as stored."""
    monkeypatch.setenv("SMOKE", "1")
    assert pictures(execute(path)) == pictures(read(path))


@pytest.mark.large
@each_notebook
def test_whole_run(path, execute):
    assert pictures(execute(path)) == pictures(read(path))


@pytest.mark.large
@each_notebook
def test_smoke_run_on_real_data(path, execute, monkeypatch, shared):
    monkeypatch.setenv("ZERO_DCE_DATA", str(shared / "data" / "lol"))
    monkeypatch.setenv("VIDEO", str(shared / "data" / "video" / "night_city.mp4"))
    monkeypatch.setenv("SMOKE", "1")
    notebook = execute(path)
    assert any(text.startswith("lol: ") for text in texts(notebook))
    assert pictures(notebook) == pictures(read(path))
