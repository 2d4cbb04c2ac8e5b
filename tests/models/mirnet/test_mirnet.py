"""The network as a whole, and the model that trains it."""

import checks
import keras
import numpy as np
import pytest

from zero_dce_keras import (
    DenoisingFilter,
    Enhancer,
    ExposureNormalization,
    MIRNet,
    RecursiveResidualGroup,
    ZeroDCE,
    load_model,
    load_torch_checkpoint,
    mirnet_model,
)
from zero_dce_keras.losses import charbonnier
from zero_dce_keras.metrics import psnr, ssim


def small(**kwargs):
    return MIRNet(**{"num_rrg": 1, "num_mrb": 1, "channels": 4, **kwargs})


def noise(size=(32, 48), seed=0, count=2):
    rng = np.random.default_rng(seed)
    return rng.random((count, *size, 3), dtype="float32")


# The network


@pytest.fixture(scope="module")
def official():
    """Function that builds the official outputs' model, with its weights."""

    def make(arrays):
        config = [
            int(arrays[f"config/{name}"]) for name in ("n_RRG", "n_MSRB", "n_feat")
        ]
        model = MIRNet(*config)
        weights = {
            name.removeprefix("weights/"): arrays[name]
            for name in arrays
            if name.startswith("weights/")
        }
        assert MIRNet.torch_arguments({k: v.shape for k, v in weights.items()}) == {
            "num_rrg": config[0],
            "num_mrb": config[1],
            "channels": config[2],
        }
        load_torch_checkpoint(model, weights)
        return model

    return make


@pytest.mark.large
def test_outputs_of_the_official_code(shared, official):
    arrays = np.load(shared / "data" / "official" / "mirnet.npz")
    network = official(arrays).network
    enhanced = keras.ops.convert_to_numpy(network(arrays["low_light"]))
    assert abs(arrays["enhanced"] - arrays["low_light"]).mean() > 0.01
    np.testing.assert_allclose(enhanced, arrays["enhanced"], rtol=0, atol=1e-5)


@pytest.mark.large
def test_torch_names_are_those_of_the_official_code(shared):
    arrays = np.load(shared / "data" / "official" / "mirnet.npz")
    official = {
        name.removeprefix("weights/") for name in arrays if name.startswith("weights/")
    }
    names = MIRNet(num_rrg=2, num_mrb=1, channels=16).torch_names()
    assert {name for name, _, _ in names} == official


def test_torch_names_reach_every_variable():
    model = small(num_rrg=2)
    names = model.torch_names()
    assert len({name for name, _, _ in names}) == len(names)
    reached = {id(variable) for _, variable, kind in names if kind != "ignored"}
    assert reached == {id(variable) for variable in model.weights}
    assert {kind for _, _, kind in names} == {
        "conv",
        "transposed_conv",
        "scalar",
        "ignored",
    }


def test_plain_blocks_have_no_torch_names():
    with pytest.raises(ValueError, match="no MIRNet with block='residual'"):
        small(block="residual").torch_names()


def test_units_share_their_slope_and_nothing_else_is_shared(tmp_path):
    """In a fresh network, and in one that was saved and loaded."""
    network = mirnet_model(2, 1, 4)
    network.save(tmp_path / "network.keras")
    copy = keras.saving.load_model(tmp_path / "network.keras")
    for each in (network, copy):
        groups = [x for x in each.layers if isinstance(x, RecursiveResidualGroup)]
        blocks = [block for group in groups for block in group.blocks]
        assert (len(groups), len(blocks)) == (2, 2)
        assert len({id(unit.activation) for b in blocks for unit in b.units}) == 1
        assert len({id(unit) for b in blocks for unit in b.units}) == 6
    assert copy.count_params() == network.count_params()
    images = noise()
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(copy(images)),
        keras.ops.convert_to_numpy(network(images)),
    )


def test_plain_network_by_hand():
    """One block of one channel, whose convolutions are known."""
    network = mirnet_model(1, 1, 1, block="residual")
    centre = np.zeros((3, 3), "float32")
    centre[1, 1] = 1
    weights = []
    for old, bias in zip(network.get_weights()[::2], (0.5, 0, -2, 0.25, 0)):
        weights += [centre[..., None, None] * np.ones(old.shape[2:]), np.full(1, bias)]
    weights[-1] = np.zeros(3)
    network.set_weights(weights)
    image = np.full((1, 3, 5, 3), 0.1, "float32")
    # In: 3 · 0.1 + 0.5 = 0.8. Block: 0.8 + relu(0.8 − 2) = 0.8. Group: 0.8 + 0.25 + 0.8.
    output = checks.predict(network, image)
    np.testing.assert_allclose(output, image + 1.85, rtol=1e-6)


