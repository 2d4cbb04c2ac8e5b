"""The command as a user meets it; each cell trains a tiny network for a step or two."""

import json

import numpy as np
import pytest

from conftest import run_command
from zero_dce_keras import ablate
from zero_dce_keras.data import open_splits
from zero_dce_keras.experiments import cells as cells_module
from zero_dce_keras.experiments.budget import steps_per_epoch, with_steps
from zero_dce_keras.experiments.grid import make_cells
from zero_dce_keras.experiments.grids import GRIDS, vary
from zero_dce_keras.training import RECIPES
from zero_dce_keras.training.run_config import read_config

TINY = (
    *("--recipe", "official", "--train-images", "4", "--validation-images", "2"),
    *("--image-size", "16", "--batch-size", "4", "--epochs", "1"),
    *("--filters", "2", "--num-layers", "1", "--num-iterations", "1"),
)


@pytest.fixture
def run(pairs_folder, tmp_path, capsys):
    """Function that runs the command; returns exit code, stdout, stderr."""

    def run(*options, data=True):
        place = ["--dataset", "folder", "--data-dir", pairs_folder] if data else []
        command = [*options, *place, "-o", tmp_path / "out", *TINY]
        return run_command(ablate.main, capsys, *command)

    return run


def test_a_grid_is_trained_scored_and_reported(run, tmp_path, pairs_folder):
    code, out, err = run("--vary", "filters=2,3", "--seeds", "2", "--json")
    assert code == 0, err
    report, output = json.loads(out), tmp_path / "out"
    names = {path.name for path in output.iterdir()}
    assert names == {
        *("report.md", "report.tex", "report.json", "cells"),
        *("scores.png", "curves.png", "pictures.png"),
    }
    assert json.loads((output / "report.json").read_text()) == report
    labels = ["untouched input", "filters 2", "filters 3"]
    assert [row["label"] for row in report["rows"]] == labels
    cells = report["cells"]
    assert [(c["label"], c["seed"]) for c in cells] == [
        (label, seed) for label in labels[1:] for seed in (1143, 1144)
    ]
    for row in report["rows"][1:]:
        values = [
            cell["scores"]["folder validation"]["psnr"]
            for cell in cells
            if cell["label"] == row["label"]
        ]
        mean, deviation = row["scores"]["folder validation"]["psnr"]
        assert mean == pytest.approx(np.mean(values))
        assert deviation == pytest.approx(np.std(values, ddof=1)) and deviation > 0
    for cell in cells:
        recipe = read_config(output / "cells" / cell["key"])["recipe"]
        assert (recipe.filters, recipe.seed) == (
            int(cell["label"][-1]),
            cell["seed"],
        )
    text = (output / "report.md").read_text()
    assert "| filters 2 |" in text and " ± " in text and "--vary filters=2,3" in text


@pytest.mark.usefixtures("without_figures")
def test_what_is_done_is_kept_and_what_is_new_is_trained(run, tmp_path, monkeypatch):
    trained = []
    train = cells_module.train

    def noted(recipe, *args, **options):
        trained.append(recipe.filters)
        return train(recipe, *args, **options)

    monkeypatch.setattr(cells_module, "train", noted)
    first = json.loads(run("--vary", "filters=2", "--json")[1])
    second = json.loads(run("--vary", "filters=2,3", "--json")[1])
    assert trained == [2, 3] and second["cells"][0] == first["cells"][0]
    for path in (tmp_path / "out/cells").glob("*/scores/*.json"):
        kept = json.loads(path.read_text())
        kept["mean"]["ssim"] = 7.5
        path.write_text(json.dumps(kept))
    third = json.loads(run("--vary", "filters=2", "--json")[1])
    assert trained == [2, 3]
    assert third["cells"][0]["scores"]["folder validation"]["ssim"] == 7.5


@pytest.mark.usefixtures("without_figures")
def test_an_interrupted_grid_goes_on(run, tmp_path, monkeypatch):
    score, calls = cells_module.score_images, []

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return score(*args)

    monkeypatch.setattr(cells_module, "score_images", interrupted)
    assert run("--vary", "filters=2,3")[0] == 130
    assert not (tmp_path / "out/report.md").exists()
    kept = {
        path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("last.keras")
    }
    assert len(kept) == 2  # both trained, the second not scored yet
    code, out, _ = run("--vary", "filters=2,3")
    assert code == 0 and len(out.splitlines()) == 5 and len(calls) == 3
    for path, changed in kept.items():
        assert path.stat().st_mtime_ns == changed


@pytest.mark.usefixtures("without_figures")
def test_ctrl_c_in_a_training_ends_the_grid(run, tmp_path, monkeypatch):
    def half(recipe, *args, **options):
        from types import SimpleNamespace

        return None, SimpleNamespace(epoch=[])

    monkeypatch.setattr(cells_module, "train", half)
    code, out, err = run("--vary", "filters=2")
    assert (code, out) == (130, "") and err.endswith("interrupted\n")


