"""The fast path against the same weights in Keras' operations."""

import copy
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from zero_dce_keras import Enhancer, ZeroDCE, ZeroDCEPlusPlus
from zero_dce_keras.inference.fast import curves, metering, network, prepare
from zero_dce_keras.models.dce_net_plus_plus import build_dce_net_plus_plus
from zero_dce_keras.models.presets import PRESETS_DIR

VARIANTS = {
    "plain": {},
    "normalised": {"exposure_normalization": {}},
    "filtered": {"denoising_filter": {}},
    "all": {
        "exposure_normalization": {"well_exposed": (0.05, 0.6)},
        "denoising_filter": {},
    },
}


def make_model(scale_factor=4, **kwargs):
    keras.utils.set_random_seed(3)
    model = ZeroDCEPlusPlus(
        scale_factor=scale_factor,
        resampling="area",
        num_iterations=3,
        filters=4,
        num_layers=3,
        **kwargs,
    )
    model.set_weights([2 * weight for weight in model.get_weights()])
    return model


def photo(height=37, width=50, seed=0):
    """A dark photograph with noise and an edge; no side is a multiple of 4."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), [20, 15, 9]) + rng.normal(
        0, 2, (height, width, 3)
    )
    image[:, width // 2 :] *= 3
    return np.clip(image, 0, 255).astype("uint8")


@pytest.mark.parametrize(
    "variant, size",
    [*((name, (37, 50)) for name in VARIANTS)]
    + [("all", size) for size in ((1, 1), (5, 3), (40, 48))],
)
def test_as_the_model(variant, size):
    model = make_model(**VARIANTS[variant])
    enhancer = Enhancer(model)
    image = photo(*size)
    for options in ({}, {"iterations": 5, "strength": 0.4}):
        expected = enhancer(image / 255, **options) * 255
        assert np.abs(expected - image).max() > 1
        actual = enhancer(image, fast=True, **options)
        assert actual.dtype == np.uint8
        assert np.abs(actual - expected).max() <= 0.75  # half a level is rounding
    sixteen = enhancer(image.astype("uint16") * 257, fast=True)
    expected = enhancer(image / 255) * 255
    assert sixteen.dtype == np.uint16
    assert np.abs(sixteen / 257 - expected).max() <= 0.25


@pytest.mark.parametrize("scale_factor", [1, 5, 12])
def test_other_scales(scale_factor):
    enhancer = Enhancer(make_model(scale_factor, **VARIANTS["all"]))
    expected = enhancer(photo() / 255) * 255
    assert np.abs(enhancer(photo(), fast=True) - expected).max() <= 0.75


def test_gains_are_those_of_the_model():
    model = make_model(**VARIANTS["all"])
    image = photo(101, 83)
    expected = keras.ops.convert_to_numpy(model.gains(image[None] / np.float32(255)))
    gains = Enhancer(model).fast.gains(image)
    np.testing.assert_allclose(gains, expected.reshape(-1), rtol=1e-3)


def test_gains_may_come_from_elsewhere():
    model = make_model(**VARIANTS["all"])
    enhancer = Enhancer(model)
    gains = enhancer.gains(photo() // 2)
    for fast in (False, True):
        image = photo()
        assert (enhancer(image, fast=fast, gains=gains) != enhancer(image)).any()
    slow = enhancer(photo() / 255, gains=gains) * 255
    compiled = len(prepare.prepare_image.overloads)
    for given in (gains, gains.astype("float64"), gains.tolist()):
        fast = enhancer(photo(), fast=True, gains=given)
        assert np.abs(fast - slow).max() <= 0.75
    assert len(prepare.prepare_image.overloads) == compiled  # once for all types


def test_types_and_shapes():
    enhancer = Enhancer(make_model(**VARIANTS["all"]))
    image = photo()
    expected = enhancer(image, fast=True)
    batch = np.stack([image, image[::-1]])
    np.testing.assert_array_equal(enhancer(batch, fast=True)[0], expected)
    alpha = np.dstack([image, image[..., 0]])
    with_alpha = enhancer(alpha, fast=True)
    np.testing.assert_array_equal(with_alpha[..., :3], expected)
    np.testing.assert_array_equal(with_alpha[..., 3], image[..., 0])
    for dtype in ("float16", "float32", "float64"):
        floats = enhancer((image / 255).astype(dtype), fast=True)
        assert floats.dtype == dtype
        np.testing.assert_allclose(floats, expected / 255, atol=0.003)
    assert enhancer(image[..., 1], fast=True).shape == image.shape[:2]


def test_curves_are_applied_again():
    enhancer = Enhancer(make_model(**VARIANTS["all"]))
    curves = enhancer.curves(photo(), fast=True)
    for iterations, strength in ((None, 1.0), (7, 0.5), (0, 1.0), (2, 0.0)):
        np.testing.assert_array_equal(
            curves.apply(iterations, strength),
            enhancer(photo(), iterations, strength, fast=True),
        )


def test_without_denoising():
    enhancer = Enhancer(make_model(**VARIANTS["filtered"]))
    image = photo()
    expected = enhancer(image / 255, denoise=False) * 255
    actual = enhancer(image, denoise=False, fast=True)
    assert np.abs(actual - expected).max() <= 0.75
    assert (actual != enhancer(image, fast=True)).any()


def test_calls_of_other_sizes_do_not_meet():
    """Memory is used again from call to call."""
    enhancer = Enhancer(make_model(**VARIANTS["all"]))
    first = enhancer(photo(), fast=True)
    enhancer(photo(20, 30), fast=True)
    np.testing.assert_array_equal(enhancer(photo(), fast=True), first)


def test_threads_do_not_meet():
    """Each has memory of its own, and videos give each one core."""
    fast = Enhancer(make_model(**VARIANTS["all"])).fast
    if fast.workers == 1:
        pytest.skip("Numba's own threads bear one user")
    images = [photo(160, 200, seed) for seed in range(8)]
    expected = [fast(image) for image in images]
    with ThreadPoolExecutor(4, initializer=fast.use_one_core) as pool:
        for actual, one in zip(pool.map(fast, 10 * images), 10 * expected, strict=True):
            np.testing.assert_array_equal(actual, one)


def test_a_used_enhancer_can_be_copied():
    enhancer = Enhancer(make_model(**VARIANTS["all"]))
    expected = enhancer(photo(), fast=True)
    np.testing.assert_array_equal(copy.deepcopy(enhancer)(photo(), fast=True), expected)


@pytest.mark.parametrize("options", [{"iterations": -1}, {"strength": 1.5}])
def test_wrong_arguments_are_named(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"^{name} must be"):
        Enhancer(make_model())(photo(), fast=True, **options)


@pytest.mark.parametrize("filters, num_layers", [(4, 1), (5, 3), (11, 5), (32, 7)])
def test_network_is_that_of_the_model(filters, num_layers):
    model = build_dce_net_plus_plus(filters, num_layers)
    weights = [
        np.random.default_rng(3).normal(0, 0.3, w.shape) for w in model.get_weights()
    ]
    model.set_weights(weights)
    small = np.random.default_rng(4).random((13, 37, 3), dtype="float32")
    expected = keras.ops.convert_to_numpy(model(small[None]))[0]
    assert np.abs(expected).mean() > 0.1
    actual = network.FastNetwork(model)(small).transpose(0, 2, 1)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_no_fast_weights():
    enhancer = Enhancer(ZeroDCE(filters=4, num_layers=1))
    with pytest.raises(ValueError, match="needs weights for it.*zero_dce_lol"):
        enhancer(photo(), fast=True)


def test_fast_weights_of_a_preset():
    enhancer = Enhancer.from_preset("zero_dce_lol")
    named = Enhancer.from_preset("zero_dce_plus_plus_lol")
    np.testing.assert_array_equal(
        enhancer(photo(), fast=True), named(photo(), fast=True)
    )
    directory = Enhancer.from_preset(PRESETS_DIR / "zero_dce_lol")  # its card says it
    np.testing.assert_array_equal(
        directory(photo(), fast=True), named(photo(), fast=True)
    )


def test_compiled_loops_are_stored():
    """Otherwise every process compiles for half a minute."""
    Enhancer(make_model(exposure_normalization={}))(photo(), fast=True)
    for loop in (
        metering.cell_sums,
        prepare.prepare_image,
        network.run_layers,
        curves.apply_map,
    ):
        compiled = loop.overloads.values()
        assert compiled
        assert not any(one.library.has_dynamic_globals for one in compiled)
