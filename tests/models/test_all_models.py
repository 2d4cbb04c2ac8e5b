import dataclasses

import checks
import pytest

import zero_dce_keras
from zero_dce_keras.models.registry import MODELS, get_model_class
from zero_dce_keras.training import Recipe

parameters = [
    (model_class, *row)
    for model_class, model_row in checks.MODELS.items()
    for row in model_row.parameters
]


@pytest.fixture(scope="module", params=checks.MODELS, ids=lambda model: model.__name__)
def small(request):
    """A small model of each class; no test changes its weights."""
    return checks.small_model(request.param)


def test_every_model_has_its_row():
    models = {get_model_class(name) for name in MODELS}
    assert models == set(checks.MODELS)
    for name, entry in MODELS.items():
        assert getattr(zero_dce_keras, entry.class_name) is get_model_class(name)


@pytest.mark.parametrize("model_class, arguments, number", parameters)
def test_parameters(model_class, arguments, number):
    assert model_class(**arguments).count_params() == number


@pytest.mark.parametrize("name", sorted(MODELS.keys() - {"bilateral_dce"}))
def test_a_recipe_makes_the_model(name):
    """Each argument that a recipe has a field for is that of the recipe."""
    sizes = {"filters": 2, "num_layers": 3, "channels": 4, "block": "residual"}
    recipe = Recipe(model=name, **sizes, denoising_filter=True, normalize_exposure=True)
    model = get_model_class(name).from_recipe(recipe, "mixed_bfloat16")
    config = model.get_config()
    fields = set(config) & set(dataclasses.asdict(recipe)) - {"denoising_filter"}
    for field in fields:
        assert config[field] == getattr(recipe, field), field
    assert model.dtype_policy.name == "mixed_bfloat16"
    assert model.can_denoise and model.exposure_normalization.well_exposed is None
    recipe = recipe.replace(leave_well_exposed=True, denoising_filter=False)
    model = get_model_class(name).from_recipe(recipe, "float32")
    assert model.exposure_normalization.well_exposed == [0.25, 0.5]
    assert not model.can_denoise
    recipe = recipe.replace(normalize_exposure=False)
    model = get_model_class(name).from_recipe(recipe, "float32")
    assert model.exposure_normalization is None


def test_a_model_that_is_not_there():
    with pytest.raises(ValueError, match="model must be one of .*'unet'"):
        get_model_class("unet")


def test_names_and_cards_need_no_keras():
    code = """
import sys
from zero_dce_keras import list_presets, load_card
from zero_dce_keras.models.registry import MODELS
assert MODELS["mirnet"].learns_from_pairs and load_card(list_presets()[0])
heavy = {"keras", "numpy", "h5py"} & set(sys.modules)
assert not heavy, heavy
"""
    checks.fresh_python(code)


def test_serialization(small):
    checks.check_serialization(small)


def test_saving(small, low_light, tmp_path):
    checks.check_saving(small, low_light, tmp_path)


def test_export(small, low_light, tmp_path):
    checks.check_export(small, low_light, tmp_path)


def test_odd_sizes(small):
    checks.check_odd_sizes(small)


@pytest.mark.parametrize("model_class", checks.MODELS)
def test_losses_that_would_not_be_used_are_refused(model_class, low_light):
    model = checks.small_model(model_class)
    for name, value in {
        "loss": "mse",
        "loss_weights": {"exposure_loss": 0.0},
        "metrics": ["accuracy"],
    }.items():
        with pytest.raises(ValueError, match=f"^{name} would not be used"):
            model.compile(**{name: value})
    model.compile(run_eagerly=True)
    with pytest.raises(ValueError, match="take no sample_weight"):
        model.fit(low_light, low_light, sample_weight=low_light[:, 0, 0, 0], verbose=0)


@pytest.mark.parametrize("model_class", checks.MODELS)
def test_one_epoch(model_class, low_light, reference):
    model = checks.small_model(model_class)
    checks.check_one_epoch(model, low_light, reference)
