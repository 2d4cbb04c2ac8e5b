"""Backends and devices that are not there, and memory that runs out."""

import importlib.util
import os
import subprocess
import sys

import keras
import pytest

from zero_dce_keras import Enhancer, Recipe, ZeroDCE, cli, devices, train
from zero_dce_keras.extras import how_to_install
from zero_dce_keras.training.callbacks import SavePictures

BACKEND = keras.backend.backend()


# The default preset runs without Keras, on the processor.
IN_KERAS = ("--weights", "zero_dce_lol")


def command(*arguments, **environment):
    """(exit code, stdout, stderr) of `python -m zero_dce_keras.VERB`."""
    verb, *rest = map(str, arguments)
    done = subprocess.run(
        [sys.executable, "-m", f"zero_dce_keras.{verb}", *rest],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stdout, done.stderr


def installed(name):
    return importlib.util.find_spec(name) is not None


@pytest.mark.parametrize("verb", ["fit", "evaluate", "enhance"])
def test_a_gpu_asked_for_and_absent(verb, tmp_path, photo_folder):
    """CUDA sees no card in this process, wherever the test runs."""
    inputs = {
        "fit": ("--dataset", "folder", "--data-dir", photo_folder()),
        "evaluate": ("--dataset", "sample"),
        "enhance": (photo_folder(folder="more"), "-o", tmp_path / "out", *IN_KERAS),
    }[verb]
    code, out, err = command(
        verb, "--device", "gpu", *inputs, CUDA_VISIBLE_DEVICES="-1", JAX_PLATFORMS="cpu"
    )
    assert (code, out) == (1, "")
    assert err.startswith(f"error: --device gpu, but {BACKEND} sees no GPU: ")
    assert err.count("\n") == 1


def test_the_cpu_asked_for(tmp_path, photo_folder):
    options = ("--device", "cpu", photo_folder(("1.png",)), "-o", tmp_path / "out")
    code, _, err = command("enhance", *options, *IN_KERAS)
    assert code == 0 and err.startswith("1 enhanced in ")
    assert err.count("\n") == 1 and (tmp_path / "out" / "1.png").is_file()


def test_an_unknown_backend(tmp_path, photo_folder):
    options = (photo_folder(), "-o", tmp_path / "out", *IN_KERAS)
    code, _, err = command("enhance", *options, KERAS_BACKEND="caffe")
    assert code == 1 and err.count("\n") == 1
    assert err.startswith("error: KERAS_BACKEND must be one of ")
    assert err.endswith("Received: 'caffe'\n")


@pytest.mark.parametrize("backend", devices.BACKENDS)
def test_a_backend_that_is_not_installed(backend, tmp_path, photo_folder):
    if installed(backend):
        pytest.skip(f"{backend} is installed")
    options = (photo_folder(), "-o", tmp_path / "out", *IN_KERAS)
    code, _, err = command("enhance", *options, KERAS_BACKEND=backend)
    assert code == 1 and err.count("\n") == 1
    assert err.startswith(f"error: {backend} is not installed: pip install '.[")
    assert f"KERAS_BACKEND={BACKEND} uses what is installed" in err


def test_another_missing_module_is_named():
    error = ModuleNotFoundError("No module named 'dask'", name="dask")
    assert how_to_install(error) == "No module named 'dask'"


def test_describe_device():
    names = ", ".join(devices.list_gpus()) or "the CPU"
    assert devices.describe_device() == f"{BACKEND} on {names}"


@pytest.fixture(scope="module")
def too_much():
    """A function that fails with the backend's own complaint about 40 terabytes."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_AS)
    # Linux promises memory that it does not have, up to a limit on addresses.
    resource.setrlimit(resource.RLIMIT_AS, (2**40, limits[1]))
    try:
        with pytest.raises(Exception) as caught:  # takes TensorFlow 10 seconds
            keras.ops.ones((10**13,), dtype="float32") + 1
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)

    def fail(*args, **kwargs):
        raise caught.value

    return fail


def test_out_of_memory_is_known_for_what_it_is(too_much):
    with pytest.raises(Exception) as caught:
        too_much()
    assert devices.is_out_of_memory(caught.value), repr(caught.value)
    assert not devices.is_out_of_memory(
        ValueError("image_size must be finite and positive")
    )


def test_training_out_of_memory(too_much, tmp_path, lol_folder, monkeypatch):
    monkeypatch.setattr(SavePictures, "on_epoch_begin", too_much)
    tiny = {"filters": 4, "num_layers": 3, "num_iterations": 2, "epochs": 1}
    sizes = {"train_images": 4, "validation_images": 2, "image_size": 16}
    recipe = Recipe(batch_size=2, **sizes, **tiny)
    with pytest.raises(MemoryError, match="batch_size=2 of image_size=16. Lower --b"):
        train(recipe, "lol", lol_folder(), tmp_path / "run", verbose=0)


def test_enhancing_out_of_memory(too_much, monkeypatch, low_light, capsys):
    enhancer = Enhancer(ZeroDCE(filters=4, num_layers=3, num_iterations=2))
    enhancer(low_light)
    (network,) = enhancer._runner._functions.values()
    monkeypatch.setattr(network, "predict_on_batch", too_much)
    assert cli.run(lambda argv: enhancer(low_light)) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: out of memory: 2 image(s) of 48×32 at once.")
