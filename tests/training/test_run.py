import csv
import dataclasses
import importlib.util
import json
import signal
import subprocess
import sys
import time

import checks
import h5py
import numpy as np
import pytest
from PIL import Image

from zero_dce_keras import (
    RECIPES,
    MIRNet,
    Recipe,
    ZeroDCE,
    ZeroDCEPlusPlus,
    load_model,
    train,
)
from zero_dce_keras.devices import describe_device
from zero_dce_keras.files import TEMPORARY
from zero_dce_keras.training import run as training_run
from zero_dce_keras.training.build import build_model
from zero_dce_keras.training.callbacks import SavePictures, SaveWeights
from zero_dce_keras.training.run import start_from

TENSORFLOW = importlib.util.find_spec("tensorflow")
TINY = Recipe(
    train_images=4,
    validation_images=2,
    image_size=16,
    batch_size=2,
    epochs=2,
    num_iterations=2,
    filters=4,
    num_layers=3,
    learning_rate=1e-3,
    global_clipnorm=0.1,
    l2=1e-4,
    initial_stddev=0.02,
    seed=5,
)


def run(data, output, recipe=TINY, **kwargs):
    return train(recipe, "lol", data, output, verbose=0, **kwargs)


def files(directory):
    return {path.name for path in directory.iterdir()}


def rows(run_dir):
    with open(run_dir / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    """(run directory, model, history) of a run of two epochs, as users make them."""
    run_dir = tmp_path_factory.mktemp("runs") / "new" / "run"
    return run_dir, *run(data, run_dir)


def test_what_a_run_leaves(finished):
    run_dir = finished[0]
    assert files(run_dir) == {
        ".lock",
        "best.weights.h5",
        "config.json",
        "history.csv",
        "history.png",
        "last.keras",
        "pictures",
        "state.npz",
    } | ({"logs"} if TENSORFLOW else set())
    if TENSORFLOW:
        assert list((run_dir / "logs").rglob("events.out.tfevents.*"))
    assert files(run_dir / "pictures") == {"epoch_0001.png", "epoch_0002.png"}
    for path in (run_dir / "history.png", run_dir / "pictures" / "epoch_0002.png"):
        with Image.open(path) as image:
            assert min(image.size) > 100
            assert np.asarray(image.convert("L")).std() > 5


def test_config_says_what_was_run(finished, data):
    config = json.loads((finished[0] / "config.json").read_text())
    assert config["recipe"] == dataclasses.asdict(TINY)
    assert (config["dataset"], config["data_dir"]) == ("lol", str(data))
    images = {"train": 4, "validation": 2, "rest": 0, "test": 2}
    assert config["images"] == images
    assert {"keras", "python", "zero_dce_keras"} <= set(config["versions"])
    assert config["device"] == describe_device()


def test_history_has_a_row_an_epoch(finished):
    run_dir, _, history = finished
    table = rows(run_dir)
    assert [row["epoch"] for row in table] == ["1", "2"]
    assert set(table[0]) == {"epoch", *history.history}
    for name, values in history.history.items():
        assert [float(row[name]) for row in table] == pytest.approx(values)
    for name in ("total_loss", "exposure_loss", "psnr", "ssim", "mse", "mae"):
        assert {name, f"val_{name}"} <= set(table[0])


def test_last_is_the_model_at_the_end(finished, low_light):
    run_dir, model, _ = finished
    last = load_model(run_dir / "last.keras")
    np.testing.assert_array_equal(
        checks.predict(last, low_light), checks.predict(model, low_light)
    )
    assert int(last.optimizer.iterations) == 4  # 2 epochs of 2 batches
    settings = last.optimizer.max_gradient_norm, last.optimizer.l2
    assert settings == (0.1, 1e-4)


def test_the_recipe_reaches_the_model(data, tmp_path):
    recipe = TINY.replace(
        epochs=1,
        well_exposedness=0.42,
        exposure_patch_size=8,
        loss_form="paper",
        spatial_weight=2,
        exposure_weight=3,
        color_weight=4,
        smoothness_weight=5,
        weight_decay=0.1,
    )
    model, _ = run(data, tmp_path, recipe, mixed_precision=True)
    config = model.get_config()
    for name in ("num_iterations", "filters", "num_layers", "well_exposedness"):
        assert config[name] == getattr(recipe, name)
    assert (config["loss_form"], config["exposure_patch_size"]) == ("paper", 8)
    assert list(config["loss_weights"].values()) == [2, 3, 4, 5]
    assert config["kernel_initializer"]["config"]["stddev"] == 0.02
    assert model.optimizer.weight_decay == 0.1
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)
    assert model.dce_model.get_layer("conv_1").compute_dtype == "bfloat16"


