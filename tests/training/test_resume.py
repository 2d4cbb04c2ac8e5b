"""A run that was stopped anywhere and goes on ends as if it had not been stopped."""

import csv
import json
import math
import shutil
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from trainings import fit_on_a_full_disk, quicken

from zero_dce_keras import MIRNet, Recipe, ZeroDCE, cli, fit, load_model, train
from zero_dce_keras.locks import locked
from zero_dce_keras.training import recipes as train_recipes
from zero_dce_keras.training.callbacks import SavePictures, StopOnBadLoss
from zero_dce_keras.training.state import RunState, name_variables

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
    "averages": TINY.replace(
        ema=0.8, mixup=True, cosine_decay=True, monitor="psnr", whole_epochs=1
    ),
    "pairs": TINY.replace(
        model="mirnet",
        num_rrg=1,
        num_mrb=1,
        channels=2,
        block="residual",
        stride=2,
        global_view=True,
        gt_mean_weight=0.5,
        normalize_exposure=True,
        augment_gamma=0.4,
        validation_images=0,
        whole_epochs=1,
        cosine_decay=True,
        ema=0.8,
        denoising_weight=0.0,
    ),
    "plateau": TINY.replace(plateau_epochs=1, learning_rate=1.0),  # gets worse
}


# A tiny run by the command.
SMALL = "--train-images 4 --validation-images 2 --image-size 16 --epochs 1 "
SMALL += "--num-iterations 1 --filters 2 --num-layers 1 --batch-size 2"
SMALL = SMALL.split()


class Killed(BaseException):
    """Nothing catches it; like a process that is killed, it saves nothing."""


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
        models = load_model(one / name), load_model(other / name)
        for old, new in zip(*(m.get_weights() for m in models), strict=True):
            check_close(old, new)
    old, new = table(one), table(other)
    assert old[0] == new[0]
    check_close(np.float64(old[1:]), np.float64(new[1:]))
    with np.load(one / "state.npz") as old, np.load(other / "state.npz") as new:
        assert old.files == new.files
        for name in set(old.files) - {"progress"}:
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
        assert [row[0] for row in table(tmp_path / "killed")[1:]] == ["1", "2"][:done]
    run(data, tmp_path / "killed", recipe, resume=True)
    check_same_end(tmp_path / "whole", tmp_path / "killed")


def test_a_traced_run_goes_on(data, tmp_path, monkeypatch):
    """As users train; the other tests leave tracing out."""
    monkeypatch.undo()  # what the fixture `quick` did
    quicken(monkeypatch.setattr, eager=False)
    recipe = TINY.replace(epochs=2, ema=0.8, validation_images=0, denoising_weight=0.0)
    save = RunState._save

    def save_and_copy(self):
        save(self)
        if len(self.history.epoch) == 1:  # what is there if the run is killed now
            shutil.copytree(self.run_dir, tmp_path / "killed")

    monkeypatch.setattr(RunState, "_save", save_and_copy)
    run(data, tmp_path / "whole", recipe)
    model, _ = run(data, tmp_path / "killed", recipe, resume=True)
    assert not model.run_eagerly
    check_same_end(tmp_path / "whole", tmp_path / "killed")


def test_ctrl_c_in_an_epoch_saves_the_averages(data, tmp_path, monkeypatch):
    """In the second step, after which weights and averages are not the same."""

    def stop(self, batch, logs=None):
        if batch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(SavePictures, "on_train_batch_end", stop)
    recipe = TINY.replace(ema=0.9, learning_rate=1.0, denoising_weight=0.0)
    run(data, tmp_path / "run", recipe)
    saved = load_model(tmp_path / "run" / "last.keras")
    averages = saved.optimizer._model_variables_moving_average
    for weight, average in zip(saved.trainable_variables, averages, strict=True):
        np.testing.assert_array_equal(weight.numpy(), average.numpy())


# What a state holds


def saved_state(directory, model):
    """A `RunState` of a compiled model, without a run."""
    history = keras.callbacks.History()
    history.on_train_begin()
    state = RunState(directory, history, None, {})
    state.set_model(model)
    return state


