"""Tools and benchmarks are run by hand; what they import from the package is there."""

import runpy
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
SCRIPTS = sorted([*REPOSITORY.glob("tools/*.py"), *REPOSITORY.glob("benchmarks/*.py")])
assert SCRIPTS  # a parametrised test of nothing would pass


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_its_imports(path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(path.parent), *sys.path])
    try:
        runpy.run_path(str(path), run_name="imported")
    except ModuleNotFoundError as error:
        if error.name.startswith("zero_dce_keras"):
            raise
        pytest.skip(f"needs {error.name}")