def test_zero_dce_plus_plus(data, tmp_path, low_light):
    """Its weights file opens as it was trained, scale factor and all."""
    recipe = TINY.replace(
        model="zero_dce_plus_plus", epochs=1, scale_factor=3, resampling="area"
    )
    model, _ = run(data, tmp_path / "run", recipe)
    assert type(model) is ZeroDCEPlusPlus
    opened = load_model(tmp_path / "run" / "best.weights.h5")
    assert type(opened) is ZeroDCEPlusPlus
    assert (opened.scale_factor, opened.resampling) == (3, "area")
    assert (opened.num_iterations, opened.filters, opened.num_layers) == (2, 4, 3)
    np.testing.assert_allclose(
        checks.predict(opened, low_light), checks.predict(model, low_light), atol=1e-6
    )
    with pytest.raises(ValueError, match=r"must hold a ZeroDCE\..*a ZeroDCEPlusPlus"):
        run(data, tmp_path / "other", weights=tmp_path / "run" / "best.weights.h5")


def test_weights_of_another_preparation_are_logged(tmp_path, caplog):
    recipe = TINY.replace(normalize_exposure=True)
    weights = tmp_path / "model.weights.h5"
    build_model(recipe, 4).save_weights(weights)
    start_from(build_model(recipe, 4), weights)
    assert not caplog.messages
    start_from(build_model(recipe.replace(leave_well_exposed=True), 4), weights)
    (message,) = caplog.messages
    assert f"{weights} were trained with exposure_normalization={{" in message
    assert message.count("'well_exposed': None") == 1
    assert message.count("'well_exposed': [0.25, 0.5]") == 1


