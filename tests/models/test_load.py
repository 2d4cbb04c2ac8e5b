"""`load_model`, which is what `--weights` means in every command."""

import zipfile

import checks
import h5py
import keras
import numpy as np
import pytest
from torch_files import tensors, write_zip

from zero_dce_keras import ZeroDCE, load_model, mirnet_model
from zero_dce_keras.models import load


def small(**kwargs):
    return checks.small_zero_dce(**kwargs)


@pytest.mark.parametrize(
    "size",
    [
        {"num_iterations": 3, "num_layers": 1},
        {"num_iterations": 1, "filters": 3, "num_layers": 7},
        {"num_iterations": 2, "filters": 2, "num_layers": 25},  # conv2d_10 after _9
    ],
)
def test_kernels_tell_the_size(size, low_light, tmp_path):
    """In a weights file that the network alone has written."""
    model = ZeroDCE(**size)
    model.dce_model.save_weights(tmp_path / "model.weights.h5")
    opened = load_model(str(tmp_path / "model.weights.h5"))
    assert {name: getattr(opened, name) for name in size} == size
    np.testing.assert_array_equal(
        checks.predict(opened, low_light), checks.predict(model, low_light)
    )


def test_kernels_of_a_model_larger_than_the_file(tmp_path, monkeypatch):
    """The model is refused before it is built."""
    path = tmp_path / "huge.weights.h5"
    shapes = (3, 3, 3, 10**5), (3, 3, 10**5, 10**5), (3, 3, 2 * 10**5, 3)
    with h5py.File(path, "w") as file:
        for number, shape in enumerate(shapes):
            file.create_dataset(f"layers/conv2d_{number}/vars/0", shape)  # no numbers
    assert path.stat().st_size < 10**5
    monkeypatch.setattr(load, "_build", None)
    with pytest.raises(ValueError, match=r"huge\.weights\.h5: .* ask for a ZeroDCE of"):
        load_model(path)


def test_a_network_that_is_not_known(tmp_path):
    path = tmp_path / "network.weights.h5"
    mirnet_model(1, 1, 1, block="residual").save_weights(path)
    with pytest.raises(ValueError, match="names and shapes must be those of ZeroDCE, "):
        load_model(path)


@keras.saving.register_keras_serializable(package="tests")
class OwnZeroDCE(ZeroDCE):
    """A class that is not in the registry."""


def test_a_class_of_the_users(tmp_path):
    model = OwnZeroDCE(num_iterations=2, filters=4, num_layers=3)
    model.save_to_preset(tmp_path)
    model.save(tmp_path / "model.keras")
    for path in (tmp_path, tmp_path / "model.keras"):
        assert type(load_model(path)) is OwnZeroDCE


@pytest.mark.parametrize(
    "name", ["model.weights.h5", "model.keras", "preset", "model.pth"]
)
def test_weights_that_are_not_finite(name, tmp_path):
    model = ZeroDCE(num_iterations=2, filters=4, num_layers=3)
    weights = model.get_weights()
    weights[3][2] = np.nan
    model.set_weights(weights)
    path = tmp_path / name
    if name == "preset":
        model.save_to_preset(path)
    elif name == "model.pth":
        arrays = {
            torch_name: variable.numpy().transpose(
                (3, 2, 0, 1) if kind == "conv" else (0,)
            )
            for torch_name, variable, kind in model.torch_names()
        }
        write_zip(path, *tensors(arrays))
    else:
        save = model.save if name == "model.keras" else model.save_weights
        save(path)
    message = f"{name}: the weights conv_2/bias are not finite"
    with pytest.raises(ValueError, match=message):
        load_model(path)


def garbage(path):
    path.write_bytes(b"garbage" * 1000)


def empty(path):
    path.touch()


