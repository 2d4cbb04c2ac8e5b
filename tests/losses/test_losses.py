"""What all the losses have in common: a new row of the table is tested here too."""

import checks
import keras
import numpy as np
import pytest

import zero_dce_keras
from zero_dce_keras import Recipe, ZeroDCE, losses

# Of all the tests here: JAX compiles each operation for each shape.
SHAPE = (3, 37, 53, 3)

# The `inputs` of rows that are no tensors, as the classes have them by default.
SETTINGS = {"well_exposedness": 0.6, "patch_size": 16}
OUTPUTS = {"enhanced", "curve_maps", "denoised"}  # what comes from a network

CASES = [
    pytest.param(loss, form, id=f"{loss.function}-{form}")
    for loss in losses.WEIGHTED_LOSSES
    for form in (losses.LOSS_FORMS if "form" in loss.inputs else (None,))
]
every_loss = pytest.mark.parametrize("loss, form", CASES)


def tensors_of(loss):
    """Names of the tensors that a loss takes."""
    return [name for name in loss.inputs if name not in {*SETTINGS, "form"}]


def values_of(loss, form, tensors):
    inputs = {**SETTINGS, "form": form, **tensors}
    return getattr(losses, loss.function)(*(inputs[name] for name in loss.inputs))


def noise(loss):
    rng = np.random.default_rng(0)
    return {name: rng.random(SHAPE, dtype="float32") for name in tensors_of(loss)}


@every_loss
def test_one_value_an_image_whatever_the_others_show(loss, form):
    tensors = noise(loss)
    together = np.asarray(values_of(loss, form, tensors))
    assert together.shape == (3,) and together.dtype == np.float32
    assert (together > 0).all()
    if (loss.function, form) == ("color_constancy", "notebook"):
        assert len(set(together.tolist())) == 1
        return
    assert len(set(together.tolist())) == 3
    for tensor in tensors.values():
        tensor[::2] = 0.3
    others = np.asarray(values_of(loss, form, tensors))
    assert (others != together).tolist() == [True, False, True]


FLAT = {
    "black": (0, 0, 0),
    "well exposed": (0.6, 0.6, 0.6),
    "almost grey": (0.5, 0.5 + 1e-7, 0.5 - 1e-7),  # the fourth powers underflow
    "white": (1, 1, 1),
}


@every_loss
def test_gradients_are_finite_on_flat_pictures(loss, form):
    (name,) = OUTPUTS.intersection(loss.inputs)
    black = {name: np.zeros(SHAPE, "float32") for name in tensors_of(loss)}
    for picture, color in FLAT.items():
        flat = black[name] + np.float32(color)
        gradient = checks.gradient(
            lambda x: values_of(loss, form, {**black, name: x}), flat
        )
        assert np.isfinite(gradient).all(), picture


def test_gradient_of_color_is_right_where_it_is_defined():
    """Red is 1 above: the derivative of √2·(R−0)² at R = 1, spread over the pixels."""
    red = np.tile(np.float32([1, 0, 0]), (1, 4, 6, 1))
    gradient = checks.gradient(losses.color_constancy, red)
    np.testing.assert_allclose(
        gradient[..., 0], np.full((1, 4, 6), 2 * 2**0.5 / 24), 1e-5
    )


@every_loss
def test_class_is_the_mean_of_the_function(loss, form):
    """Where the function takes one tensor, the class ignores its first."""
    tensors = noise(loss)
    values = np.asarray(values_of(loss, form, tensors))
    loss_class = getattr(losses, loss.class_name)
    arguments = {"form": form} if form else {}
    pair = [np.ones(SHAPE, "float32"), *tensors.values()][-2:]
    mean = float(loss_class(**arguments)(*pair))
    assert mean == pytest.approx(values.mean(), rel=1e-6)
    single = loss_class(**arguments, reduction=None)(*pair)
    np.testing.assert_allclose(single, values, rtol=1e-6)


NOT_DEFAULT = {
    "SpatialConsistencyLoss": {"form": "notebook"},
    "ExposureControlLoss": {
        "well_exposedness": 0.42,
        "patch_size": 8,
        "form": "paper",
    },
    "ColorConstancyLoss": {"form": "paper"},
    "IlluminationSmoothnessLoss": {"form": "notebook"},
    "CharbonnierLoss": {"epsilon": 0.5},
}


@pytest.mark.parametrize(
    "name",
    # VGG16 takes long to make; test_perception_loss.py makes a smaller one.
    [loss.class_name for loss in losses.LOSSES if loss.function != "perception"],
)
def test_class_round_trip(name):
    loss_class = getattr(zero_dce_keras, name)
    arguments = NOT_DEFAULT.get(name, {})
    loss = loss_class(**arguments, name="here", reduction="sum")
    config = keras.saving.serialize_keras_object(loss)
    assert config["registered_name"] == f"zero_dce_keras>{name}"
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is loss_class
    assert copy.get_config() == loss.get_config()
    expected = {**arguments, "name": "here", "reduction": "sum"}
    assert expected.items() <= copy.get_config().items()
    if "form" in arguments:
        with pytest.raises(ValueError, match="form must be one of"):
            loss_class(form="seed")


def test_every_loss_gets_its_inputs_from_the_model(low_light):
    """And its weight, from the recipe on."""
    fields = {loss.weight_field: 2.0 for loss in losses.WEIGHTED_LOSSES}
    recipe = Recipe(**fields, num_iterations=1, filters=4, num_layers=1)
    model = ZeroDCE.from_recipe(recipe, "float32")
    curve_maps = model.dce_model(low_light)
    doubled = model.compute_losses(low_light, curve_maps)
    total = float(doubled.pop("total_loss"))
    assert [*doubled] == [loss.tracker for loss in losses.WEIGHTED_LOSSES]
    assert all(float(value) > 0 for value in doubled.values())
    assert total == pytest.approx(sum(map(float, doubled.values())), rel=1e-6)
    enhanced = model.get_enhanced_image(low_light, curve_maps)
    inputs = model.loss_inputs(low_light, curve_maps, enhanced)
    for loss in losses.WEIGHTED_LOSSES:
        if "denoised" not in loss.inputs:  # whose neighbours are drawn anew
            values = getattr(losses, loss.function)(*(inputs[i] for i in loss.inputs))
            expected = 2 * float(keras.ops.mean(values))
            assert float(doubled[loss.tracker]) == pytest.approx(expected, rel=1e-5)