def test_start_from_a_model_without_exposure_normalization(tmp_path, caplog):
    recipe = Recipe(model="bilateral_dce", filters=4, num_iterations=2)
    weights = tmp_path / "model.weights.h5"
    trained = build_model(recipe, 4)
    trained.save_weights(weights)
    model = build_model(recipe.replace(seed=2), 4)
    start_from(model, weights)
    assert not caplog.messages
    for one, other in zip(model.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_teacher(finished, data, tmp_path):
    """Of any weights of a model with curves; in `config.json` for `--resume`."""
    teacher = str(finished[0] / "best.weights.h5")
    recipe = TINY.replace(model="zero_dce_plus_plus", scale_factor=2, teacher=teacher)
    run(data, tmp_path / "run", recipe.replace(epochs=1))
    (row,) = rows(tmp_path / "run")
    assert float(row["val_distillation_loss"]) > 0
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["recipe"]["teacher"] == teacher
    pairs_only = str(tmp_path / "mirnet.weights.h5")
    MIRNet(1, 1, 4, "residual").save_weights(pairs_only)
    with pytest.raises(ValueError, match=f"teacher must be .*: {pairs_only}, a MIRNet"):
        run(data, tmp_path / "other", recipe.replace(teacher=pairs_only))
    assert not (tmp_path / "other").exists()


def test_augmentation_changes_what_is_trained_on(data, tmp_path):
    """And not what is validated on: those losses are those of the weights."""
    recipe = TINY.replace(
        epochs=1,
        learning_rate=1e-12,
        l2=None,
        augment_exposure=1.0,
        augment_gamma=0.2,
        augment_white_balance=0.2,
        augment_noise=0.05,
    )
    _, plain = run(
        data,
        tmp_path / "plain",
        recipe.replace(
            augment_exposure=0.0,
            augment_gamma=0.0,
            augment_white_balance=0.0,
            augment_noise=0.0,
        ),
    )
    _, changed = run(data, tmp_path / "changed", recipe)
    name = "color_constancy_loss"
    old, new = plain.history[name][0], changed.history[name][0]
    assert abs(new / old - 1) > 0.01
    expected = plain.history[f"val_{name}"][0]
    assert changed.history[f"val_{name}"][0] == pytest.approx(expected, rel=1e-4)


def test_same_seed_same_run(finished, data, tmp_path):
    _, history = run(data, tmp_path / "again")
    for name, values in history.history.items():
        assert values == pytest.approx(finished[2].history[name], rel=1e-4), name
    _, other = run(data, tmp_path / "other", TINY.replace(seed=6, epochs=1))
    assert other.history["total_loss"][0] != history.history["total_loss"][0]


@pytest.mark.parametrize(
    "monitor, values, best",
    [
        ("total_loss", [3, 1, 2], 1),
        ("psnr", [3, 9, 7], 1),
        ("ssim", [0.1, 0.3, 0.3], 1),
    ],
)
def test_best_weights_are_the_best_epochs(tmp_path, monitor, values, best):
    """On the validation images; on equal values the earlier epoch stays."""
    model = ZeroDCE(num_iterations=1, filters=2, num_layers=1)
    model.compile()
    callback = SaveWeights(tmp_path, monitor)
    callback.set_model(model)
    for epoch, value in enumerate(values):
        model.set_weights([np.full_like(w, epoch) for w in model.get_weights()])
        misleading = {monitor: -value, "total_loss": -value}
        callback.on_epoch_end(epoch, {**misleading, f"val_{monitor}": value})
    assert files(tmp_path) == {"best.weights.h5", "last.keras"}
    assert load_model(tmp_path / "best.weights.h5").get_weights()[0].max() == best
    assert load_model(tmp_path / "last.keras").get_weights()[0].max() == 2


def test_photographs_without_references(photo_folder, tmp_path, caplog):
    """The monitor is then the loss, and `logging` says so."""
    caplog.set_level("INFO")
    recipe = TINY.replace(epochs=1, validation_images=0, monitor="psnr")
    folder = photo_folder()
    _, history = train(recipe, "folder", folder, tmp_path / "run", verbose=0)
    assert "total_loss" in history.history and "psnr" not in history.history
    assert (tmp_path / "run" / "best.weights.h5").is_file()
    for message in ("no references, so no psnr: ", "3 train, 0 validation"):
        assert any(each.startswith(message) for each in caplog.messages)


def test_the_default_recipe_takes_photographs_without_references(
    photo_folder, tmp_path
):
    """`fit --dataset folder` needs no other option."""
    small = {"image_size": 16, "batch_size": 2, "epochs": 1, "filters": 2}
    recipe = RECIPES["default"]().replace(**small, num_layers=1, num_iterations=1)
    train(recipe, "folder", photo_folder(), tmp_path / "run", verbose=0)
    assert {"best.weights.h5", "last.keras"} <= files(tmp_path / "run")


# Where it starts


def test_start_from_weights(finished, data, tmp_path, low_light):
    """No step taken, next to nothing learnt: the weights are those of the other run."""
    start = finished[0] / "best.weights.h5"
    recipe = TINY.replace(epochs=1, learning_rate=1e-12, l2=None)
    model, _ = run(data, tmp_path, recipe, weights=start)
    expected = load_model(start)
    np.testing.assert_allclose(
        checks.predict(model, low_light), checks.predict(expected, low_light), atol=1e-6
    )


def test_start_from_weights_of_another_size(finished, data, tmp_path):
    with pytest.raises(ValueError, match=r"best.weights.h5.*\(2, 8, 3\).*\(2, 4, 3\)"):
        run(
            data,
            tmp_path / "run",
            TINY.replace(filters=8),
            weights=finished[0] / "best.weights.h5",
        )
    assert not (tmp_path / "run").exists()


# How it ends early


@pytest.mark.parametrize("whole_epochs", [0, 1])
def test_ctrl_c_saves(data, tmp_path, monkeypatch, caplog, whole_epochs):
    def stop(self, batch, logs=None):
        if self.model.optimizer.iterations == 2 * whole_epochs + 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(SavePictures, "on_train_batch_end", stop)
    model, _ = run(data, tmp_path)
    message = f"stopped after {whole_epochs} whole epochs; --resume goes on from there"
    assert caplog.messages[-1] == message
    last = load_model(tmp_path / "last.keras")
    assert int(last.optimizer.iterations) == 2 * whole_epochs + 1
    for one, other in zip(last.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not [name for name in files(tmp_path) if TEMPORARY.search(name)]
    assert (tmp_path / "history.png").exists() == bool(whole_epochs)
    if whole_epochs:
        assert len(rows(tmp_path)) == 1


def test_ctrl_c_while_a_file_is_written(data, tmp_path, monkeypatch, low_light):
    """The file of the epoch before is still whole."""
    save = ZeroDCE.save_weights

    def stop(self, path, **kwargs):
        save(self, path, **kwargs)
        if self.optimizer.iterations > 2:
            path.write_bytes(b"half a file")
            raise KeyboardInterrupt

    monkeypatch.setattr(ZeroDCE, "save_weights", stop)
    # A rate at which the second epoch is surely better than the first.
    run(data, tmp_path, TINY.replace(learning_rate=0.01))
    with h5py.File(tmp_path / "best.weights.h5") as file:
        assert "layers" in file
    assert not [name for name in files(tmp_path) if TEMPORARY.search(name)]
    assert load_model(tmp_path / "last.keras")(low_light).shape == low_light.shape


def test_ctrl_c_before_the_first_step(data, tmp_path, monkeypatch):
    def stop(self, *_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(ZeroDCE, "fit", stop)
    run(data, tmp_path)
    assert load_model(tmp_path / "last.keras").built


@pytest.mark.large
def test_a_real_sigint(data, tmp_path):
    command = [sys.executable, "-m", "zero_dce_keras.fit", "--data-dir", str(data)]
    command += ["--train-images", "4", "--validation-images", "2", "--epochs", "100000"]
    command += ["--image-size", "16", "--output", str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 90
    while not (tmp_path / "last.keras").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "stopped after" in err and "Traceback" not in err
    assert load_model(tmp_path / "last.keras").compiled


# What cannot be trained with


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"epochs": 0}, "epochs must be finite and positive. Received: 0"),
        ({"batch_size": 5, "drop_remainder": True}, "batch_size .* images, 4, .*: 5"),
        ({"image_size": 33, "crop": True}, "image_size .* shorter side .*: 33"),
    ],
)
def test_wrong_values_are_named(data, tmp_path, changes, message):
    """Before anything is written; the recipe's own are in `test_recipes.py`."""
    with pytest.raises(ValueError, match=message):
        run(data, tmp_path / "run", TINY.replace(**changes))
    assert not (tmp_path / "run").exists()


