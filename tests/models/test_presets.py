import json
import warnings
from pathlib import Path

import checks
import h5py
import keras
import numpy as np
import pytest

from zero_dce_keras import (
    MIRNet,
    Recipe,
    ZeroDCE,
    list_presets,
    load_card,
    load_model,
)

CARD = {"data": "noise, 2 images", "seed": 3, "scores": {"psnr": 7.77}, "note": "½"}
FILES = {"config.json", "metadata.json", "model.weights.h5"}


def small(**kwargs):
    return checks.small_zero_dce(**kwargs)


def files(directory):
    return {path.name for path in directory.iterdir()}


def test_round_trip(low_light, tmp_path):
    model = small(well_exposedness=0.42, loss_weights={"exposure_loss": 3})
    model.save_to_preset(tmp_path / "new" / "mine", CARD)
    assert files(tmp_path / "new") == {"mine"}
    assert files(tmp_path / "new" / "mine") == FILES
    for path in (tmp_path / "new" / "mine", str(tmp_path / "new" / "mine")):
        copy = ZeroDCE.from_preset(path)
        assert copy.get_config() == model.get_config()
        np.testing.assert_array_equal(
            checks.predict(copy, low_light), checks.predict(model, low_light)
        )
        np.testing.assert_array_equal(
            checks.predict(load_model(path), low_light),
            checks.predict(model, low_light),
        )
        assert load_card(path) == CARD


def test_a_preset_holds_no_optimizer(low_light, tmp_path):
    model = small()
    model.fit(low_light, verbose=0)
    model.save_to_preset(tmp_path / "mine")
    assert not ZeroDCE.from_preset(tmp_path / "mine").compiled
    assert "compile_config" not in (tmp_path / "mine" / "config.json").read_text()


def test_a_preset_is_replaced_as_a_whole(low_light, tmp_path):
    small().save_to_preset(tmp_path / "mine", CARD)
    model = small(num_iterations=3)
    model.save_to_preset(tmp_path / "mine")
    assert files(tmp_path) == {"mine"} and files(tmp_path / "mine") == FILES
    assert load_card(tmp_path / "mine") == {}
    copy = ZeroDCE.from_preset(tmp_path / "mine")
    np.testing.assert_array_equal(
        checks.predict(copy, low_light), checks.predict(model, low_light)
    )


def test_a_directory_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "photo.png").touch()
    with pytest.raises(ValueError, match=str(tmp_path)):
        small().save_to_preset(tmp_path)
    assert files(tmp_path) == {"photo.png"}


def test_a_failure_leaves_the_old_preset(low_light, tmp_path, monkeypatch):
    model = small()
    model.save_to_preset(tmp_path / "mine", CARD)

    def fail(*_, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(ZeroDCE, "save_weights", fail)
    with pytest.raises(OSError, match="no space"):
        small().save_to_preset(tmp_path / "mine")
    assert files(tmp_path) == {"mine"}
    copy = ZeroDCE.from_preset(tmp_path / "mine")
    np.testing.assert_array_equal(
        checks.predict(copy, low_light), checks.predict(model, low_light)
    )


@pytest.mark.parametrize("failure", [OSError, KeyboardInterrupt])
def test_the_old_preset_is_whole_until_the_new_one_is_there(
    failure, tmp_path, monkeypatch
):
    small().save_to_preset(tmp_path / "mine", CARD)
    rename, kept = Path.rename, []

    def fail_once(path, target):
        if target == tmp_path / "mine" and not kept:
            cards = [json.loads(p.read_text()) for p in tmp_path.rglob("metadata.json")]
            kept.extend(card for card in cards if card == CARD)
            raise failure
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises(failure):
        small().save_to_preset(tmp_path / "mine")
    assert kept == [CARD]  # what a kill at that moment leaves
    assert files(tmp_path) == {"mine"} and files(tmp_path / "mine") == FILES
    assert load_card(tmp_path / "mine") == CARD


def test_unknown_name_lists_the_presets(tmp_path):
    with pytest.raises(ValueError) as error:
        ZeroDCE.from_preset("zero_dce_lo1")
    assert "zero_dce_lo1" in str(error.value)
    assert all(name in str(error.value) for name in list_presets())
    with pytest.raises(ValueError, match="config.json"):
        ZeroDCE.from_preset(tmp_path)


@pytest.mark.parametrize("name", ["x.pt", "Epoch99.PTH"])
def test_a_file_of_another_kind_is_told_which_are_read(name, tmp_path):
    with pytest.raises(ValueError, match="no preset.*.pth file"):
        load_model(tmp_path / name)
    (tmp_path / name).touch()
    with pytest.raises(
        ValueError, match="must end in .weights.h5, .keras, .pth or .safetensors"
    ) as error:
        load_model(tmp_path / name)
    assert str(error.value).startswith(str(tmp_path / name))


def test_a_preset_of_another_class(tmp_path):
    small().save_to_preset(tmp_path / "mine")
    with pytest.raises(ValueError, match="must hold a MIRNet.*a ZeroDCE"):
        MIRNet.from_preset(tmp_path / "mine")


@pytest.mark.parametrize(
    "text, message",
    [
        ("{}", "a dict is not a zero_dce_keras model"),
        ("[]", "a list is not a zero_dce_keras model"),
        ("not json", "not a readable configuration: Expecting value: line 1"),
        ('{"class_name": "Nothing"}', "a dict is not a zero_dce_keras model"),
    ],
)
def test_a_config_that_is_not_a_models(text, message, tmp_path):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ValueError) as error:
        load_model(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / 'config.json'}: {message}")


