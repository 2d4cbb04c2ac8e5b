"""What people write for other Keras models works, or is refused in one line."""

import warnings

import checks
import keras
import numpy as np
import pytest

from zero_dce_keras import L2Adam, MIRNet, ZeroDCE
from zero_dce_keras.data import Pair, make_dataset

SCHEDULE = keras.optimizers.schedules.CosineDecay(1e-3, 10)


def small():
    return checks.small_zero_dce()


def refused(match, function, *args, **kwargs):
    with pytest.raises(ValueError, match=match) as error:
        function(*args, **kwargs)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("model_class", checks.MODELS)
def test_a_loss_beside_the_optimizer(model_class):
    model = checks.small_model(model_class)
    for loss in ("mse", keras.losses.MeanSquaredError()):
        refused("^loss would not be used", model.compile, "adam", loss)


@pytest.mark.parametrize("model_class", [ZeroDCE, MIRNet])
@pytest.mark.parametrize("rate", [1e-3, np.float32(1e-3), SCHEDULE])
def test_compile_takes_a_learning_rate_alone(model_class, rate):
    model = checks.small_model(model_class)
    model.compile(rate)
    assert type(model.optimizer) is L2Adam
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)


def test_arguments_of_keras_2(tmp_path):
    model = small()
    path = tmp_path / "x.weights.h5"
    refused("^save_format is gone", model.save_weights, path, save_format="tf")
    model.save_weights(path)
    refused("^by_name is gone", model.load_weights, path, by_name=True)
    for name in ("x.h5", "x.hdf5"):
        refused("^filepath must end in .keras", model.save, tmp_path / name)
    refused("save_format is gone", model.save, tmp_path / "x", save_format="tf")
    assert [path.name for path in tmp_path.iterdir()] == ["x.weights.h5"]


def test_class_weight(low_light):
    refused("^class_weight would not", small().fit, low_light, class_weight={0: 1.0})


class Seen(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.logs = dict(logs)


def test_callbacks_know_the_loss(low_light, tmp_path):
    """By Keras' defaults; what records has each number once."""
    seen, csv = Seen(), keras.callbacks.CSVLogger(tmp_path / "log.csv")
    stopping = keras.callbacks.EarlyStopping(patience=1, min_delta=1e6)
    path = str(tmp_path / "{epoch}_{val_loss:.2f}.keras")
    checkpoint = keras.callbacks.ModelCheckpoint(path, save_best_only=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*monitor.*")
        history = small().fit(
            low_light,
            validation_data=(low_light, None),
            epochs=4,
            callbacks=[csv, seen, stopping, checkpoint],
            verbose=0,
        )
    assert len(history.epoch) == 2  # EarlyStopping stopped it
    for alias, name in {"loss": "total_loss", "val_loss": "val_total_loss"}.items():
        assert seen.logs[alias] == seen.logs[name] == history.history[name][-1]
        assert alias not in history.history
    assert {"loss", "val_loss"}.isdisjoint(
        (tmp_path / "log.csv").read_text().splitlines()[0].split(",")
    )
    name = f"1_{history.history['val_total_loss'][0]:.2f}.keras"
    assert (tmp_path / name).is_file()


def test_no_warning_about_shuffle(low_light, photo_folder):
    model = small()
    pairs = [Pair(path) for path in photo_folder().glob("*.png")]
    dataset = make_dataset(pairs, image_size=32, batch_size=2)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*shuffle.*")
        model.fit(dataset, verbose=0)
        model.fit((each for each in [(low_light,)]), steps_per_epoch=1, verbose=0)
        model.fit(low_light, verbose=0)