def test_any_size_of_plain_blocks():
    checks.check_odd_sizes(small(block="residual"))


def test_padding_does_not_change_what_needs_none():
    """The top left of an image, padded by reflection, as the whole reflected image."""
    network = small().network
    images = noise((29, 46))
    padded = np.pad(images, [[0, 0], [0, 3], [0, 2], [0, 0]], mode="reflect")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(network(images)),
        keras.ops.convert_to_numpy(network(padded))[:, :29, :46],
        atol=1e-6,
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"num_rrg": 0}, "num_rrg must be finite and positive. Received: 0"),
        ({"num_mrb": -1}, "num_mrb must be finite and positive. Received: -1"),
        ({"channels": 0}, "channels must be finite and positive. Received: 0"),
        ({"block": "plain"}, "block must be one of .* Received: 'plain'"),
        ({"epsilon": 0}, "epsilon must be finite and positive. Received: 0"),
        (
            {"epsilon": float("nan")},
            "epsilon must be finite and positive. Received: nan",
        ),
        ({"ssim_weight": float("nan")}, "ssim_weight must be finite and not negative"),
        (
            {"ssim_weight": -1},
            "ssim_weight must be finite and not negative. Received: -1",
        ),
    ],
)
def test_wrong_values_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        small(**arguments)


# The model


def push(model, bias):
    """Make a plain model add a number to every image."""
    weights = [0 * weight for weight in model.get_weights()]
    weights[-1] += bias
    model.set_weights(weights)


def test_output_is_clipped_but_not_while_training():
    model = small(block="residual")
    push(model, 5)
    images = noise()
    np.testing.assert_array_equal(checks.predict(model, images), np.ones_like(images))
    training = keras.ops.convert_to_numpy(model(images, training=True))
    np.testing.assert_allclose(training, images + 5, rtol=1e-6)


def test_loss_before_the_clip_and_metrics_after():
    model = small(block="residual", epsilon=0.5)
    push(model, 2)
    model.compile(run_eagerly=True)
    images, reference = noise(), np.ones_like(noise())
    logs = model.evaluate(images, reference, return_dict=True, verbose=0)
    expected = float(keras.ops.mean(charbonnier(reference, images + 2, 0.5)))
    assert logs["charbonnier_loss"] == pytest.approx(expected, rel=1e-5)
    assert logs["total_loss"] == logs["charbonnier_loss"]
    assert logs["mse"] == logs["mae"] == 0 and logs["psnr"] == np.inf


def test_ssim_loss_adds_to_the_charbonnier_loss(low_light, reference):
    model = small(block="residual", ssim_weight=0.5)
    push(model, 0.1)
    model.compile(run_eagerly=True)
    logs = model.evaluate(low_light, reference, return_dict=True, verbose=0)
    expected = 0.5 * (1 - float(keras.ops.mean(ssim(reference, low_light + 0.1))))
    assert logs["ssim_loss"] == pytest.approx(expected, rel=1e-4)
    parts = logs["charbonnier_loss"] + logs["ssim_loss"]
    assert logs["total_loss"] == pytest.approx(parts, rel=1e-6)


def test_network_adds_to_photographs_of_one_brightness():
    """Whole ones, and crops that come with the gains of their whole image."""
    model = small(block="residual", exposure_normalization={"target": 0.5})
    push(model, 0)
    dark = noise((64, 96)) / 9
    normalization = ExposureNormalization(target=0.5)
    expected = keras.ops.convert_to_numpy(normalization(dark))
    assert expected.mean() > 0.3
    np.testing.assert_allclose(checks.predict(model, dark), expected, atol=1e-6)
    crop, gains = dark[:, :16, 8:24], normalization.gains(dark)
    np.testing.assert_allclose(
        checks.predict(model, (crop, gains)), expected[:, :16, 8:24], atol=1e-6
    )
    alone = checks.predict(model, crop)  # metered by itself it is another image
    assert abs(alone - expected[:, :16, 8:24]).max() > 1e-3