def truncated(path):
    model = ZeroDCE()
    save = model.save if path.suffix == ".keras" else model.save_weights
    save(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def other_keras_model(path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    save = model.save if path.suffix == ".keras" else model.save_weights
    save(path)


def other_zip(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "not a model")


NOT_H5 = "not a readable weights file, copy it again: Unable to"
NOT_ZIP = "not a readable .keras file: File is not a zip file"


@pytest.mark.parametrize(
    "name, damage, message",
    [
        ("model.weights.h5", garbage, NOT_H5),
        ("model.weights.h5", empty, NOT_H5),
        ("model.weights.h5", truncated, NOT_H5),
        ("model.weights.h5", other_keras_model, "names and shapes must be those of"),
        ("model.keras", garbage, NOT_ZIP),
        ("model.keras", empty, NOT_ZIP),
        ("model.keras", truncated, NOT_ZIP),
        (
            "model.keras",
            other_keras_model,
            "a Sequential is not a zero_dce_keras model",
        ),
        ("model.keras", other_zip, 'not a readable .keras file: "There is no item'),
    ],
)
def test_what_is_not_a_model_is_an_error_that_names_it(name, damage, message, tmp_path):
    path = tmp_path / name
    damage(path)
    with pytest.raises(ValueError) as error:
        load_model(path)
    assert str(error.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize("name", ["no.weights.h5", "no.keras", "no.pth"])
def test_what_is_not_there_is_an_error_that_names_it(name, tmp_path):
    for path in (tmp_path / name, name):
        with pytest.raises(FileNotFoundError) as error:
            load_model(path)
        assert str(error.value) == f"{path}: no such file"


@pytest.mark.parametrize("name", ["model.weights.h5", "model.keras"])
def test_out_of_memory_is_no_fault_of_the_file(name, tmp_path, monkeypatch):
    save = small().save if name == "model.keras" else small().save_weights
    save(tmp_path / name)

    def fail(*_, **__):
        raise RuntimeError("RESOURCE_EXHAUSTED: memory")

    monkeypatch.setattr(load.keras.saving, "load_model", fail)
    monkeypatch.setattr(load, "_kernels", fail)
    with h5py.File(tmp_path / "model.weights.h5", "a") as file:
        file.attrs.pop(load.CONFIG_ATTRIBUTE, None)
    with pytest.raises(RuntimeError, match="^RESOURCE_EXHAUSTED: memory$"):
        load_model(tmp_path / name)


def layers_a_dataset(file):
    del file["layers"]
    file["layers"] = [1.0]


def kernel_one_number(file):
    del file["layers/conv2d_2/vars/0"]
    file["layers/conv2d_2/vars/0"] = 1.0


def kernel_without_shape(file):
    del file["layers/conv2d_2/vars/0"]
    file["layers/conv2d_2/vars/0"] = h5py.Empty("f4")


def kernel_a_group(file):
    del file["layers/conv2d/vars/0"]
    file.create_group("layers/conv2d/vars/0")


def layer_a_dataset(file):
    del file["layers/conv2d"]
    file["layers/conv2d"] = [1.0]


def even_number_of_layers(file):
    del file["layers/conv2d_1"]


def depthwise_alone(file):
    for name in list(file["layers"]):
        del file[f"layers/{name}"]
    file["layers/depthwise_conv2d/vars/0"] = np.zeros((3, 3, 3, 1))


@pytest.mark.parametrize(
    "edit",
    [
        layers_a_dataset,
        kernel_one_number,
        kernel_without_shape,
        kernel_a_group,
        layer_a_dataset,
        even_number_of_layers,
        depthwise_alone,
    ],
)
def test_a_weights_file_of_another_layout_is_an_error_that_names_it(edit, tmp_path):
    """In a file without a configuration, whose kernels tell the size."""
    path = tmp_path / "odd.weights.h5"
    small().dce_model.save_weights(path)
    load_model(path)
    with h5py.File(path, "a") as file:
        edit(file)
    with pytest.raises(ValueError, match=r"odd\.weights\.h5: ") as error:
        load_model(path)
    assert "\n" not in str(error.value)


def test_a_directory_is_not_a_weights_file(tmp_path):
    (tmp_path / "folder.weights.h5").mkdir()
    with pytest.raises(ValueError, match="folder.weights.h5: not a readable weights"):
        load_model(tmp_path / "folder.weights.h5")
