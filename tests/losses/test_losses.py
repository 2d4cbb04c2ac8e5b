"""What all the losses have in common."""

import checks
import keras
import numpy as np
import pytest

from zero_dce_keras import losses

FORMS = losses.LOSS_FORMS


def noise(channels=3, seed=0, batch=3):
    rng = np.random.default_rng(seed)
    return rng.random((batch, 37, 53, channels), dtype="float32")


# name: loss of (low_light, enhanced or maps), and its class
FUNCTIONS = {
    "spatial": (losses.spatial_consistency, losses.SpatialConsistencyLoss),
    "exposure": (
        lambda _, y, form: losses.exposure_control(y, form=form),
        losses.ExposureControlLoss,
    ),
    "color": (
        lambda _, y, form: losses.color_constancy(y, form),
        losses.ColorConstancyLoss,
    ),
    "smoothness": (
        lambda _, y, form: losses.illumination_smoothness(y, form),
        losses.IlluminationSmoothnessLoss,
    ),
}
every_loss = pytest.mark.parametrize(
    "function, loss_class", FUNCTIONS.values(), ids=FUNCTIONS
)
every_form = pytest.mark.parametrize("form", FORMS)


@every_form
@every_loss
def test_one_value_an_image_whatever_the_others_show(function, loss_class, form):
    low_light, enhanced = noise(seed=1), noise(seed=2)
    together = np.asarray(function(low_light, enhanced, form))
    assert together.shape == (3,) and together.dtype == np.float32
    assert (together > 0).all()
    if (loss_class, form) == (losses.ColorConstancyLoss, "notebook"):
        assert len(set(together.tolist())) == 1
        return
    assert len(set(together.tolist())) == 3
    alone = [
        np.asarray(function(low_light[i : i + 1], enhanced[i : i + 1], form))[0]
        for i in range(3)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-6)


def picture(name):
    if name == "almost grey":  # differences whose fourth power underflows
        return np.tile(np.float32([0.5, 0.5 + 1e-7, 0.5 - 1e-7]), (2, 32, 48, 1))
    level = {"black": 0, "grey": 0.5, "white": 1}[name]
    return np.full((2, 32, 48, 3), level, "float32")


@pytest.mark.parametrize("name", ["black", "grey", "almost grey", "white"])
@every_form
@every_loss
def test_gradients_are_finite(function, loss_class, form, name):
    def loss(enhanced):
        return function(picture("black"), enhanced, form)

    assert np.isfinite(np.asarray(loss(picture(name)))).all()
    assert np.isfinite(checks.gradient(loss, picture(name))).all()


def test_gradient_of_color_is_right_where_it_is_defined():
    """Red is 1 above: the derivative of √2·(R−0)² at R = 1, spread over the pixels."""
    red = np.tile(np.float32([1, 0, 0]), (1, 4, 6, 1))
    gradient = checks.gradient(losses.color_constancy, red)
    np.testing.assert_allclose(
        gradient[..., 0], np.full((1, 4, 6), 2 * 2**0.5 / 24), 1e-5
    )


@every_form
@every_loss
def test_class_is_the_mean_of_the_function(function, loss_class, form):
    low_light, enhanced = noise(seed=1), noise(seed=2)
    values = np.asarray(function(low_light, enhanced, form))
    loss = loss_class(form=form)
    assert float(loss(low_light, enhanced)) == pytest.approx(values.mean(), rel=1e-6)
    single = loss_class(form=form, reduction=None)(low_light, enhanced)
    np.testing.assert_allclose(single, values, rtol=1e-6)


@pytest.mark.parametrize(
    "loss",
    [
        losses.SpatialConsistencyLoss(form="notebook"),
        losses.ExposureControlLoss(0.42, 8, form="paper", name="exposure"),
        losses.ColorConstancyLoss(form="paper", reduction="sum"),
        losses.IlluminationSmoothnessLoss(form="notebook"),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_class_round_trip(loss):
    config = keras.saving.serialize_keras_object(loss)
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is type(loss)
    assert copy.get_config() == loss.get_config()
    low_light, enhanced = noise(seed=1), noise(seed=2)
    assert float(copy(low_light, enhanced)) == float(loss(low_light, enhanced))
    with pytest.raises(ValueError, match="form must be one of"):
        type(loss)(form="seed")


def test_three_classes_do_not_look_at_y_true():
    for _, loss_class in list(FUNCTIONS.values())[1:]:
        enhanced = noise(seed=2)
        values = [float(loss_class()(noise(seed=i), enhanced)) for i in (0, 1)]
        assert values[0] == values[1] > 0
