"""Fixtures of the trainings: their data, and what makes them quick."""

import pytest
from trainings import quicken


@pytest.fixture(scope="session")
def data(tmp_path_factory, make_lol):
    """A directory with a small LOL in it."""
    directory = tmp_path_factory.mktemp("data")
    make_lol(directory, train_ids=(2, 5, 6, 7, 8, 9))
    return directory


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Leave tracing, compiling and drawing to the fixture `finished` of `test_run.py`."""
    quicken(monkeypatch.setattr)
