import dataclasses

import pytest

from zero_dce_keras import RECIPES, Recipe

# What issue 2 says of each recipe; what it leaves out is free.
FIELDS = {
    "notebook": {
        "train_images": 300,
        "validation_images": 185,
        "image_size": 256,
        "batch_size": 16,
        "learning_rate": 1e-4,
        "epochs": 50,
        "loss_form": "notebook",
    },
    "small-batch": {
        "batch_size": 4,
        "learning_rate": 1e-4,
        "epochs": 60,
        "initial_stddev": 0.02,
        "global_clipnorm": 0.1,
        "loss_form": "official",
    },
    "large-batch": {
        "train_images": 350,
        "validation_images": 100,
        "batch_size": 64,
        "epochs": 100,
    },
    "plus-plus": {
        "model": "zero_dce_plus_plus",
        "scale_factor": 12,
        "smoothness_weight": 230_000,
    },
    "official": {
        "batch_size": 8,
        "l2": 1e-4,
        "weight_decay": None,  # the official decay is L2, not decoupled
        "global_clipnorm": 0.1,
        "initial_stddev": 0.02,
        "epochs": 200,
        "seed": 1143,
        "image_size": 256,
        "learning_rate": 1e-4,
        "loss_form": "official",
        "spatial_weight": 1,
        "exposure_weight": 10,
        "color_weight": 5,
        "smoothness_weight": 200,
        "well_exposedness": 0.6,
    },
}


@pytest.mark.parametrize("name", FIELDS)
def test_fields(name):
    found = dataclasses.asdict(RECIPES[name]())
    assert {key: found[key] for key in FIELDS[name]} == FIELDS[name]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_has_a_card(name):
    recipe = RECIPES[name]
    assert isinstance(recipe(), Recipe)
    assert recipe.__name__ == name.replace("-", "_")
    card = recipe.__doc__.lower()
    assert f"--recipe {name}" in card or name == "default"
    for fact in ("python -m zero_dce_keras.fit", "cores", "minutes", "psnr"):
        assert fact in card, f"the card of {name} says nothing on {fact}"


def test_default_is_among_them():
    assert set(RECIPES) >= {"default", *FIELDS}


def test_every_field_says_what_it_is():
    for field in dataclasses.fields(Recipe):
        assert field.metadata["help"]


def test_replace_makes_a_copy():
    recipe = RECIPES["notebook"]()
    assert recipe.replace(epochs=2, seed=3) == dataclasses.replace(
        recipe, epochs=2, seed=3
    )
    assert recipe.epochs == 50
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.epochs = 2
