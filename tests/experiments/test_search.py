"""The search, with trials that train a tiny network for an epoch or two."""

import json
from types import SimpleNamespace

import pytest

from zero_dce_keras import ablate, cli
from zero_dce_keras.experiments import search as search_module
from zero_dce_keras.training import RECIPES

optuna = pytest.importorskip("optuna")

TINY = (
    *("--train-images", "4", "--validation-images", "2", "--epochs", "1"),
    *("--image-size", "16", "--batch-size", "4"),
    *("--filters", "2", "--num-layers", "1", "--num-iterations", "1"),
)


@pytest.fixture
def run(pairs_folder, tmp_path, capsys):
    def run(*options, folder=pairs_folder):
        place = ["--dataset", "folder", "--data-dir", folder, "-o", tmp_path / "out"]
        code = cli.run(
            ablate.main, [str(option) for option in (*options, *place, *TINY)]
        )
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


@pytest.fixture
def pretend(monkeypatch):
    """Let trials be scored by a formula, without a training; returns the list of cells."""
    cells = []

    def run_cell(cell, scored, directory, callbacks):
        cells.append(cell)
        psnr = 20 - (cell.recipe.filters - 4) ** 2
        return {"scores": {"folder validation": {"psnr": float(psnr)}}}

    monkeypatch.setattr(search_module, "run_cell", run_cell)
    return cells


def test_trials_are_trained_scored_and_reported(run, tmp_path):
    code, out, err = run("--search", "2", "--vary", "filters=2,3", "--json")
    assert code == 0, err
    found, output = json.loads(out), tmp_path / "out"
    assert len(found["trials"]) == 2
    best = found["trials"][found["best"]]
    assert best["psnr"] == max(trial["psnr"] for trial in found["trials"])
    assert found["recipe"]["filters"] == best["params"]["filters"]
    assert best["scores"]["psnr"] == best["psnr"]
    names = {path.name for path in output.iterdir()}
    assert names >= {
        "search.md",
        "search.tex",
        "search.json",
        "search.png",
        "search.db",
    }
    assert best["epochs"].keys() == {"0"}  # its learning curve


def test_a_search_goes_on_from_its_storage(run, pretend):
    varied = ["--vary", "filters=2,3,4,5,6"]
    first = json.loads(run("--search", "2", *varied, "--json")[1])
    assert len(pretend) == 2
    second = json.loads(run("--search", "5", *varied, "--json")[1])
    assert len(pretend) == 5 and second["trials"][:2] == first["trials"]
    assert run("--search", "5", *varied)[0] == 0 and len(pretend) == 5
    assert run("--search", "1", "--vary", "filters=2,4")[0] == 0  # another search
    assert len(pretend) == 6


def test_an_interrupted_trial_is_repeated(run, pretend, monkeypatch):
    go_on = search_module.run_cell

    def interrupted(cell, *args):
        if len(pretend) == 1:
            pretend.append(cell)
            raise KeyboardInterrupt
        return go_on(cell, *args)

    monkeypatch.setattr(search_module, "run_cell", interrupted)
    options = ["--search", "3", "--vary", "filters=2,3,4,5,6,7,8,9", "--json"]
    assert run(*options)[0] == 130
    found = json.loads(run(*options)[1])
    assert pretend[2].recipe == pretend[1].recipe  # first of all, the same again
    assert len(found["trials"]) == 3 and len(pretend) == 4


def test_a_trial_that_fails_does_not_end_the_search(run, pretend, monkeypatch):
    go_on = search_module.run_cell

    def failing(cell, *args):
        result = go_on(cell, *args)
        return {"error": "total_loss exploded"} if len(pretend) == 1 else result

    monkeypatch.setattr(search_module, "run_cell", failing)
    code, out, _ = run("--search", "3", "--vary", "filters=2,3", "--json")
    trials = json.loads(out)["trials"]
    assert code == 0 and [trial["state"] for trial in trials] == [
        "fail",
        "complete",
        "complete",
    ]
    assert trials[0]["error"] == "total_loss exploded"


def test_a_search_whose_every_trial_failed_says_why(run, monkeypatch):
    monkeypatch.setattr(
        search_module, "run_cell", lambda *args: {"error": "total_loss exploded"}
    )
    code, out, err = run("--search", "2", "--vary", "filters=2,3")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == "error: every trial failed: total_loss exploded"


def test_a_search_needs_references(run, photo_folder):
    folder = photo_folder(["1.png", "2.png", "3.png"], size=(96, 192))
    code, out, err = run("--search", "1", "--vary", "filters=2", folder=folder)
    assert (code, out) == (1, "") and "--search needs references" in err


def test_without_optuna_the_extra_is_named(run, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "optuna", None)
    code, out, err = run("--search", "1")
    assert (code, out) == (1, "") and "optuna" in err


def test_what_is_searched_over_by_default():
    recipe = RECIPES["official"]().replace(color_weight=0.0)
    asked = {}

    class Trial:
        def suggest_float(self, name, low, high, log=False):
            asked[name] = low, high
            return low

        def suggest_categorical(self, name, values):
            asked[name] = values
            return values[0]

    proposed = search_module.propose(Trial(), recipe, {})
    assert asked == {
        "learning_rate": (1e-5, 1e-2),
        "well_exposedness": (0.3, 0.7),
        "filters": (8, 16, 32),
        "spatial_weight": (0.1, 10.0),
        "exposure_weight": (1.0, 100.0),
        "smoothness_weight": (20.0, 2000.0),
    }
    proposed.check()
    asked.clear()
    search_module.propose(Trial(), RECIPES["mirnet"](), {})
    assert list(asked) == ["learning_rate"]


def test_a_hopeless_trial_is_stopped():
    reports = []
    trial = SimpleNamespace(
        report=lambda value, epoch: reports.append((value, epoch)),
        should_prune=lambda: len(reports) == 2,
    )
    callback = search_module.PruneTrial(optuna, trial)
    model = SimpleNamespace(stop_training=False)
    callback.set_model(model)
    for epoch, psnr in enumerate((10.0, 9.0)):
        assert not callback.is_pruned and not model.stop_training
        callback.on_epoch_end(epoch, {"val_psnr": psnr})
    assert callback.is_pruned and model.stop_training
    assert reports == [(10.0, 0), (9.0, 1)]
