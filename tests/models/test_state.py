"""What a model remembers beside its weights: its optimizer, and what is frozen."""

import h5py
import keras
import numpy as np
import pytest

from zero_dce_keras import L2Adam, MIRNet, ZeroDCE, load_model
from zero_dce_keras.training.callbacks import BEST_FILE, SaveWeights

EAGER = keras.backend.backend() != "jax"


def compiled(**kwargs):
    model = ZeroDCE(num_iterations=2, filters=4, num_layers=3)
    schedule = keras.optimizers.schedules.CosineDecay(1e-2, 20)
    model.compile(L2Adam(schedule, l2=1e-4), run_eagerly=EAGER, **kwargs)
    return model


def fit(model, images, epochs=1, **kwargs):
    options = {"batch_size": 1, "shuffle": False, "verbose": 0, **kwargs}
    return model.fit(images, epochs=epochs, **options)


def assert_same_state(one, other):
    assert int(one.optimizer.iterations) == int(other.optimizer.iterations)
    for mine, its in zip(
        [*one.weights, *one.optimizer.variables],
        [*other.weights, *other.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_allclose(mine.numpy(), its.numpy(), rtol=0, atol=1e-6)


def test_model_checkpoint_restores_the_optimizer(low_light, tmp_path):
    path = str(tmp_path / "checkpoint.weights.h5")
    checkpoint = keras.callbacks.ModelCheckpoint(path, save_weights_only=True)
    model, copy = compiled(), compiled()
    fit(model, low_light, callbacks=[checkpoint])
    copy.load_weights(path)
    assert int(copy.optimizer.iterations) == 2
    assert float(copy.optimizer.learning_rate) < 1e-2  # the schedule goes on
    assert_same_state(copy, model)
    fit(model, low_light)
    fit(copy, low_light)
    assert_same_state(copy, model)


def test_backup_and_restore_goes_on_where_it_stopped(low_light, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    model, stopped, whole = compiled(), compiled(), compiled()
    for each in (model, stopped):
        each.set_weights(whole.get_weights())
    fit(whole, low_light, epochs=2)
    backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))
    with pytest.raises(KeyboardInterrupt):
        fit(stopped, low_light, epochs=2, callbacks=[backup, Stop()])
    backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))
    fit(model, low_light, epochs=2, callbacks=[backup])
    assert_same_state(model, whole)


def test_presets_and_best_weights_hold_no_optimizer(low_light, tmp_path):
    model = compiled()
    fit(model, low_light)
    model.save_to_preset(tmp_path / "preset")
    best = SaveWeights(tmp_path, "total_loss")
    best.set_model(model)
    best.on_epoch_end(0, {"total_loss": 1.0})
    for path in (tmp_path / "preset" / "model.weights.h5", tmp_path / BEST_FILE):
        with h5py.File(path) as file:
            assert "optimizer" not in file
    copy = compiled()
    copy.load_weights(tmp_path / BEST_FILE)
    assert int(copy.optimizer.iterations) == 0


def test_weights_with_another_optimizer_or_none(low_light, tmp_path):
    model = compiled()
    fit(model, low_light)
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    plain = load_model(path)  # not compiled
    other = ZeroDCE(num_iterations=2, filters=4, num_layers=3)
    other.compile("sgd")
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer"):
        other.load_weights(path)
    for copy in (plain, other):
        for one, its in zip(copy.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, its)


