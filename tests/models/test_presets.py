import json

import checks
import numpy as np
import pytest

from zero_dce_keras import Enhancer, Recipe, ZeroDCE, list_presets, load_model
from zero_dce_keras.models import load_card
from zero_dce_keras.models.presets import PresetMixin

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

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(ZeroDCE, "save_weights", fail)
    with pytest.raises(OSError, match="no space"):
        small().save_to_preset(tmp_path / "mine")
    assert files(tmp_path) == {"mine"}
    copy = ZeroDCE.from_preset(tmp_path / "mine")
    np.testing.assert_array_equal(
        checks.predict(copy, low_light), checks.predict(model, low_light)
    )


def test_unknown_name_lists_the_presets(tmp_path):
    with pytest.raises(ValueError) as error:
        ZeroDCE.from_preset("zero_dce_lo1")
    assert "zero_dce_lo1" in str(error.value)
    assert all(name in str(error.value) for name in list_presets())
    with pytest.raises(ValueError, match="config.json"):
        ZeroDCE.from_preset(tmp_path)


def test_a_preset_of_another_class(tmp_path):
    class Other(PresetMixin):
        pass

    small().save_to_preset(tmp_path / "mine")
    with pytest.raises(ValueError, match="must hold a Other.*a ZeroDCE"):
        Other.from_preset(tmp_path / "mine")


@pytest.mark.parametrize("text", ["{}", "[]", "not json", '{"class_name": "Nothing"}'])
def test_a_config_that_is_not_a_models(text, tmp_path):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises((ValueError, OSError)):
        load_model(tmp_path)


# What ships


def test_the_presets_that_ship():
    assert "zero_dce_lol" in list_presets()


@pytest.mark.parametrize("name", list_presets())
def test_a_shipped_preset_loads_brightens_and_has_a_card(name, low_light):
    enhancer = Enhancer.from_preset(name)
    enhanced = enhancer(low_light)
    assert enhanced.shape == low_light.shape
    assert enhanced.mean() > 2 * low_light.mean()
    card = json.dumps(load_card(name)).lower()
    for fact in ("command", "data", "split", "seed", "time", "score", "terms"):
        assert fact in card, f"the card of {name} says nothing on {fact}"
    Recipe(**load_card(name)["recipe"]).check()