@pytest.mark.usefixtures("without_figures")
def test_a_failed_cell_is_named_and_the_rest_goes_on(run, tmp_path, monkeypatch):
    train = cells_module.train

    def failing(recipe, *args, **options):
        if recipe.filters == 3:
            raise ValueError("total_loss exploded")
        return train(recipe, *args, **options)

    monkeypatch.setattr(cells_module, "train", failing)
    code, out, err = run("--vary", "filters=2,3", "--format", "markdown")
    assert code == 1 and "failed: filters 3: total_loss exploded" in err
    assert "| filters 3 | – |" in out
    assert "failed: filters 3: total_loss exploded" in (
        (tmp_path / "out/report.md").read_text()
    )


@pytest.mark.usefixtures("without_figures")
def test_folds_are_of_scenes_and_each_is_scored_on_its_own(run, pairs_folder):
    report = json.loads(run("--folds", "2", "--json")[1])
    assert [cell["fold"] for cell in report["cells"]] == [1, 2]
    (_, row) = report["rows"]
    values = [c["scores"]["folder validation"]["psnr"] for c in report["cells"]]
    expected = [pytest.approx(np.mean(values)), pytest.approx(np.std(values, ddof=1))]
    assert row["scores"]["folder validation"]["psnr"] == expected
    names = []
    for number, _cell in enumerate(report["cells"], 1):
        splits = open_splits("folder", pairs_folder, fold=[number, 2])
        names.append({pair.name for pair in splits.validation})
        assert not names[-1] & {pair.name for pair in splits.train}
    assert names[0] | names[1] == set("012345")


@pytest.mark.usefixtures("without_figures")
def test_trained_on_one_scored_on_others(run, pairs_folder, lol_folder, tmp_path):
    lol = lol_folder()
    options = ["--train-on", f"folder={pairs_folder}", "--train-on", f"lol={lol}"]
    options += ["--score-on", f"folder={pairs_folder}", "--score-on", f"lol={lol}"]
    table = run(*options, data=False)[1]
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert [row["label"] for row in report["rows"][1:]] == ["folder", "lol"]
    for cell in report["cells"]:
        assert list(cell["scores"]) == ["folder validation", "lol validation"]
    assert "folder validation: PSNR dB" in table and "lol validation: SSIM" in table


def test_steps_become_epochs(pairs_folder):
    """4 images in batches of 4, then of 3: 3 steps are 3 epochs, then 2 of 2 steps."""
    recipe = RECIPES["official"]().replace(train_images=4, validation_images=2)
    source = cells_module.Source("folder", pairs_folder)
    cells = make_cells(recipe, vary({"batch_size": [4, 3]}), [source])
    assert [with_steps(cell, 3).recipe.epochs for cell in cells] == [3, 2]


def test_no_variant_is_scored_on_what_it_or_another_was_trained_on(
    run, monkeypatch, lol_folder
):
    """Training splits of other sizes, and one set to score on, behind all of them."""
    seen = []

    def pretend(cell, scored, directory):
        seen.append((cell.splits().train, scored[0].pairs(cell)))
        return {"label": cell.label, "key": cell.key, "error": "pretended"}

    monkeypatch.setattr("zero_dce_keras.experiments.grid.run_cell", pretend)
    monkeypatch.setattr(
        "zero_dce_keras.experiments.grid.score_input",
        lambda *args: {"label": "input", "steps": 0, "error": "not scored"},
    )
    data = ["--dataset", "lol", "--data-dir", lol_folder((2, 5, 6, 7, 9, 12, 15))]
    run("--vary", "train_images=2,4", *data, data=False)
    (few, first), (many, second) = seen
    assert len(few) < len(many) and first == second
    assert not {*few, *many} & {*first}


@pytest.mark.usefixtures("without_figures")
def test_a_budget_scales_the_epochs_says_so_and_keeps_them(run, monkeypatch):
    """Of 2 minutes, two cells take half to start. 100 epochs of 3.5 s (a step of 3 s,
    and half a batch to validate on at a third of that): 11.7 minutes; 1 is left, for 8.
    """
    from zero_dce_keras.experiments import budget

    seconds = iter([(30.0, 3.0)])
    monkeypatch.setattr(budget, "time_step", lambda *args: next(seconds))
    done = []

    def pretend(cell, *args):
        done.append(cell.recipe.epochs)
        return {"label": cell.label, "key": cell.key, "error": "pretended"}

    monkeypatch.setattr("zero_dce_keras.experiments.grid.run_cell", pretend)
    options = ["--vary", "seed=1,2", "--budget", "2", "--json"]
    original = TINY.index("--epochs")
    monkeypatch.setattr(
        f"{__name__}.TINY", (*TINY[:original], "--epochs", "100", *TINY[original + 2 :])
    )
    for _ in range(2):  # the second time by what was kept
        _, out, err = run(*options)
        line = (
            "budget of 2 minutes: the 2 trainings take about 12.7, "
            "so 8 of 100 epochs each"
        )
        assert line in err and json.loads(out)["budget"] == line
    assert done == [8] * 4