def compiled(model):
    model.compile(optimizer=keras.optimizers.Adam())
    return model


def variables(model):
    return [*model.variables, *model.optimizer.variables]


@pytest.mark.parametrize(
    "make",
    [
        lambda: ZeroDCE(1, 2, 3, loss_weights={"denoising_loss": 1.0}),
        lambda: MIRNet(1, 1, 4),
    ],
    ids=["zero_dce", "mirnet"],
)
def test_other_models_before_it_change_nothing(make, tmp_path):
    """Keras numbers layers through a process; the state does not depend on it."""
    keras.utils.set_random_seed(1)
    first = compiled(make())
    saved_state(tmp_path, first).on_epoch_end(0)
    second = compiled(make())
    assert [each.path for each in variables(first)] != [
        each.path for each in variables(second)
    ]
    saved_state(tmp_path, second).restore()
    for one, other in zip(variables(first), variables(second), strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), one.path)
    with np.load(tmp_path / "state.npz") as file:
        assert "progress" in file and len(file.files) == 1 + len(variables(first))


def test_names_of_layers_stay_in_a_state(tmp_path):
    """Numbers that a layer was given tell it from the others, whatever their order."""
    model = compiled(ZeroDCE(1, 3, 5))
    saved_state(tmp_path, model).on_epoch_end(0)
    with np.load(tmp_path / "state.npz") as file:
        arrays = dict(file)
    assert {"conv_2/kernel", "optimizer/conv_2/kernel/velocity"} <= arrays.keys()
    assert {
        "optimizer/iteration",
        "seed_generator/seed_generator_state",
    } <= arrays.keys()
    np.savez(tmp_path / "state.npz", **dict(reversed(arrays.items())))
    before = model.get_weights()
    saved_state(tmp_path, model).restore()
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    mirnet = compiled(MIRNet(2, 1, 2, "residual"))
    names = name_variables(mirnet.variables, mirnet.network)
    convolutions = {"kernel", "kernel/2", "kernel/3", "bias", "bias/2", "bias/3"}
    assert names.keys() == {
        *(f"group_{g}/conv2d/{each}" for g in (1, 2) for each in convolutions),
        *(f"conv_{end}/{each}" for end in ("in", "out") for each in ("kernel", "bias")),
    }


