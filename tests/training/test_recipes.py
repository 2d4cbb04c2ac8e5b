import dataclasses
import math

import pytest

from zero_dce_keras import RECIPES, Recipe, fit
from zero_dce_keras.models.registry import MODELS
from zero_dce_keras.training.recipes import DEFAULT_RECIPES

FIELDS_OF_RECIPE = dataclasses.fields(Recipe)


def test_the_official_recipe_is_that_of_the_official_code():
    """`Zero-DCE_code`: options of `lowlight_train.py`, and what its modules fix."""
    recipe = RECIPES["official"]()
    # lr, train_batch_size, num_epochs, grad_clip_norm
    assert (recipe.learning_rate, recipe.batch_size) == (1e-4, 8)
    assert (recipe.epochs, recipe.global_clipnorm) == (200, 0.1)
    # weight_decay of PyTorch's Adam, which is L2 and not decoupled
    assert (recipe.l2, recipe.weight_decay) == (1e-4, None)
    # weights_init; random.seed and size of dataloader.py
    assert (recipe.initial_stddev, recipe.seed, recipe.image_size) == (0.02, 1143, 256)
    # L_TV, L_spa, L_color, L_exp(16, 0.6)
    weights = recipe.smoothness_weight, recipe.spatial_weight, recipe.color_weight
    assert (*weights, recipe.exposure_weight) == (200, 1, 5, 10)
    assert (recipe.exposure_patch_size, recipe.well_exposedness) == (16, 0.6)
    assert recipe.loss_form == "official"


def test_smoothness_of_zero_dce_plus_plus_is_that_of_the_small_map():
    """The official 1600, where stretching has divided differences by the factor."""
    recipe = RECIPES["plus-plus"]()
    expected = 1600 * recipe.scale_factor**2
    assert recipe.smoothness_weight == pytest.approx(expected, rel=0.01)


def test_names_of_recipes_say_what_they_are():
    small, large = (
        RECIPES[f"{size}-batch"]().batch_size for size in ("small", "large")
    )
    assert small < RECIPES["official"]().batch_size < large
    assert RECIPES["notebook"]().loss_form == "notebook"
    assert RECIPES["denoise"]().denoising_filter
    assert RECIPES["companion"]().teacher == "zero_dce_lol_denoise"


def test_the_first_field_is_the_model():
    assert Recipe("mirnet") == Recipe(model="mirnet")
    with pytest.raises(TypeError):
        Recipe(*dataclasses.astuple(Recipe()))  # weights by name alone


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
        ({"epochs": 0}, "epochs must be finite and positive. Received: 0"),
        (
            {"learning_rate": math.inf},
            "learning_rate must be finite and positive. Received: inf",
        ),
        (
            {"plateau_epochs": 0},
            "plateau_epochs must be finite and positive. Received: 0",
        ),
        (
            {"whole_epochs": 1},
            r"whole_epochs must be .* needs crop .*: 1 of 50 epochs and crop=False",
        ),
        (
            {"whole_epochs": 3, "epochs": 2, "crop": True},
            "whole_epochs must be at most epochs.* 3 of 2 epochs",
        ),
        ({"num_layers": 4}, "num_layers must be odd and positive. Received: 4"),
        ({"ema": 1.0}, r"ema must be in \[0, 1\). Received: 1.0"),
        ({"well_exposedness": 1.5}, r"well_exposedness must be in \[0, 1\]. .*: 1.5"),
        ({"seed": 2**32}, r"seed must be in \[0, 2³²\). Received: 4294967296"),
        ({"block": "plain"}, r"block must be one of \('multi_scale', .* 'plain'"),
        (
            {"image_size": 15},
            "image_size must be at least 16, the window of the losses. Received: 15",
        ),
        (
            {"image_size": 16, "exposure_patch_size": 17},
            "image_size must be at least 17, the exposure_patch_size. Received: 16",
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


def test_the_help_has_every_field_in_one_group():
    fields = [name for group in fit.GROUPS.values() for name in group]
    names = {field.name for field in dataclasses.fields(Recipe)} - {"model"}
    assert sorted(fields) == sorted(names)


def test_what_most_runs_need_is_on_two_screens():
    lines = fit.build_parser().format_help().splitlines()
    assert lines.index("the photographs:") < 2 * 30


def test_replace_makes_a_copy():
    recipe = RECIPES["notebook"]()
    assert recipe.replace(epochs=2, seed=3) == dataclasses.replace(
        recipe, epochs=2, seed=3
    )
    assert recipe.epochs == 50
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.epochs = 2