@pytest.mark.parametrize("error", [IndexError("index 1"), AttributeError("no such")])
def test_whatever_a_constructor_raises_names_the_config(error, tmp_path, monkeypatch):
    small().save_to_preset(tmp_path)

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(keras.saving, "deserialize_keras_object", fail)
    with pytest.raises(ValueError, match=f"config.json: not a readable.*{error}"):
        load_model(tmp_path)


@pytest.mark.parametrize("text", ["[]", "{", "null", '"text"', ""])
def test_a_card_that_is_not_a_card_is_an_error_that_names_it(text, tmp_path):
    small().save_to_preset(tmp_path)
    (tmp_path / "metadata.json").write_text(text)
    with pytest.raises(ValueError) as error:
        load_card(tmp_path)
    assert str(error.value).startswith(str(tmp_path / "metadata.json") + ": ")


def test_a_preset_without_a_card(tmp_path):
    small().save_to_preset(tmp_path)
    (tmp_path / "metadata.json").unlink()
    assert load_card(tmp_path) == {}


# Weights that are not the model's


def refusal(directory):
    """The message about the weights of a preset: one short line without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError) as error:
            load_model(directory)
    message = str(error.value)
    assert message.startswith(str(directory / "model.weights.h5") + ": ")
    assert "\n" not in message and len(message) < 300 + len(str(directory))
    return message


def test_weights_of_another_size(tmp_path):
    small().save_to_preset(tmp_path)
    small(num_iterations=3).save_weights(tmp_path / "model.weights.h5")
    message = refusal(tmp_path)
    assert "conv_3/kernel must have shape (3, 3, 8, 6)" in message
    assert "Received: (3, 3, 8, 9): not the weights of this ZeroDCE" in message


def test_weights_of_another_class(tmp_path):
    small().save_to_preset(tmp_path)
    mirnet = MIRNet(num_rrg=1, num_mrb=1, channels=8)
    mirnet.save_weights(tmp_path / "model.weights.h5")
    assert "conv_1/kernel must have shape (3, 3, 3, 4)" in refusal(tmp_path)


def test_weights_with_some_missing_or_too_many(tmp_path):
    """Keras loads what it has a place for, and says nothing of the rest."""
    small().save_to_preset(tmp_path)
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        file["layers/conv2d_3/vars/0"] = np.zeros((3, 3, 4, 4))
    assert "layers/conv2d_3/vars/0" in refusal(tmp_path)
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        del file["layers/conv2d_3"], file["layers/conv2d_2/vars/1"]
    assert "conv_3/bias must have shape (6,)" in refusal(tmp_path)
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        del file["layers"]
    assert "Received: no more weights" in refusal(tmp_path)


def test_weights_of_the_right_shapes_in_other_places(tmp_path):
    """Left to Keras, whose message holds the arrays."""
    small().save_to_preset(tmp_path)
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        file.move("layers/conv2d_1", "layers/elsewhere")
    assert "not the weights of this ZeroDCE" in refusal(tmp_path)


def test_truncated_weights(tmp_path):
    small().save_to_preset(tmp_path)
    content = (tmp_path / "model.weights.h5").read_bytes()
    (tmp_path / "model.weights.h5").write_bytes(content[:3000])
    assert "not a readable weights file" in refusal(tmp_path)
    (tmp_path / "model.weights.h5").unlink()
    with pytest.raises(FileNotFoundError, match="model.weights.h5: no such file"):
        load_model(tmp_path)


def test_refused_weights_change_nothing(tmp_path):
    small(num_iterations=3).save_weights(tmp_path / "other.weights.h5")
    model = small()
    before = model.get_weights()
    with pytest.raises(ValueError, match="not the weights of this ZeroDCE"):
        model.load_weights(tmp_path / "other.weights.h5")
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_beside_an_optimizer(low_light, tmp_path):
    """A network that was trained by itself saves its optimizer too."""
    network = small().dce_model
    network.compile("adam", "mse")
    network.fit(low_light, np.zeros((*low_light.shape[:3], 6)), verbose=0)
    network.save_weights(tmp_path / "network.weights.h5")
    model = small()
    model.load_weights(tmp_path / "network.weights.h5")
    for one, other in zip(model.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


# What ships


def test_the_presets_that_ship():
    assert "zero_dce_lol" in list_presets()


@pytest.mark.parametrize("name", list_presets())
def test_a_shipped_preset_loads_brightens_and_has_a_card(name, low_light):
    enhanced = checks.predict(load_model(name), low_light)
    assert enhanced.shape == low_light.shape
    assert enhanced.mean() > 2 * low_light.mean()
    card = load_card(name)
    for fact in ("command", "data", "split", "seed", "time", "scores", "terms"):
        assert card.get(fact) not in (None, "", {}), f"{name} says nothing on {fact}"
    Recipe.from_stored(card["recipe"]).check()
