import checks
import h5py
import keras
import numpy as np
import pytest

import zero_dce_keras
from zero_dce_keras import ZeroDCE


def small(**kwargs):
    return checks.small_zero_dce(**kwargs)


def fit(model, images):
    """Four steps on the same batches, in the same order."""
    model.fit(images, batch_size=1, epochs=2, shuffle=False, verbose=0)


# Weights files


def test_weights_file_holds_dce_net_alone(low_light, tmp_path):
    model = small()
    fit(model, low_light)
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    stored = []
    with h5py.File(path, "r+") as file:
        assert set(file) == {"layers", "vars", "optimizer"}
        del file["optimizer"]  # beside the network, see test_state.py
        file.visititems(
            lambda _, item: stored.append(item) if hasattr(item, "shape") else None
        )
        assert sum(item.size for item in stored) == model.count_params()
    model.dce_model.load_weights(path)  # no wrapping, no optimizer
    network = zero_dce_keras.build_dce_net(2, 4, 3)
    network.load_weights(path)
    for one, other in zip(network.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_overwrite_false_leaves_the_file(tmp_path, monkeypatch):
    """Keras asks; whoever says no keeps the file."""
    path = tmp_path / "model.weights.h5"
    small().save_weights(path)
    content = path.read_bytes()
    monkeypatch.setattr("builtins.input", lambda *_: "n")
    small().save_weights(path, overwrite=False)
    assert path.read_bytes() == content
    small().save_weights(path)
    assert path.read_bytes() != content


def test_skip_mismatch(tmp_path):
    """What has another shape is left as it was, the rest is loaded."""
    path = tmp_path / "model.weights.h5"
    saved, other = small(), small(num_iterations=3)
    saved.save_weights(path)
    last = other.dce_model.get_layer("conv_3").kernel.numpy()
    with pytest.raises(ValueError):
        other.load_weights(path)
    with pytest.warns(UserWarning, match="conv_3"):
        other.load_weights(path, skip_mismatch=True)
    np.testing.assert_array_equal(other.get_weights()[0], saved.get_weights()[0])
    np.testing.assert_array_equal(other.dce_model.get_layer("conv_3").kernel, last)


# Whole models

RELOAD = """
import sys, warnings
import keras
import numpy as np
from zero_dce_keras import load_model

folder = sys.argv[1]
images = np.load(f"{folder}/images.npy")
with warnings.catch_warnings():
    warnings.simplefilter("error")
    model = load_model(f"{folder}/model.keras")
np.save(f"{folder}/enhanced.npy", keras.ops.convert_to_numpy(model(images)))
print(type(model).__name__, type(model.optimizer).__name__, model.compiled)
print(int(model.optimizer.iterations), float(model.optimizer.learning_rate))
model.fit(images, batch_size=1, epochs=2, shuffle=False, verbose=0)
np.savez(f"{folder}/weights.npz", *model.get_weights())
"""


def test_keras_file_in_a_fresh_process(low_light, tmp_path):
    """It opens without a warning, and goes on exactly where the training stopped."""
    model = small(kernel_initializer=keras.initializers.RandomNormal(stddev=0.02))
    model.compile(learning_rate=3e-3, global_clipnorm=0.1, l2=1e-4, run_eagerly=True)
    fit(model, low_light)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "images.npy", low_light)
    out = checks.fresh_python(RELOAD, tmp_path).splitlines()[-2:]
    assert out[0] == "ZeroDCE L2Adam True"
    assert out[1].split()[0] == "4" and float(out[1].split()[1]) == pytest.approx(3e-3)
    enhanced = np.load(tmp_path / "enhanced.npy")
    np.testing.assert_allclose(enhanced, checks.predict(model, low_light), atol=1e-7)
    fit(model, low_light)  # uninterrupted
    resumed = np.load(tmp_path / "weights.npz")
    for weight, name in zip(model.get_weights(), resumed.files, strict=True):
        np.testing.assert_allclose(resumed[name], weight, rtol=0, atol=1e-7)


@pytest.mark.parametrize("optimizer", ["sgd", keras.optimizers.AdamW(1e-3)])
def test_reload_keeps_the_optimizer(optimizer, low_light, tmp_path):
    model = small(loss_form="paper", loss_weights={"exposure_loss": 3})
    model.compile(optimizer=optimizer, run_eagerly=True)
    fit(model, low_light)
    model.save(tmp_path / "model.keras")
    copy = zero_dce_keras.load_model(tmp_path / "model.keras")
    assert copy.get_config() == model.get_config()
    assert type(copy.optimizer) is type(model.optimizer)
    assert copy.optimizer.get_config() == model.optimizer.get_config()
    variables = zip(copy.optimizer.variables, model.optimizer.variables, strict=True)
    for one, other in variables:
        np.testing.assert_array_equal(one, other)
    fit(copy, low_light)
    fit(model, low_light)
    for one, other in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-7)


def test_a_model_never_compiled_reloads_so(low_light, tmp_path):
    model = ZeroDCE(num_iterations=2, filters=4, num_layers=3)
    model.save(tmp_path / "model.keras")
    copy = zero_dce_keras.load_model(tmp_path / "model.keras")
    assert not copy.compiled
    np.testing.assert_array_equal(
        checks.predict(copy, low_light), checks.predict(model, low_light)
    )


def test_a_model_never_trained_reloads_without_a_warning(low_light, tmp_path, recwarn):
    model = small()
    model.save(tmp_path / "model.keras")
    copy = zero_dce_keras.load_model(tmp_path / "model.keras")
    assert copy.compiled
    assert not [str(w.message) for w in recwarn if w.category is UserWarning]
    fit(model, low_light)
    fit(copy, low_light)
    for one, other in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-7)
