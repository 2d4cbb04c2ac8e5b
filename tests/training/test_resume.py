"""A run that was stopped anywhere and goes on ends as if it had not been stopped."""

import csv
import json

import keras
import numpy as np
import pytest

from zero_dce_keras import Recipe, load_model, train
from zero_dce_keras.models import open_model
from zero_dce_keras.training.callbacks import SavePictures
from zero_dce_keras.training.state import RunState

pytestmark = pytest.mark.usefixtures("without_xla")
TINY = Recipe(
    train_images=4,
    validation_images=2,
    image_size=16,
    batch_size=2,
    epochs=3,
    num_iterations=1,
    filters=2,
    num_layers=1,
    learning_rate=1e-2,
    crop=True,
    flip=True,
    augment_exposure=0.5,
    denoising_weight=300.0,  # draws neighbours from a seed generator
)
RECIPES = {
    "averages": TINY.replace(ema=0.8, mixup=True, cosine_decay=True, monitor="psnr"),
    "plateau": TINY.replace(plateau_epochs=1, learning_rate=1.0),  # gets worse
}


class Killed(BaseException):
    """Nothing catches it; like a process that is killed, it saves nothing."""


@pytest.fixture(scope="module")
def data(tmp_path_factory, make_lol):
    directory = tmp_path_factory.mktemp("data")
    make_lol(directory, train_ids=(2, 5, 6, 7, 8, 9))
    return directory


def run(data, output, recipe, **kwargs):
    return train(recipe, "lol", data, output, verbose=0, **kwargs)


def table(run_dir):
    with open(run_dir / "history.csv", newline="") as file:
        return list(csv.reader(file))


def check_close(old, new):
    """Bit for bit; TensorFlow adds up in the order in which its threads are done."""
    if keras.backend.backend() == "tensorflow":
        np.testing.assert_allclose(old, new, rtol=1e-4, atol=1e-6)
    else:
        np.testing.assert_array_equal(old, new)


def check_same_end(one, other):
    """Weights, optimizer, seeds, history and what was best."""
    for name in ("last.keras", "best.weights.h5"):
        models = open_model(one / name), open_model(other / name)
        for old, new in zip(*(m.get_weights() for m in models), strict=True):
            check_close(old, new)
    old, new = table(one), table(other)
    assert old[0] == new[0]
    check_close(np.float64(old[1:]), np.float64(new[1:]))
    with np.load(one / "state.npz") as old, np.load(other / "state.npz") as new:
        assert old.files == new.files
        for name in old.files:
            if name.startswith("variable"):
                check_close(old[name], new[name])
    configs = [json.loads((path / "config.json").read_text()) for path in (one, other)]
    for config in configs:
        del config["seconds"]
    assert configs[0] == configs[1]


@pytest.mark.parametrize("name", RECIPES)
def test_a_run_that_dies_twice_ends_the_same(name, data, tmp_path, monkeypatch):
    """In the middle of an epoch, and while the state of one is saved."""
    recipe = RECIPES[name]
    run(data, tmp_path / "whole", recipe)
    save, batches = RunState._save, []

    def die_in_epoch_2(self, batch, logs=None):
        batches.append(batch)
        if len(batches) == 4:
            raise Killed

    def die_while_saving_epoch_3(self):
        if len(self.history.epoch) == 3:
            raise Killed
        save(self)

    for owner, attribute, death, done in (
        (SavePictures, "on_train_batch_end", die_in_epoch_2, 1),
        (RunState, "_save", die_while_saving_epoch_3, 2),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, attribute, death)
            with pytest.raises(Killed):
                run(data, tmp_path / "killed", recipe, resume=True)
        assert [row[0] for row in table(tmp_path / "killed")[1:]] == ["0", "1"][:done]
    run(data, tmp_path / "killed", recipe, resume=True)
    check_same_end(tmp_path / "whole", tmp_path / "killed")