@pytest.mark.parametrize("name", ["model.keras", "model.weights.h5", "preset"])
def test_frozen_layers_stay_frozen(name, low_light, tmp_path):
    model = compiled()
    model.dce_model.get_layer("conv_1").trainable = False
    model.dce_model.get_layer("conv_3").trainable = False
    model.compile(run_eagerly=EAGER)
    save = {"model.keras": model.save, "preset": model.save_to_preset}
    save.get(name, model.save_weights)(tmp_path / name)
    copy = load_model(tmp_path / name)
    names = [variable.path for variable in copy.trainable_variables]
    assert names == ["conv_2/kernel", "conv_2/bias"]
    assert copy.get_config() == model.get_config() | {"name": copy.name}
    before = copy.get_weights()
    copy.compile(learning_rate=0.1, run_eagerly=EAGER)
    fit(copy, low_light)
    moved = [
        np.abs(one - other).max() > 0
        for one, other in zip(copy.get_weights(), before, strict=True)
    ]
    assert moved == [False, False, True, True, False, False]


def test_a_frozen_layer_inside_a_group_of_mirnet(tmp_path):
    model = MIRNet(num_rrg=1, num_mrb=1, channels=4)
    block = model.network.get_layer("group_1").blocks[0]
    block.trainable = False
    model.save(tmp_path / "model.keras")
    copy = load_model(tmp_path / "model.keras")
    assert len(copy.trainable_variables) == len(model.trainable_variables)
    assert len(copy.trainable_variables) < len(copy.weights)


# L2Adam under what Keras does around a step


def step(optimizer, *gradients):
    variable = keras.Variable([1.0, 2.0])
    for gradient in gradients:
        tensor = keras.ops.convert_to_tensor(np.float32(gradient))
        optimizer.apply([tensor], [variable])
    return variable.numpy() - [1, 2]


# With an epsilon by which Adam's step shows the size of the gradient.
OPTIONS = {"epsilon": 1.0, "max_gradient_norm": 0.1, "l2": 0.1}


def test_loss_scale_factor():
    plain = step(L2Adam(1.0, **OPTIONS), [3, 4])
    scaled = L2Adam(1.0, loss_scale_factor=1024.0, **OPTIONS)
    np.testing.assert_allclose(step(scaled, [3 * 1024, 4 * 1024]), plain, rtol=1e-5)


@pytest.mark.skipif(not EAGER, reason="Keras' own fails on JAX outside of fit")
def test_a_loss_scale_optimizer_around_it():
    plain = step(L2Adam(1.0, **OPTIONS), [3, 4])
    wrapped = keras.optimizers.LossScaleOptimizer(L2Adam(1.0, **OPTIONS), 1024.0)
    np.testing.assert_allclose(step(wrapped, [3 * 1024, 4 * 1024]), plain, rtol=1e-5)


def test_gradient_accumulation():
    mean = step(L2Adam(1.0, **OPTIONS), [0.5, 0.5])
    accumulated = L2Adam(1.0, gradient_accumulation_steps=2, **OPTIONS)
    np.testing.assert_allclose(step(accumulated, [1, 0], [0, 1]), mean, rtol=1e-5)
    assert np.abs(mean).max() > 1e-3


def test_mixed_float16(low_light):
    """The steps are those of float32, roughly, after those that Keras leaves out.

    It scales the loss by 2¹⁵ at first, and by half of that after each step whose
    gradients are not finite.
    """
    options, losses = {"max_gradient_norm": 0.1, "l2": 1e-3, "epsilon": 0.01}, []
    for dtype in ("float32", "mixed_float16"):
        keras.utils.set_random_seed(0)
        model = ZeroDCE(num_iterations=2, filters=4, num_layers=3, dtype=dtype)
        model.compile(L2Adam(1e-2, **options), run_eagerly=EAGER)
        one_step = {"batch_size": 2, "epochs": 9}
        losses.append(fit(model, low_light, **one_step).history["total_loss"])
    assert type(model.optimizer) is keras.optimizers.LossScaleOptimizer
    skipped = 9 - int(model.optimizer.iterations)
    assert float(model.optimizer.dynamic_scale) == 2 ** (15 - skipped)
    assert 0 < skipped < 7
    np.testing.assert_allclose(losses[1][skipped:], losses[0][:-skipped], rtol=5e-3)
    assert losses[0][-1] < losses[0][0]
