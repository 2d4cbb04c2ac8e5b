"""What every model of the package must be able to do.

A new model class gets a row in `MODELS`; `models/test_all_models.py` runs the checks, and
fails while a class has no row.
"""

import functools
import json
import subprocess
import sys
from typing import NamedTuple

import keras
import numpy as np
import pytest

from zero_dce_keras import (
    BilateralDCE,
    MIRNet,
    ZeroDCE,
    ZeroDCEPlusPlus,
    export_saved_model,
    load_model,
)


class ModelRow(NamedTuple):
    """What the checks of a model class need to know of it.

    Args:
        small: arguments of a model that is quick to train.
        parameters: pairs of arguments and the number of parameters they give.
    """

    small: dict
    parameters: list


# For l layers of f filters and n maps, DCE-Net has 28f in the first layer, 9f² + f in each
# plain one, 18f² + f in each one behind a skip, and 54fn + 3n in the last. A layer of
# Zero-DCE++ from c to d channels has 10c + (c + 1)d.
MODELS = {
    ZeroDCE: ModelRow(
        small={"num_iterations": 2, "filters": 4, "num_layers": 3},
        parameters=[
            ({}, 79_416),
            ({"num_layers": 3}, 23_992),
            ({"filters": 16}, 23_592),
            ({"num_iterations": 1}, 67_299),
            ({"num_iterations": 16}, 93_264),
            ({"exposure_normalization": {}, "denoising_filter": {}}, 79_416),
        ],
    ),
    ZeroDCEPlusPlus: ModelRow(
        small={
            "scale_factor": 4,
            "num_iterations": 2,
            "filters": 4,
            "num_layers": 3,
            "exposure_normalization": {"well_exposed": [0.25, 0.5]},
            "denoising_filter": {},
        },
        parameters=[
            ({}, 10_561),
            ({"scale_factor": 1, "num_iterations": 4}, 10_561),
            ({"num_layers": 3, "filters": 8}, 425),
        ],
    ),
    BilateralDCE: ModelRow(
        small={
            "num_iterations": 2,
            "filters": 4,
            "miniature_size": 16,
            "reference_weight": 1.0,
            "ssim_weight": 0.3,
            "denoising_filter": {},
        },
        parameters=[
            ({}, 78_504),
            ({"filters": 8}, 6_024),
            ({"num_iterations": 4}, 78_012),
        ],
    ),
    MIRNet: ModelRow(
        small={
            "num_rrg": 1,
            "num_mrb": 1,
            "channels": 4,
            "ssim_weight": 0.3,
            "gt_mean_weight": 0.5,
            "stride": 2,
            "global_view": True,
            "exposure_normalization": {},
            "denoising_filter": {},
        },
        # The first and the last convolution of 64 channels see 6×6 pixels, not 3×3.
        parameters=[
            ({}, 31_787_419),
            ({"stride": 2}, 31_787_419 + 2 * 27 * 3 * 64),
            ({"block": "residual"}, 446_659),
            ({"block": "residual", "global_view": True}, 446_659 + 4_403),
        ],
    ),
}


def small_model(model_class):
    """Make a model that is quick to train, not compiled."""
    return model_class(**MODELS[model_class].small)


def small_zero_dce(**kwargs):
    """A small `ZeroDCE` that trains without a graph: tracing takes as long as ten steps."""
    model = ZeroDCE(**{"num_iterations": 2, "filters": 4, "num_layers": 3, **kwargs})
    model.compile(run_eagerly=True)
    return model


def check_serialization(model):
    """The configuration says everything, and survives JSON."""
    config = model.get_config()
    assert type(model).from_config(config).get_config() == config
    text = json.dumps(keras.saving.serialize_keras_object(model))
    copy = keras.saving.deserialize_keras_object(json.loads(text))
    assert type(copy) is type(model)
    assert copy.get_config() == config
    assert copy.count_params() == model.count_params()


def check_saving(model, images, directory):
    """Weights, the whole model and a preset open as what they are, with equal pixels."""
    expected = predict(model, images)
    model.save_weights(directory / "model.weights.h5")
    model.save(directory / "model.keras")
    model.save_to_preset(directory / "preset")
    for name in ("model.weights.h5", "model.keras", "preset"):
        copy = load_model(directory / name)
        assert type(copy) is type(model), name
        assert copy.get_config() == model.get_config() | {"name": copy.name}, name
        np.testing.assert_array_equal(predict(copy, images), expected, name)


def check_export(model, images, directory):
    """The SavedModel gives the same images."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("a SavedModel needs the TensorFlow backend")
    import tensorflow as tf

    # All signatures take seconds: tests/serving has one model with them.
    path = export_saved_model(model, directory, signatures=("serving_default",))
    serve = tf.saved_model.load(str(path)).signatures["serving_default"]
    served = serve(images=tf.constant(images))["enhanced"]
    np.testing.assert_allclose(served, predict(model, images), atol=1e-5)


def check_odd_sizes(model):
    """Images of any height and width, down to a single pixel, alone or in a batch."""
    rng = np.random.default_rng(0)
    sizes = (1, 1), (1, 7), (5, 1), (2, 3), (33, 47)
    enhance = functools.partial(predict, model)
    if keras.backend.backend() == "jax":  # would compile every operation for each size
        import jax

        enhance = jax.jit(lambda images: model(images, training=False))
        sizes = sizes[::4]
    for height, width in sizes:
        images = rng.random((2, height, width, 3), dtype="float32")
        enhanced = np.asarray(enhance(images))
        assert enhanced.shape == images.shape, (height, width)
        assert np.isfinite(enhanced).all(), (height, width)
    again = images[1:]  # alone
    if keras.backend.backend() == "jax":  # beside another: no further size to compile
        again = images * np.float32([0, 1]).reshape(2, 1, 1, 1)
    np.testing.assert_allclose(np.asarray(enhance(again))[-1], enhanced[1], atol=1e-5)


def check_one_epoch(model, low_light, reference):
    """An epoch on pairs changes the weights; its logs are finite and named.

    In whichever way is quicker: TensorFlow's tracing takes longer than the two steps;
    JAX compiles the operations one by one where it does not compile the step.
    """
    eager = keras.backend.backend() != "jax"
    model.compile(learning_rate=1e-3, run_eagerly=eager)
    before = model.get_weights()
    history = model.fit(low_light, reference, validation_split=0.5, verbose=0).history
    names = {name for name in history if not name.startswith("val_")}
    assert {f"val_{name}" for name in names} == set(history) - names
    assert {"total_loss", "mse", "mae", "psnr", "ssim"} <= names
    assert names == {metric.name for metric in model.metrics}
    assert np.isfinite(list(history.values())).all()
    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    changed = [(old != new).any() for old, new in zip(before, after, strict=True)]
    assert np.mean(changed) > 0.9  # a unit of ReLUs may be dead from the start


def predict(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))


def gradient(function, x):
    """Gradient of a function's values, added up, at an array; on any backend."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        return tape.gradient(value, x).numpy()
    if backend == "jax":
        import jax

        return np.asarray(jax.grad(lambda x: keras.ops.sum(function(x)))(x))
    x = keras.ops.convert_to_tensor(x).requires_grad_()
    function(x).sum().backward()
    return x.grad.numpy()


def fresh_python(code, *arguments):
    """Run code in a new Python; returns its stdout. Fails if it does."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
