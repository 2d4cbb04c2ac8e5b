"""What version 0.1.0 wrote still opens, with the same pixels; see `make_0_1_0.py`."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from trainings import quicken

from zero_dce_keras import load_model, train
from zero_dce_keras.images import to_uint8
from zero_dce_keras.training.run_config import read_config

FILES = Path(__file__).parent / "0.1.0"
MODELS = ("zero_dce", "zero_dce_plus_plus", "mirnet")
PRESETS = (
    "mirnet_lol",
    "tiny_lol_denoise",
    "zero_dce_general",
    "zero_dce_lol",
    "zero_dce_lol_denoise",
    "zero_dce_plus_plus_general",
    "zero_dce_plus_plus_lol",
)


REPLACED = FILES / "presets"  # presets that have changed or gone since


@pytest.fixture(scope="module")
def images():
    with np.load(FILES / "images.npz") as file:
        return file["images"]


@pytest.fixture(scope="module")
def outputs():
    with np.load(FILES / "outputs.npz") as file:
        return dict(file)


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
@pytest.mark.parametrize("name", MODELS)
def test_files_of_models(name, ending, images, outputs):
    model = load_model(FILES / f"{name}{ending}")
    enhanced = keras.ops.convert_to_numpy(model(images, training=False))
    np.testing.assert_allclose(enhanced, outputs[name], atol=1e-5)


@pytest.mark.parametrize("name", PRESETS)
def test_presets(name, images, outputs):
    levels = np.rint(images * 255).astype("float32")
    source = REPLACED / name if (REPLACED / name).exists() else name
    enhanced = load_model(source).enhance(levels / 255)  # an `Enhancer` would trace it
    enhanced = to_uint8(keras.ops.convert_to_numpy(enhanced))
    difference = np.abs(np.int16(enhanced) - outputs[f"preset_{name}"])
    assert difference.max() <= 1  # where rounding may fall on either side
    assert difference.mean() < 0.001


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="they were begun on TensorFlow"
)
@pytest.mark.parametrize("name", MODELS)
def test_killed_runs_go_on(name, tmp_path, monkeypatch):
    """A run that was killed after two of its three epochs ends as if it had not been."""
    quicken(monkeypatch.setattr)
    run = tmp_path / "run"
    shutil.copytree(FILES / f"run_{name}", run)
    recipe = read_config(run)["recipe"]
    train(recipe, "sample", None, run, resume=True, verbose=0)
    with (
        np.load(run / "state.npz") as now,
        np.load(FILES / f"run_{name}_end.npz") as end,
    ):
        ours, theirs = ([file[name] for name in file.files[1:]] for file in (now, end))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
