import dataclasses
import math

import pytest

from zero_dce_keras import RECIPES, Recipe
from zero_dce_keras.models.registry import MODELS
from zero_dce_keras.training.recipes import DEFAULT_RECIPES

FIELDS_OF_RECIPE = dataclasses.fields(Recipe)

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


def test_every_model_has_a_default_recipe():
    assert DEFAULT_RECIPES.keys() == MODELS.keys()
    assert DEFAULT_RECIPES["zero_dce"] == "default"
    assert DEFAULT_RECIPES["zero_dce_plus_plus"] == "plus-plus"
    assert DEFAULT_RECIPES["mirnet"] == "mirnet"


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_can_be_trained_by(name):
    RECIPES[name]().check()


# What cannot be trained with


@pytest.mark.parametrize("field", FIELDS_OF_RECIPE, ids=lambda field: field.name)
def test_every_field_is_explained_and_bounded(field):
    """No number may be NaN or negative, no text anything but one of its choices."""
    assert field.metadata["help"]
    kind = str(field.type)
    wrong = [math.nan, -1] if "int" in kind or "float" in kind else []
    if "str" in kind and field.name != "teacher":
        wrong = ["nonsense"]
    for value in wrong:
        with pytest.raises(ValueError, match=f"^{field.name} must .* {value!r}$"):
            Recipe().replace(**{field.name: value}).check()


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"epochs": 0}, "epochs must be positive. Received: 0"),
        ({"learning_rate": math.inf}, "learning_rate must be positive. Received: inf"),
        ({"plateau_epochs": 0}, "plateau_epochs must be positive. Received: 0"),
        ({"num_layers": 4}, "num_layers must be odd and positive. Received: 4"),
        ({"ema": 1.0}, r"ema must be in \[0, 1\). Received: 1.0"),
        ({"well_exposedness": 1.5}, r"well_exposedness must be in \[0, 1\]. .*: 1.5"),
        ({"seed": 2**32}, r"seed must be in \[0, 2³²\). Received: 4294967296"),
        ({"block": "plain"}, r"block must be one of \('multi_scale', .* 'plain'"),
        ({"image_size": 15}, "image_size must be at least 16, .* Received: 15"),
        (
            {"image_size": 16, "exposure_patch_size": 17},
            "image_size must be at least 17, .* Received: 16",
        ),
        (
            {"plateau_epochs": 3, "cosine_decay": True},
            "plateau_epochs needs .* cosine_decay=True",
        ),
        (
            {"plateau_epochs": 3, "validation_images": 0},
            "plateau_epochs needs validation_images.* Received: 0",
        ),
        (
            {"denoising_weight": 1.0, "denoising_filter": True},
            "denoising_weight and .*--no-denoising-filter",
        ),
        (
            {"teacher": "zero_dce_lol", "model": "mirnet"},
            "teacher is for models .* Received: 'zero_dce_lol' for mirnet",
        ),
    ],
    ids=str,
)
def test_wrong_values_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        Recipe().replace(**changes).check()


def test_what_bounds_allow():
    Recipe(ema=0.0, well_exposedness=1.0, seed=2**32 - 1, validation_images=0).check()
    Recipe(plateau_epochs=1, image_size=17, exposure_patch_size=17, l2=0.0).check()


def test_stored_recipes_of_other_versions():
    """What they lack has its default; what is gone must be what did nothing."""
    stored = {**dataclasses.asdict(Recipe(epochs=2)), "adaptive_tone": False}
    del stored["ssim_weight"]
    assert Recipe.from_stored(stored) == Recipe(epochs=2)
    for name, value in (("adaptive_tone", True), ("contrast", None)):
        with pytest.raises(ValueError, match=f"Received: {name}={value}$"):
            Recipe.from_stored({**stored, name: value})


def test_replace_makes_a_copy():
    recipe = RECIPES["notebook"]()
    assert recipe.replace(epochs=2, seed=3) == dataclasses.replace(
        recipe, epochs=2, seed=3
    )
    assert recipe.epochs == 50
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.epochs = 2
