import inspect

import checks
import keras
import pytest

import zero_dce_keras

small_models = pytest.mark.parametrize(
    "make_model",
    checks.SMALL_MODELS.values(),
    ids=[model.__name__ for model in checks.SMALL_MODELS],
)


def test_every_public_model_has_its_rows():
    public = [getattr(zero_dce_keras, name) for name in zero_dce_keras.__all__]
    models = {
        item
        for item in public
        if inspect.isclass(item) and issubclass(item, keras.Model)
    }
    assert models
    assert models <= set(checks.SMALL_MODELS)
    assert models <= {row[0] for row in checks.PARAMETERS}


@pytest.mark.parametrize("model, arguments, parameters", checks.PARAMETERS)
def test_parameters(model, arguments, parameters, low_light):
    made = model(**arguments)
    assert made.count_params() == parameters
    assert made(low_light).shape == low_light.shape


@small_models
def test_serialization(make_model):
    checks.check_serialization(make_model)


@small_models
def test_saving(make_model, low_light, tmp_path):
    checks.check_saving(make_model, low_light, tmp_path)


@small_models
def test_export(make_model, low_light, tmp_path):
    checks.check_export(make_model, low_light, tmp_path)


@small_models
def test_losses_that_would_not_be_used_are_refused(make_model, low_light):
    model = make_model()
    for name, value in {
        "loss": "mse",
        "loss_weights": {"exposure_loss": 0.0},
        "metrics": ["accuracy"],
    }.items():
        with pytest.raises(ValueError, match=f"^{name} would not be used"):
            model.compile(**{name: value})
    model.compile(jit_compile=False)
    with pytest.raises(ValueError, match="takes a sample_weight"):
        model.fit(low_light, low_light, sample_weight=low_light[:, 0, 0, 0], verbose=0)


@small_models
def test_odd_sizes(make_model):
    checks.check_odd_sizes(make_model)


@small_models
def test_one_epoch(make_model, low_light, reference):
    checks.check_one_epoch(make_model, low_light, reference)