def test_time_of_a_step_is_measured(pairs_folder):
    from zero_dce_keras.experiments.budget import time_step

    recipe = RECIPES["official"]().replace(
        image_size=16, batch_size=2, filters=2, num_layers=1, num_iterations=1
    )
    splits = open_splits("folder", pairs_folder, 4, 2)
    before, step = time_step(recipe, splits)
    assert before >= 0 and 0 < step < 60


def test_steps_per_epoch():
    recipe = RECIPES["official"]().replace(batch_size=4)
    assert [steps_per_epoch(recipe, n) for n in (3, 4, 5, 8)] == [1, 1, 2, 2]
    assert steps_per_epoch(recipe.replace(drop_remainder=True), 7) == 1


# The paper's tables


@pytest.mark.parametrize("name", GRIDS)
def test_every_table_can_be_trained_and_names_its_rows(name):
    recipe = RECIPES["official"]()
    rows = GRIDS[name](recipe)
    assert len({row.label for row in rows}) == len(rows)
    for row in rows:
        recipe.replace(**row.changes).check()


def test_the_tables_of_the_paper():
    recipe = RECIPES["official"]()
    settings = [row.label for row in GRIDS["settings"](recipe)]
    assert settings == ["3-32-8", "7-16-8", "7-32-1", "7-32-8", "7-32-16"]
    changed = [recipe.replace(**row.changes) for row in GRIDS["losses"](recipe)]
    weights = [
        (r.spatial_weight, r.exposure_weight, r.color_weight, r.smoothness_weight)
        for r in changed
    ]
    assert weights == [
        (1, 10, 5, 200),
        *[(0, 10, 5, 200), (1, 0, 5, 200), (1, 10, 0, 200), (1, 10, 5, 0)],
    ]
    exposures = [row.changes["well_exposedness"] for row in GRIDS["exposure"](recipe)]
    assert exposures == [0.3, 0.4, 0.5, 0.6, 0.7]
    assert len(GRIDS["weights"](recipe)) == 9
    assert len(GRIDS["weights"](recipe.replace(color_weight=0.0))) == 7


def test_vary_gives_every_combination():
    rows = vary({"filters": [8, 16], "crop": [True, False]})
    assert [row.label for row in rows][:2] == [
        "filters 8, crop True",
        "filters 8, crop False",
    ]
    assert len(rows) == 4


def test_a_table_with_more_that_varies():
    recipe = RECIPES["official"]()
    rows = ablate.make_variants("settings", recipe, {"learning_rate": [1e-3, 1e-4]})
    assert len(rows) == 10 and rows[0].label == "3-32-8, learning_rate 0.001"
    assert rows[0].changes["learning_rate"] == 1e-3 and rows[0].changes["filters"] == 32


# What a user gets wrong


@pytest.mark.parametrize(
    "options, message",
    [
        ("loses", "Did you mean losses\\? There are: losses, settings, data"),
        ("--vary filtres=2,3", "no field .* 'filtres'. Did you mean filters\\?"),
        ("--vary filters=many", "--vary filters=many: .*invalid int value"),
        ("--vary filters", "--vary must be FIELD=A,B"),
        ("--vary num_layers=3,4", "num_layers must be odd and positive. Received: 4"),
        ("--vary loss_form=seed", "invalid choice: 'seed'"),
        ("--recipe secret", "invalid choice: 'secret'"),
        ("--steps 5 --budget 5", "not allowed with"),
        ("--budget 0", "must be positive"),
        ("--score-on lil", "must be one of lol, sample, sice"),
        ("--train-on sice", "sice needs its place: sice=DIR"),
        ("--vary validation_images=2,3", "no field that can be varied"),
        ("losses --search 3", "--search takes what it tries from --vary"),
    ],
)
def test_wrong_usage_is_exit_code_2(options, message, run, tmp_path):
    import re

    code, out, err = run(*options.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert re.search(message, err), err
    assert not (tmp_path / "out").exists()


def test_a_recipe_without_validation_images_has_nothing_to_score_on(capsys):
    command = ["--recipe", "general", "--dataset", "sample"]
    with pytest.raises(SystemExit, match="2"):
        ablate.main(command)
    out, err = capsys.readouterr()
    assert not out and "--recipe general trains on all there is" in err


def test_more_folds_than_scenes(run):
    code, out, err = run("--folds", "7")
    assert (code, out) == (1, "") and "folds must be from 2 to 6" in err


def test_values_of_all_kinds_are_read():
    from zero_dce_keras.training.recipe import Recipe

    names = set(Recipe().__dict__)
    texts = ["crop=true,false", "ema=none,.9", "loss-form=paper", "filters=4"]
    found = ablate.parse_varied(ablate.build_parser(), texts, names)
    assert found == {
        "crop": [True, False],
        "ema": [None, 0.9],
        "loss_form": ["paper"],
        "filters": [4],
    }
