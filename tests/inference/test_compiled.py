"""The compiled path against the same weights in Keras' operations."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from zero_dce_keras import BilateralDCE, EnhanceOptions, Enhancer
from zero_dce_keras.inference.compiled import CompiledEnhancer, GridCurves, threads


def make_model(**kwargs):
    keras.utils.set_random_seed(3)
    model = BilateralDCE(
        num_iterations=3, filters=4, miniature_size=16, ratio_share=0.6, **kwargs
    )
    curves = model.network.get_layer("curves")
    kernel, bias = curves.get_weights()
    curves.set_weights([20 * kernel, bias])
    return model


@pytest.fixture(scope="module")
def enhancer():
    return Enhancer(make_model(denoising_filter={}))


def photo(height=67, width=150, seed=0):
    """A dark photograph with noise and an edge."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), [20, 15, 9]) + rng.normal(
        0, 2, (height, width, 3)
    )
    image[:, width // 2 :] *= 3
    return np.clip(image, 0, 255).astype("uint8")


# JAX compiles the model anew for each size, which takes a while.
SIZES = [(67, 150), (5, 3), (1, 1), (150, 67), (64, 64)]
SIZES = SIZES if keras.backend.backend() == "tensorflow" else SIZES[:2]


WEAKER = {"iterations": 5, "strength": 0.4}


@pytest.mark.parametrize(
    "size, options",
    [*((size, {}) for size in SIZES)]
    + [(SIZES[0], WEAKER), (SIZES[0], {"denoise": False})],
)
def test_as_the_model(enhancer, size, options):
    image = photo(*size)
    expected = enhancer(image / 255, compiled=False, **options) * 255
    assert np.abs(expected - image).max() > 1
    actual = enhancer(image, **options)
    assert actual.dtype == np.uint8
    assert np.abs(actual - expected).max() <= 0.75  # half a level is rounding
    sixteen = enhancer(image.astype("uint16") * 257, **options)
    assert sixteen.dtype == np.uint16
    assert np.abs(sixteen / 257 - expected).max() <= 0.1


def test_the_filter_does_something(enhancer):
    filtered, unfiltered = enhancer(photo()), enhancer(photo(), denoise=False)
    left = [image[:, :60].std(axis=(0, 1)).mean() for image in (filtered, unfiltered)]
    assert left[0] < 0.6 * left[1]


def test_it_is_what_an_enhancer_does(enhancer, monkeypatch):
    image = photo()
    monkeypatch.setattr(CompiledEnhancer, "__call__", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        enhancer(image)
    enhancer(image, compiled=False)


def test_curves_for_a_slider(enhancer):
    image = photo()
    for compiled in (True, False):
        curves = enhancer.curves(image, compiled=compiled)
        for options in ({}, {"iterations": 1, "strength": 0.5}):
            expected = enhancer(image, compiled=compiled, **options)
            difference = np.abs(curves.apply(**options) - expected.astype("int16"))
            assert difference.max() <= 1
        np.testing.assert_array_equal(curves.apply(iterations=0), image)


@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 4), (2, 40, 50, 3)])
def test_shapes(enhancer, shape):
    image = np.random.default_rng(0).integers(0, 90, shape).astype("uint8")
    enhanced = enhancer(image)
    assert enhanced.shape == shape and enhanced.dtype == np.uint8


def test_gains_may_come_from_elsewhere(enhancer):
    image, other = photo(), photo(seed=1) // 2
    gains = enhancer.compiled.gains(other)
    assert not np.array_equal(enhancer(image, gains=gains), enhancer(image))
    np.testing.assert_array_equal(enhancer(other, gains=gains), enhancer(other))


def test_nothing_is_compiled_again(enhancer):
    """Read-only, with gaps, or in Fortran's order: the same loops."""
    from zero_dce_keras.inference.compiled.kernels import apply_grid

    image = photo()
    expected = enhancer(image)
    before = len(apply_grid.signatures)
    read_only = image.copy()
    read_only.flags.writeable = False
    gaps = np.zeros((67, 300, 3), "uint8")
    gaps[:, ::2] = image
    for same in (read_only, gaps[:, ::2], np.asfortranarray(image)):
        np.testing.assert_array_equal(enhancer(same), expected)
    assert len(apply_grid.signatures) == before


def test_threads_side_by_side(enhancer):
    images = [photo(seed=seed) for seed in range(8)]
    expected = [enhancer(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        actual = list(pool.map(enhancer, images))
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_parts(monkeypatch, cores):
    monkeypatch.setattr(threads, "CORES", cores)
    monkeypatch.setattr(threads, "_pool", lambda: pool)
    done = []
    with ThreadPoolExecutor(2) as pool:
        threads.in_parts(lambda first, last: done.append((first, last)), 100)
    assert min(done)[0] == 0 and max(done)[1] == 100
    assert len(done) == cores
    assert all(
        a[1] == b[0] for a, b in zip(sorted(done), sorted(done)[1:], strict=False)
    )


def test_errors_of_a_part_are_raised():
    def fail(first, last):
        raise ValueError(f"rows {first} to {last}")

    with pytest.raises(ValueError, match="rows"):
        threads.in_parts(fail, 1000)


def test_options_are_checked(enhancer):
    with pytest.raises(ValueError, match="iterations must be"):
        enhancer.compiled.curves(photo()).apply(iterations=-1)
    with pytest.raises(ValueError, match="denoise needs"):
        Enhancer(make_model())(photo(), denoise=True)
    with pytest.raises(ValueError, match="gains must be 148 numbers.* Received: 8"):
        enhancer(photo(), gains=np.ones(8))
    assert EnhanceOptions(gains=[0.1, 0.2]).gains == [0.1, 0.2]


def test_a_preset_is_read_without_keras(enhancer, tmp_path):
    """And gives the same pixels; `model` opens it in Keras when it is asked for."""
    enhancer.model.save_to_preset(tmp_path)
    from_files, image = Enhancer.from_preset(tmp_path), photo()
    np.testing.assert_array_equal(from_files(image), enhancer(image))
    assert "model" not in vars(from_files)
    assert from_files.has_curves and from_files.can_denoise
    assert from_files.num_iterations == 3
    difference = from_files(image, compiled=False) - enhancer(image).astype(int)
    assert np.abs(difference).max() <= 1 and "model" in vars(from_files)


@pytest.mark.parametrize("damage", ["config", "weights", "infinite"])
def test_a_damaged_preset_is_left_to_load_model(enhancer, tmp_path, damage):
    model = BilateralDCE(num_iterations=3, filters=4, miniature_size=16)
    if damage == "infinite":
        first = model.network.layers[-1]
        first.set_weights([np.inf * array for array in first.get_weights()])
    model.save_to_preset(tmp_path)
    if damage == "config":
        (tmp_path / "config.json").write_text('{"registered_name": "zero_dce_keras>B')
    if damage == "weights":
        (tmp_path / "model.weights.h5").write_bytes(b"no HDF5")
    assert GridCurves.read(tmp_path) is None
    with pytest.raises(ValueError, match=str(tmp_path)):
        Enhancer.from_preset(tmp_path)


WITHOUT_KERAS = """
import sys
import numpy as np
from zero_dce_keras import Enhancer
dark = np.full((40, 50, 3), 20, "uint8")
bright = Enhancer.from_preset("zero_dce_general")(dark)
assert bright.mean() > 40
assert not {"keras", "tensorflow", "jax", "torch", "matplotlib"} & set(sys.modules)
"""


def test_the_default_preset_needs_no_keras():
    subprocess.run([sys.executable, "-c", WITHOUT_KERAS], check=True)
