"""Tools and benchmarks are run by hand; what they import from the package is there."""

import importlib
import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from trainings import quicken

from zero_dce_keras import load_model, train
from zero_dce_keras.data import open_splits
from zero_dce_keras.extras import EXTRA_OF
from zero_dce_keras.training import RECIPES

REPOSITORY = Path(__file__).parents[1]
SCRIPTS = sorted([*REPOSITORY.glob("tools/*.py"), *REPOSITORY.glob("benchmarks/*.py")])
assert SCRIPTS  # a parametrised test of nothing would pass
# What they may lack: the package's extras, and what comes with Jupyter and the page's tests.
OPTIONAL = {*EXTRA_OF, "nbclient", "nbformat", "playwright", "scipy"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_its_imports(path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(path.parent), *sys.path])
    try:
        runpy.run_path(str(path), run_name="imported")
    except ModuleNotFoundError as error:
        if error.name.partition(".")[0] not in OPTIONAL:
            raise
        pytest.skip(f"needs {error.name}")


@pytest.fixture
def tool(monkeypatch):
    """The module `make_preset`."""
    monkeypatch.syspath_prepend(REPOSITORY / "tools")
    return importlib.import_module("make_preset")


@pytest.fixture
def make_preset(tool, tmp_path, monkeypatch, photo_folder, lol_folder):
    """Function that makes a preset out of a run on a folder; returns its card."""
    tiny = RECIPES["notebook"]().replace(
        image_size=16, batch_size=2, epochs=1, filters=2, num_layers=1
    )
    monkeypatch.setitem(RECIPES, "tiny-notebook", lambda: tiny)
    monkeypatch.setattr(tool, "PRESETS_DIR", tmp_path / "presets")
    monkeypatch.setattr(tool, "open_splits", lambda *where: open_splits(*where, 4, 2))
    quicken(monkeypatch.setattr)
    run, data = tmp_path / "run", lol_folder()
    train(tiny, "folder", photo_folder(), run, verbose=0)

    def make(*options):
        words = ["make_preset.py", "mine", str(run), "--data-dir", str(data), *options]
        monkeypatch.setattr(sys, "argv", words)
        tool.main()
        return json.loads((tmp_path / "presets/mine/metadata.json").read_text())

    return make


def test_a_run_on_a_folder_must_be_described(make_preset, capsys):
    with pytest.raises(SystemExit, match="2"):
        make_preset()
    assert "--data TEXT is for runs on a folder" in capsys.readouterr().err
    card = make_preset("--data", "Three photographs of noise, public domain")
    assert card["data"] == "Three photographs of noise, public domain"
    assert card["calibrated"] == ""
    assert "SICE" not in str(card) and "research use" not in card["terms"]
    assert card["scores"]["eval15"].keys() == {
        "psnr",
        "ssim",
        "mae",
        "psnr_gt_mean",
        "exposure_error",
    }


def test_the_last_weights_of_a_run(make_preset, tmp_path):
    """Where it was not validated, its best ones say nothing."""
    run = tmp_path / "run"
    (run / "best.weights.h5").unlink()
    config = json.loads((run / "config.json").read_text())
    config["mixed_precision"] = True
    (run / "config.json").write_text(json.dumps(config))
    card = make_preset("--last", "--data", "Noise")
    assert card["best_epoch"] is None and " --mixed-precision " in card["command"]
    preset, last = (
        load_model(tmp_path / x) for x in ("presets/mine", "run/last.keras")
    )
    for one, other in zip(preset.get_weights(), last.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_card_says_what_was_calibrated(tool):
    normalization, denoising = (
        tool.calibrated(RECIPES[name]()) for name in ("default", "denoise")
    )
    assert "constants of exposure normalisation" in normalization
    assert "denoising filter" not in normalization
    assert denoising.startswith(normalization) and "denoising filter" in denoising