def test_a_state_of_version_0_1_0_is_restored(tmp_path):
    """It had numbers in place of paths."""
    model = compiled(ZeroDCE(1, 2, 3))
    state = saved_state(tmp_path, model)
    state.on_epoch_end(0)
    with np.load(tmp_path / "state.npz") as file:
        progress, *values = (file[name] for name in file.files)
    numbered = {f"variable_{i}": value for i, value in enumerate(values)}
    np.savez(tmp_path / "state.npz", progress=progress, **numbered)
    resumed = compiled(ZeroDCE(1, 2, 3))
    saved_state(tmp_path, resumed).restore()
    for one, other in zip(variables(model), variables(resumed), strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    del numbered["variable_2"]
    np.savez(tmp_path / "state.npz", progress=progress, **numbered)
    with pytest.raises(ValueError, match="not the state of this run"):
        state.restore()


@pytest.mark.parametrize(
    "other, message",
    [
        (lambda: ZeroDCE(1, 2, 5), "conv_4/bias must be in both model and file"),
        (lambda: ZeroDCE(1, 4, 3), r"must have shape \(3, 3, 3, 4\)"),
    ],
)
def test_a_state_of_another_model_is_refused(tmp_path, other, message):
    saved_state(tmp_path, compiled(ZeroDCE(1, 2, 3))).on_epoch_end(0)
    with pytest.raises(ValueError, match=message) as error:
        saved_state(tmp_path, compiled(other())).restore()
    assert "\n" not in str(error.value)


# What is refused


@pytest.fixture(scope="module")
def done(data, tmp_path_factory):
    """A run of one epoch, and its recipe."""
    run_dir = tmp_path_factory.mktemp("runs") / "done"
    recipe = TINY.replace(epochs=1, denoising_weight=0.0)
    with pytest.MonkeyPatch.context() as patch:
        quicken(patch.setattr)
        run(data, run_dir, recipe)
    return run_dir, recipe


def with_recipe(run_dir, change):
    """Rewrite the recipe in a run's `config.json`."""
    path = run_dir / "config.json"
    config = json.loads(path.read_text())
    change(config["recipe"])
    path.write_text(json.dumps(config))


def test_a_recipe_of_another_version(done, data, tmp_path, capsys):
    """What it lacks has its default; what is gone must be at its default."""
    run_dir, recipe = done
    copy = shutil.copytree(run_dir, tmp_path / "copy")
    with_recipe(copy, lambda fields: fields.pop("ssim_weight"))
    with_recipe(copy, lambda fields: fields.update(adaptive_tone=False))
    run(data, copy, recipe, resume=True)
    check_same_end(run_dir, copy)
    with pytest.raises(ValueError, match="ssim_weight is 0.0 there and 0.5 here"):
        run(data, copy, recipe.replace(ssim_weight=0.5), resume=True)
    with_recipe(copy, lambda fields: fields.update(adaptive_tone=True))
    assert cli.run(fit.main, ["--resume", "--output", str(copy)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {copy / 'config.json'}: ")
    assert line.endswith("Received: adaptive_tone=True")


@pytest.mark.parametrize(
    "change, differences",
    [
        (
            {"epochs": 2, "seed": 7},
            "epochs is 1 there and 2 here; seed is 1143 there and 7 here",
        ),
        ({"filters": 4}, "filters is 2 there and 4 here"),
    ],
)
def test_another_run_is_refused(done, data, change, differences):
    run_dir, recipe = done
    before = {path: path.read_bytes() for path in run_dir.glob("*.*") if path.is_file()}
    with pytest.raises(ValueError) as error:
        run(data, run_dir, recipe.replace(**change), resume=True)
    assert str(error.value) == (
        f"{run_dir} holds another run: {differences}. Resume it as it was, or give "
        "another --output"
    )
    with pytest.raises(ValueError, match="--resume"):  # nor begun anew
        run(data, run_dir, recipe)
    assert before == {path: path.read_bytes() for path in before}


def test_a_run_in_use_is_refused(done, data):
    run_dir, recipe = done
    with (
        locked(run_dir / ".lock"),
        pytest.raises(ValueError, match="trained in right now"),
    ):
        run(data, run_dir, recipe, resume=True)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:1000], lambda data: b"", lambda data: b"x" * 99]
)
def test_a_damaged_state_is_refused(done, data, tmp_path, damage):
    run_dir, recipe = done
    copy = shutil.copytree(run_dir, tmp_path / "copy")
    state = copy / "state.npz"
    state.write_bytes(damage(state.read_bytes()))
    with pytest.raises(ValueError, match=r"state.npz: not the state of this run"):
        run(data, copy, recipe, resume=True)


def test_a_finished_run_stays_as_it_is(done, data, tmp_path):
    """And gets back the files that follow from its state."""
    run_dir, recipe = done
    copy = shutil.copytree(run_dir, tmp_path / "copy")
    (copy / "history.csv").unlink()
    (copy / f".zero_dce_{'0' * 32}.npz").write_bytes(b"half")
    run(data, copy, recipe, resume=True)
    check_same_end(run_dir, copy)
    assert {p.name for p in copy.iterdir()} == {p.name for p in run_dir.iterdir()}


# When the training goes wrong


@pytest.mark.parametrize(
    "bad, message",
    [
        ({"exposure_loss": math.nan, "total_loss": math.nan}, "exposure_loss is nan"),
        ({"total_loss": math.inf}, "total_loss is inf"),
        ({"total_loss": 5001.0}, "total_loss exploded from 5 to 5001"),
    ],
)
def test_bad_losses_are_named(bad, message):
    guard = StopOnBadLoss("runs/1")
    guard.on_epoch_begin(2)
    good = {"total_loss": 5.0, "exposure_loss": 1.0, "psnr": math.inf}
    guard.on_train_batch_end(0, good)
    with pytest.raises(ValueError) as error:
        guard.on_train_batch_end(1, {**good, **bad})
    for words in (message, "batch 2 of epoch 3", "runs/1 keeps the weights of epoch 2"):
        assert words in str(error.value)