def test_denoising_filter_comes_before_all_else():
    model = small(
        block="residual",
        denoising_filter={"ranges": (2.0, 1.0)},
        exposure_normalization={},
    )
    push(model, 0)
    dark, to_numpy = noise((33, 47)) / 40, keras.ops.convert_to_numpy
    normalization, filtered = ExposureNormalization(), DenoisingFilter((2.0, 1.0))(dark)
    gains = normalization.gains(dark)  # metered before the filter
    for options, images in (({}, filtered), ({"denoise": False}, dark)):
        expected = to_numpy(normalization.apply_gains(images, gains))
        actual = to_numpy(model.enhance(dark, **options))
        np.testing.assert_allclose(actual, expected, atol=1e-6)
    assert np.abs(to_numpy(filtered) - dark).max() > 1e-3
    photo = (255 * dark[0]).astype("uint8")
    enhancer = Enhancer(model)
    assert (enhancer(photo) != enhancer(photo, denoise=False)).any()


def test_psnr_is_that_of_images_in_the_unit_range(low_light, reference):
    model = small(block="residual")
    model.compile(run_eagerly=True)
    logs = model.evaluate(low_light, reference, return_dict=True, verbose=0)
    enhanced = checks.predict(model, low_light)
    expected = float(keras.ops.mean(psnr(reference, enhanced)))
    assert logs["psnr"] == pytest.approx(expected, rel=1e-5)
    assert 3 < logs["psnr"] < 15


def test_it_learns(low_light, reference):
    """Twenty steps towards a brighter image."""
    model = small(block="residual")
    model.compile(learning_rate=5e-3, jit_compile=False)
    history = model.fit(low_light, 3 * low_light, epochs=20, verbose=0).history
    assert history["charbonnier_loss"][-1] < 0.5 * history["charbonnier_loss"][0]


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_images_alone_are_refused(method, low_light):
    model = small(block="residual")
    model.compile(run_eagerly=True)
    with pytest.raises(ValueError, match="learns from pairs") as error:
        getattr(model, method)(low_light, verbose=0)
    assert "\n" not in str(error.value)


def test_integers_are_refused():
    with pytest.raises(ValueError, match="low_light must be float"):
        small()(np.zeros((1, 8, 8, 3), "uint8"))
    model = small(block="residual")
    model.compile(run_eagerly=True)
    black = np.zeros((1, 8, 8, 3))
    with pytest.raises(ValueError, match="reference must be float"):
        model.fit(black, np.zeros((1, 8, 8, 3), "uint8"), verbose=0)


def test_pairs_of_two_sizes_are_refused():
    model = small(block="residual")
    model.compile(run_eagerly=True)
    with pytest.raises(ValueError, match="must have the same shape. Received"):
        model.fit(np.zeros((1, 16, 8, 3)), np.zeros((1, 8, 16, 3)), verbose=0)


def test_mixed_precision(low_light):
    model = small(dtype="mixed_bfloat16")
    group = model.network.get_layer("group_1")
    assert group.blocks[0].units[0].first.compute_dtype == "bfloat16"
    enhanced = model(low_light)
    assert keras.backend.standardize_dtype(enhanced.dtype) == "float32"


def test_trains_on_after_loading(low_light, reference, tmp_path):
    model = small(block="residual")
    model.compile(learning_rate=3e-3, run_eagerly=True)
    model.fit(low_light, reference, verbose=0)
    model.save(tmp_path / "model.keras")
    copy = load_model(tmp_path / "model.keras")
    assert int(copy.optimizer.iterations) == 1
    for each in (model, copy):
        each.fit(low_light, reference, verbose=0)
    for one, other in zip(model.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


# Where models are opened and used


def test_a_weights_file_says_its_size(low_light, tmp_path):
    model = small(num_rrg=2, num_mrb=3, block="residual")
    model.save_weights(tmp_path / "model.weights.h5")
    opened = load_model(tmp_path / "model.weights.h5")
    assert isinstance(opened, MIRNet)
    for name in MIRNet.size_arguments:
        assert getattr(opened, name) == getattr(model, name)
    np.testing.assert_array_equal(
        checks.predict(opened, low_light), checks.predict(model, low_light)
    )


def test_enhancer_takes_it_but_no_curve_options():
    photo = np.random.default_rng(0).integers(0, 80, (33, 47, 3), "uint8")
    model = small(block="residual")
    enhancer = Enhancer(model)
    expected = checks.predict(model, photo[None] / np.float32(255))[0]
    assert np.abs(enhancer(photo) - 255.0 * expected).max() < 0.51
    for options in ({"iterations": 4}, {"strength": 0.5}):
        with pytest.raises(ValueError, match="MIRNet has none. Received"):
            enhancer(photo, **options)


def test_both_models_have_a_network():
    for model in (small(), ZeroDCE(filters=2, num_layers=3)):
        assert model.network.count_params() == model.count_params()
