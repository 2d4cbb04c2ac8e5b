import checks
import keras
import numpy as np
import pytest

from zero_dce_keras import Enhancer, ZeroDCE, ZeroDCEPlusPlus, load_model


def small(scale_factor=4, **kwargs):
    model = ZeroDCEPlusPlus(scale_factor, filters=4, num_layers=3, **kwargs)
    model.compile(jit_compile=False)
    return model


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_one_map_for_all_iterations(low_light):
    model = small(num_iterations=5)
    curve_map = numpy(model.curve_maps(low_light))
    assert curve_map.shape == low_light.shape
    x = np.float64(low_light)
    after = {}
    for i in range(1, 9):
        x = x + curve_map * (x * x - x)
        after[i] = x
    np.testing.assert_allclose(numpy(model(low_light)), after[5], atol=1e-6)
    for i in (3, 8):
        found = numpy(model(low_light, num_iterations=i))
        np.testing.assert_allclose(found, after[i], atol=1e-6)
    losses = model.compute_losses(low_light, curve_map)
    brightness = after[5].mean(-1).reshape(2, 2, 16, 3, 16).mean(axis=(2, 4))
    expected = 10 * ((brightness - 0.6) ** 2).mean()
    assert float(losses["exposure_loss"]) == pytest.approx(expected, rel=1e-4)


def test_it_is_a_zero_dce_with_another_smoothness(low_light):
    model = ZeroDCEPlusPlus()
    assert isinstance(model, ZeroDCE)
    assert model.loss_weights == {
        "spatial_consistency_loss": 1,
        "exposure_loss": 10,
        "color_constancy_loss": 5,
        "illumination_smoothness_loss": 1600,
    }
    assert (model.scale_factor, model.num_iterations) == (12, 8)
    changed = ZeroDCEPlusPlus(loss_weights={"exposure_loss": 3}).loss_weights
    assert changed["illumination_smoothness_loss"] == 1600
    assert changed["exposure_loss"] == 3
    other = ZeroDCEPlusPlus(loss_weights={"illumination_smoothness_loss": 7})
    assert other.loss_weights["illumination_smoothness_loss"] == 7


@pytest.mark.parametrize("size", [(33, 47), (30, 48)])
def test_no_size_is_cropped(size):
    """As if the image went on by its border up to the next multiple of the factor."""
    model = small(scale_factor=12)
    model.dce_model.set_weights([5 * w for w in model.dce_model.get_weights()])
    images = np.random.default_rng(0).random((1, *size, 3), dtype="float32")
    padding = [(0, 0), *((0, -side % 12) for side in size), (0, 0)]
    padded = checks.predict(model, np.pad(images, padding, mode="edge"))
    found = checks.predict(model, images)
    np.testing.assert_allclose(found, padded[:, : size[0], : size[1]], atol=1e-5)
    assert np.abs(found - images).max() > 0.05


@pytest.mark.parametrize("scale_factor", [1, 3, 12, 100])
@pytest.mark.parametrize("resampling", ["official", "area"])
def test_trains_at_any_scale_factor(scale_factor, resampling, low_light):
    model = small(scale_factor, resampling=resampling)
    before = model.get_weights()
    history = model.fit(low_light[:, :31], epochs=2, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    changed = [(a != b).any() for a, b in zip(before, model.get_weights(), strict=True)]
    assert all(changed)


def test_at_full_size_the_network_alone_decides(low_light):
    model = small(scale_factor=1)
    np.testing.assert_array_equal(
        numpy(model.curve_maps(low_light)), numpy(model.dce_model(low_light))
    )


def test_enhancer_applies_the_map_as_often_as_the_model(low_light):
    model = small(scale_factor=5)
    model.dce_model.set_weights([5 * w for w in model.dce_model.get_weights()])
    enhancer = Enhancer(model)
    images = np.float32(low_light[:, :31])
    np.testing.assert_allclose(enhancer(images), numpy(model(images)), atol=1e-6)
    three = numpy(model(images, num_iterations=3))
    np.testing.assert_allclose(enhancer(images, iterations=3), three, atol=1e-6)
    np.testing.assert_array_equal(enhancer(images, iterations=0), images)


def test_a_weights_file_opens_as_what_it_is(low_light, tmp_path):
    """The scale factor is in the file; without it, kernels tell the class and the size."""
    model = small(scale_factor=3, num_iterations=5, resampling="area")
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    opened = load_model(path)
    assert opened.get_config() == model.get_config() | {"name": opened.name}
    np.testing.assert_array_equal(
        checks.predict(opened, low_light), checks.predict(model, low_light)
    )
    model.dce_model.save_weights(path)
    opened = load_model(path)
    assert type(opened) is ZeroDCEPlusPlus
    assert (opened.filters, opened.num_layers, opened.scale_factor) == (4, 3, 12)
    for one, other in zip(opened.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "arguments",
    [
        {"scale_factor": 0},
        {"scale_factor": 2.0},
        {"scale_factor": float("inf")},
        {"resampling": "cubic"},
        {"num_iterations": 0},
    ],
)
def test_errors(arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))} must be"):
        ZeroDCEPlusPlus(**arguments)


@pytest.mark.large
@pytest.mark.parametrize("scale_factor", [1, 12])
def test_official_outputs(shared, scale_factor):
    from zero_dce_keras import load_torch_checkpoint

    with np.load(shared / "data" / "official" / "zero_dce_plus_plus.npz") as file:
        official = dict(file)
    weights = {
        name.removeprefix("weights/"): official[name]
        for name in official
        if name.startswith("weights/")
    }
    model = load_torch_checkpoint(ZeroDCEPlusPlus(scale_factor), weights)
    low_light = official["low_light"]
    maps = official[f"curve_maps_scale{scale_factor}"]
    np.testing.assert_allclose(numpy(model.curve_maps(low_light)), maps, atol=1e-5)
    enhanced = official[f"enhanced_scale{scale_factor}"]
    np.testing.assert_allclose(numpy(model(low_light)), enhanced, atol=1e-5)