def test_weights_that_are_not_numbers_are_never_saved(data, tmp_path, monkeypatch):
    """They come to be in the second epoch; what the first one saved stays."""

    def spoil(self, batch, logs=None):
        if self.model.optimizer.iterations == 4:  # the last step of the second epoch
            kernel = self.model.trainable_variables[0]
            kernel.assign(np.full(kernel.shape, np.nan))

    monkeypatch.setattr(SavePictures, "on_train_batch_end", spoil)
    recipe = TINY.replace(validation_images=0)
    with pytest.raises(ValueError, match="not finite after epoch 2: .*of epoch 1"):
        run(data, tmp_path / "run", recipe)
    for name in ("last.keras", "best.weights.h5"):
        for weight in load_model(tmp_path / "run" / name).get_weights():
            assert np.isfinite(weight).all()
    assert len(table(tmp_path / "run")) == 2


def test_a_loss_that_is_not_a_number_is_one_line(data, tmp_path, capsys):
    """For a real reason: the first weights are infinite."""
    options = [*SMALL, "--data-dir", data, "--output", tmp_path / "run"]
    options += ["--initial-stddev", 3e38]
    assert cli.run(fit.main, [str(option) for option in options]) == 1
    error = [line for line in capsys.readouterr().err.splitlines() if "error:" in line]
    assert len(error) == 1 and "loss is nan" in error[0]
    assert "no epoch was finished" in error[0]
    assert not (tmp_path / "run" / "best.weights.h5").exists()


def test_a_full_disk_leaves_the_epoch_before(data, tmp_path):
    """A limit of the system's on the size of files."""
    run_dir = tmp_path / "run"
    recipe = TINY.replace(epochs=2, denoising_weight=0.0)

    save = RunState._save

    def die(self):
        if len(self.history.epoch) == 2:
            raise Killed
        save(self)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(RunState, "_save", die)
        run(data, run_dir, recipe)
    before = (run_dir / "state.npz").read_bytes()
    options = ["--output", str(run_dir), "--resume"]
    code = fit_on_a_full_disk(options, 300_000, tmp_path / "stderr")
    err = (tmp_path / "stderr").read_text()
    assert code == 1 and "Traceback" not in err, err
    (line,) = [line for line in err.splitlines() if "error:" in line]
    assert line.endswith(f"error: {run_dir}: File too large")  # behind Keras' bar
    assert (run_dir / "state.npz").read_bytes() == before
    assert cli.run(fit.main, options) == 0
    assert len(table(run_dir)) == 3


# The command


def test_resume_takes_the_options_of_the_run(done, monkeypatch, capsys):
    run_dir, recipe = done
    calls = []

    def train(recipe, *args, **options):
        calls.append((recipe, *args, options))
        return None, SimpleNamespace(epoch=range(recipe.epochs))

    monkeypatch.setattr("zero_dce_keras.training.run.train", train)
    config = json.loads((run_dir / "config.json").read_text())
    for options in ([], ["--seed", "9"], ["--recipe", "demo"]):
        command = ["--resume", "--output", str(run_dir), *options]
        assert cli.run(fit.main, command) == 0
    options = {"resume": True, "fold": None}
    end = ("lol", config["data_dir"], str(run_dir), None, False, options)
    demo = train_recipes.RECIPES["demo"]()
    for call, expected in zip(
        calls, (recipe, recipe.replace(seed=9), demo), strict=True
    ):
        assert call == (expected, *end)
    with pytest.raises(SystemExit):
        fit.main(["--resume"])
    assert "--resume needs --output" in capsys.readouterr().err


def test_resume_where_there_is_no_run_starts_one(data, tmp_path, capsys):
    options = [*SMALL, "--resume", "--output", tmp_path / "run", "--data-dir", data]
    assert cli.run(fit.main, [str(option) for option in options]) == 0
    assert f"no run in {tmp_path / 'run'}: starting one" in capsys.readouterr().err
    assert len(table(tmp_path / "run")) == 2
