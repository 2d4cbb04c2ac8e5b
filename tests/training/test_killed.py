"""Trainings that the system kills, at random moments."""

import csv
import random

import keras
import numpy as np
import pytest
from trainings import train_and_be_killed

from zero_dce_keras import Recipe, load_model

RECIPE = Recipe(
    image_size=16,
    batch_size=30,
    epochs=3,
    num_iterations=1,
    filters=2,
    num_layers=1,
    learning_rate=1e-2,
    ema=0.8,
    cosine_decay=True,
)


def epochs_of(run_dir):
    path = run_dir / "history.csv"
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize("kills", [1, pytest.param(4, marks=pytest.mark.large)])
def test_kills_at_random_moments(kills, tmp_path, data_home_of_tests):
    """Nothing is lost or doubled, and the end is that of a run nobody killed."""
    arguments = {"recipe": RECIPE, "dataset": "sample", "resume": True}
    arguments["data_dir"] = str(data_home_of_tests)
    train_and_be_killed({**arguments, "output": str(tmp_path / "warm_up")}, 0.1)
    code, seconds = train_and_be_killed(
        {**arguments, "output": str(tmp_path / "whole")}
    )
    assert code == 0
    arguments["output"] = str(tmp_path / "killed")
    before = []
    for _ in range(kills):
        code, _ = train_and_be_killed(arguments, random.uniform(0.2, 0.9) * seconds)
        assert code in (0, -9)  # it may be done before
        now = epochs_of(tmp_path / "killed")
        assert now == list(range(1, len(now) + 1)) and len(now) >= len(before)
        before = now
    assert train_and_be_killed(arguments)[0] == 0
    assert epochs_of(tmp_path / "killed") == [1, 2, 3]
    for name in ("last.keras", "best.weights.h5"):
        ends = [load_model(tmp_path / run / name) for run in ("whole", "killed")]
        for one, other in zip(*(end.get_weights() for end in ends), strict=True):
            if keras.backend.backend() == "tensorflow":  # see test_resume.py
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
            else:
                np.testing.assert_array_equal(one, other)