def test_snapshots_lines_and_validation_batches(data, tmp_path, caplog, monkeypatch):
    sizes = []
    real = training_run.make_dataset

    def note(pairs, image_size, batch_size, **kwargs):
        sizes.append(batch_size)
        return real(pairs, image_size, batch_size, **kwargs)

    monkeypatch.setattr(training_run, "make_dataset", note)
    caplog.set_level("INFO", "zero_dce_keras")
    recipe = TINY.replace(
        epochs=4, batch_size=1, val_batch_size=2, snapshot_every=2, display_every=2
    )
    model, _ = run(data, tmp_path / "run", recipe)
    assert sizes == [1, 2]
    folder = tmp_path / "run" / "snapshots"
    assert files(folder) == {"epoch_0002.weights.h5", "epoch_0004.weights.h5"}
    last = load_model(folder / "epoch_0004.weights.h5")
    for one, other in zip(last.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    first = load_model(folder / "epoch_0002.weights.h5")
    assert any((a != b).any() for a, b in zip(first.get_weights(), last.get_weights()))
    with h5py.File(folder / "epoch_0002.weights.h5") as file:
        assert "optimizer" not in file
    lines = [each for each in caplog.messages if each.startswith("epoch ")]
    assert lines[0].startswith("epoch 1, step 2: ")
    assert "total_loss " in lines[0] and "exposure_loss " in lines[0]
