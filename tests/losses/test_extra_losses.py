"""Losses that a recipe's `extra_losses` names: trained with, reported, refused."""

import functools
import json

import keras
import numpy as np
import pytest
from trainings import quicken

from zero_dce_keras import Recipe, ZeroDCE, losses, train
from zero_dce_keras.losses.perception_loss import build_vgg_features
from zero_dce_keras.models import load_model

SIZE = {"filters": 2, "num_layers": 1, "num_iterations": 1}


@pytest.fixture
def random_features(monkeypatch):
    """VGG16 with random weights: its own are a download."""
    keras.utils.set_random_seed(3)
    features = build_vgg_features(weights=None)
    monkeypatch.setattr(
        "zero_dce_keras.losses.perception_loss.build_vgg_features",
        lambda: features,
    )
    return features


def test_their_values_are_added_with_their_weights(low_light, random_features):
    keras.utils.set_random_seed(0)
    plain = ZeroDCE(**SIZE)
    keras.utils.set_random_seed(0)
    weights = {"self_adaptive_loss": 3.0, "perception_loss": 2.0}
    model = ZeroDCE(**SIZE, loss_weights=weights)
    images, maps = model.estimate(low_light)
    found, before = (each.compute_losses(images, maps) for each in (model, plain))
    enhanced = model.get_enhanced_image(images, maps)
    expected = {
        "self_adaptive_loss": 3 * keras.ops.mean(losses.self_adaptive(enhanced)),
        "perception_loss": 2
        * keras.ops.mean(losses.perception(images, enhanced, random_features)),
    }
    for name, value in expected.items():
        assert value > 0
        assert float(found[name]) == pytest.approx(float(value), rel=1e-4)
        assert name not in before
    added = float(found["total_loss"]) - float(before["total_loss"])
    assert added == pytest.approx(float(sum(expected.values())), rel=1e-3)


def test_a_run_trains_with_them_and_its_model_opens_without_their_network(
    photo_folder, tmp_path, monkeypatch, random_features
):
    quicken(monkeypatch.setattr)
    extra = {"self_adaptive": 0.5, "perception": 0.1}
    recipe = Recipe(
        **SIZE,
        train_images=2,
        validation_images=1,
        image_size=16,
        batch_size=2,
        epochs=1,
        extra_losses=extra,
    )
    folder, run_dir = photo_folder(), tmp_path / "run"
    model, history = train(recipe, "folder", folder, run_dir, verbose=0)
    for name in ("self_adaptive_loss", "val_perception_loss"):
        assert history.history[name][0] > 0
    stored = json.loads((run_dir / "config.json").read_text())["recipe"]
    assert stored["extra_losses"] == extra
    assert Recipe.from_stored(stored) == recipe

    def missing():
        raise AssertionError("enhancing needs no VGG16")

    monkeypatch.setattr(
        "zero_dce_keras.losses.perception_loss.build_vgg_features", missing
    )
    again = load_model(run_dir / "last.keras")
    names = [weight.path for weight in again.weights]
    assert names and not any("vgg" in name or "block" in name for name in names)
    for here, there in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(here, there)
    assert again.loss_weights["perception_loss"] == 0.1


def test_missing_weights_of_the_network_are_said_before_the_first_step(
    low_light, monkeypatch
):
    def unavailable():
        raise ValueError("weights='imagenet' of VGG16 are unavailable")

    monkeypatch.setattr(
        "zero_dce_keras.losses.perception_loss.build_vgg_features", unavailable
    )
    model = ZeroDCE(**SIZE, loss_weights={"perception_loss": 1.0})
    model.compile()
    for use in (functools.partial(model.fit, verbose=0), model.evaluate):
        with pytest.raises(ValueError, match="VGG16 are unavailable"):
            use(low_light)
    assert int(model.optimizer.iterations) == 0


@pytest.mark.parametrize(
    "value, message",
    [
        ({"charbonnier": 1.0}, r"\['perception', 'self_adaptive'\]. Received: .*charb"),
        ({"exposure_control": 1.0}, "extra_losses must be weights by the names"),
        ({"self_adaptive": -1.0}, r"extra_losses\['self_adaptive'\] must be .*-1.0"),
        ({"self_adaptive": float("nan")}, "finite and not negative. Received: nan"),
        ("self_adaptive", "Received: 'self_adaptive'"),
    ],
)
def test_wrong_names_and_weights_are_named(value, message):
    with pytest.raises(ValueError, match=message):
        Recipe(extra_losses=value).check()


def test_models_that_learn_from_pairs_have_no_use_for_them():
    recipe = Recipe(model="mirnet", extra_losses={"self_adaptive": 1.0})
    with pytest.raises(ValueError, match="without references. Received: .* for mirnet"):
        recipe.check()
