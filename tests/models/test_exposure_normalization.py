import re

import keras
import numpy as np
import pytest

from zero_dce_keras import Enhancer, ExposureNormalization, ZeroDCE


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def photo(height=64, width=96, seed=0):
    """A smooth picture with shadows, lights and a colour cast, (1, H, W, 3)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width].astype("float32") / 10
    waves = [np.sin(rows + k) * np.cos(columns * (1 + k / 4)) for k in range(3)]
    image = 0.3 + 0.2 * np.stack(waves, -1) * np.float32([1, 0.9, 0.6])
    noise = 0.02 * rng.standard_normal(image.shape)
    return np.clip(image + noise, 0, 1)[None].astype("float32")


def test_every_exposure_comes_out_alike():
    """As far as 8 bits of black allow: here without the pedestal."""
    normalize = ExposureNormalization(pedestal=0.0)
    bright = numpy(normalize(photo() / 2))
    dark = numpy(normalize(photo() / 16))
    np.testing.assert_allclose(dark, bright, atol=0.01)
    assert bright.mean() > 2 * photo().mean() / 2


def test_metered_brightness_is_the_target():
    """On a flat grey image the brightest channel is the image."""
    grey = np.full((1, 40, 56, 3), 0.05, "float32")
    for target in (0.3, 0.56, 0.7):
        normalized = numpy(ExposureNormalization(target=target)(grey))
        np.testing.assert_allclose(normalized, target, atol=2e-3)


def test_images_of_a_batch_do_not_meet():
    normalize = ExposureNormalization()
    batch = np.concatenate([photo() / 2, photo(seed=1) / 9])
    together = numpy(normalize(batch))
    alone = [numpy(normalize(batch[i : i + 1]))[0] for i in (0, 1)]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_gains_of_the_whole_serve_its_parts():
    """Which is what tiles need: statistics first, pixels after."""
    normalize = ExposureNormalization()
    whole = photo()
    gains = normalize.gains(whole)
    assert gains.shape == (1, 1, 1, 8)
    expected = [0, 0, 0, normalize.gamma]
    np.testing.assert_allclose(numpy(gains)[0, 0, 0, 4:], expected, rtol=1e-6)
    part = numpy(normalize.apply_gains(whole[:, 5:30, 7:50], gains))
    expected = numpy(normalize(whole))[:, 5:30, 7:50]
    np.testing.assert_allclose(part, expected, atol=1e-6)


def test_a_photograph_and_its_reduced_copy_are_metered_alike():
    large = photo(800, 840) / 8
    small = large.reshape(1, 400, 2, 420, 2, 3).mean((2, 4))
    normalize = ExposureNormalization()
    gains = [numpy(normalize.gains(image)) for image in (large, small)]
    np.testing.assert_allclose(gains[0], gains[1], rtol=1e-4)


def test_the_centre_counts_more():
    centre, border = np.zeros((2, 1, 64, 64, 3), "float32")
    centre[:, 24:40, 24:40] = 0.2
    border[:, :16, :16] = 0.2
    for weight, more in ((15, True), (0, False)):
        normalize = ExposureNormalization(centre_weight=weight)
        gains = [numpy(normalize.gains(x))[0, 0, 0, 0] for x in (centre, border)]
        assert (gains[0] < 0.9 * gains[1]) == more


def test_cast_goes_part_of_the_way_to_grey():
    orange = np.full((1, 32, 48, 3), 0.1, "float32") * np.float32([1.5, 1, 0.5])
    spreads = []
    for cast in (0.0, 0.4, 1.0):
        normalize = ExposureNormalization(cast=cast, saturation=1.0)
        spreads.append(np.ptp(numpy(normalize(orange))[0, 0, 0]))
    assert spreads[0] > spreads[1] > spreads[2]
    assert spreads[2] < 1e-3


def test_saturation_zero_is_grey():
    grey = numpy(ExposureNormalization(saturation=0.0)(photo()))
    np.testing.assert_allclose(grey, grey[..., :1] + np.zeros(3), atol=1e-6)


@pytest.mark.parametrize("level", [0, 1])
def test_any_size_and_any_level(level):
    normalize = ExposureNormalization()
    for size in ((1, 1), (3, 5), (8, 8), (33, 47)):
        image = np.full((1, *size, 3), level, "float32")
        normalized = numpy(normalize(image))
        assert normalized.shape == image.shape
        assert ((normalized >= 0) & (normalized <= 1)).all()  # NaN is neither


def test_lights_are_compressed_not_burnt():
    """Two lamps that the gain alone would take far above white stay apart below it."""
    lamps = photo() / 16
    lamps[:, :4, :4] = 1.0
    lamps[:, :4, 4:8] = 0.5
    normalize = ExposureNormalization()
    factors = numpy(normalize.gains(lamps))[0, 0, 0, :3]
    assert ((0.5 * factors) ** normalize.gamma > 2).all()
    normalized = numpy(normalize(lamps))
    bright, half = normalized[0, 1, 1], normalized[0, 1, 5]
    assert (half < bright).all() and (bright <= 1).all()


def test_a_model_of_all_exposures():
    """The model enhances an image and the same at an eighth of its light alike."""
    plain = ZeroDCE(num_iterations=2, filters=4, num_layers=3)
    model = ZeroDCE(
        num_iterations=2,
        filters=4,
        num_layers=3,
        exposure_normalization={"pedestal": 0.0},
    )
    model.set_weights(plain.get_weights())
    bright, dark = photo() / 2, photo() / 16
    np.testing.assert_allclose(numpy(model(dark)), numpy(model(bright)), atol=0.02)
    assert abs(numpy(plain(dark)) - numpy(plain(bright))).max() > 0.1
    copy = ZeroDCE.from_config(model.get_config())
    assert copy.exposure_normalization.pedestal == 0.0
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(numpy(copy(dark)), numpy(model(dark)))


def test_no_strength_and_no_iterations_are_the_identity():
    model = ZeroDCE(
        num_iterations=2, filters=4, num_layers=3, exposure_normalization={}
    )
    enhancer = Enhancer(model)
    dark = photo() / 8
    np.testing.assert_array_equal(enhancer(dark, iterations=0), dark)
    np.testing.assert_allclose(enhancer(dark, strength=0.0), dark, atol=1e-6)
    half, full = (enhancer(dark, strength=s).mean() for s in (0.5, 1.0))
    assert dark.mean() < half < full
    np.testing.assert_allclose(enhancer(dark), numpy(model(dark)), atol=1e-5)


def test_well_exposed_images_are_left_alone():
    normalize = ExposureNormalization(well_exposed=(0.25, 0.5))
    always = ExposureNormalization()
    grey = np.ones((1, 40, 56, 3), "float32")
    for level, share in ((0.1, 1), (0.2, 1), (0.375, 0.5), (0.5, 0), (0.9, 0)):
        image = level * grey
        expected = image + share * (numpy(always(image)) - image)
        np.testing.assert_allclose(numpy(normalize(image)), expected, atol=1e-5)


def test_configurations_of_version_0_1_0():
    """Its adaptive tone is gone: at 0 it is dropped, anything else is refused."""
    off = {"black": 0.0, "gamma_slope": 0.0}
    layer = ExposureNormalization(target=0.5)
    copy = ExposureNormalization.from_config(layer.get_config() | off)
    assert copy.get_config() == layer.get_config()
    model = ZeroDCE(
        filters=2, num_layers=1, exposure_normalization={"cast": 0.1, **off}
    )
    assert "black" not in model.get_config()["exposure_normalization"]
    assert model.exposure_normalization.cast == 0.1
    for name in off:
        message = f"{name} must be 0, the adaptive tone was removed. Received: 0.5"
        with pytest.raises(ValueError, match=message):
            ZeroDCE(exposure_normalization={**off, name: 0.5})


@pytest.mark.parametrize(
    "arguments",
    [
        {"well_exposed": (0.5, 0.25)},
        {"well_exposed": (0.1,)},
        {"well_exposed": 0.5},
        {"centre_weight": float("nan")},
        {"target": 0},
        {"target": 1.1},
        {"gamma": 0},
        {"pedestal": -0.1},
        {"cast": 2},
        {"saturation": -1},
        {"centre_weight": -1},
    ],
)
def test_errors(arguments):
    ((name, value),) = arguments.items()
    message = f"{name} must .*Received: {re.escape(str(value))}"
    for make in (
        lambda: ExposureNormalization(**arguments),
        lambda: ZeroDCE(1, 2, 1, exposure_normalization=arguments),
        lambda: ExposureNormalization.from_config(arguments),
    ):
        with pytest.raises(ValueError, match=f"^{message}$"):
            make()
