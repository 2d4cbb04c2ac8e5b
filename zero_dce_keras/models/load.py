"""Opening saved models, whichever way they were saved."""

import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np

from zero_dce_keras.models.mirnet import MIRNet
from zero_dce_keras.models.presets import (
    CONFIG_ATTRIBUTE,
    UNREADABLE,
    PresetMixin,
    load_preset,
)
from zero_dce_keras.models.torch_checkpoint import (
    assign_arrays,
    read_torch_checkpoint,
)
from zero_dce_keras.models.zero_dce import ZeroDCE
from zero_dce_keras.models.zero_dce_plus_plus import ZeroDCEPlusPlus

# Models whose PyTorch checkpoints `--weights` recognises, by `torch_arguments`.
TORCH_MODELS = (ZeroDCE, ZeroDCEPlusPlus, MIRNet)
TORCH_PREFIXES = ("e_conv", "body.", "conv_in.", "conv_out.")


def load_model(path):
    """Open a `.keras` file or a preset directory of ours in any process.

    Nothing in the file is executed: Keras' `safe_mode` is on.

    Args:
        path: a `.keras` file, the name of a preset, or a preset directory.

    Returns:
        The model; compiled if it was when it was saved as `.keras`.

    Raises:
        ValueError: if the path is none of these.

    Example:
        >>> type(load_model("zero_dce_lol")).__name__
        'ZeroDCE'
    """
    if Path(path).suffix != ".keras":
        return load_preset(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        model = keras.saving.load_model(path, safe_mode=True)
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: not a readable .keras file: {error}") from None
    if not isinstance(model, PresetMixin):
        raise ValueError(f"{path}: this {type(model).__name__} is no model of ours")
    return model


def open_model(weights):
    """What `--weights` means in every command.

    Args:
        weights: the name of a preset, a `.weights.h5` file, a `.keras` file, a preset
            directory, or a `.pth` file of the official PyTorch code. Of a `.weights.h5`
            file without the configuration that ours carry, the model is read off the
            shapes of its kernels.

    Returns:
        The model, with its weights.

    Raises:
        ValueError: if it is none of these, or not all of its weights are numbers.
    """
    if Path(weights).suffix == ".pth":
        model = _open_torch_checkpoint(weights)
    elif str(weights).endswith(".weights.h5"):
        model = _model_for(weights)
        model.load_weights(weights)
    else:
        model = load_model(weights)
    for variable in model.weights:
        if not np.isfinite(keras.ops.convert_to_numpy(variable)).all():
            raise ValueError(f"{weights}: {variable.path} holds what is no number")
    return model


def _open_torch_checkpoint(weights):
    arrays = read_torch_checkpoint(weights)
    shapes = {name: array.shape for name, array in arrays.items()}
    for model in TORCH_MODELS:
        arguments = model.torch_arguments(shapes)
        if arguments is not None:
            _check_size(weights, model, **arguments)
            return assign_arrays(_build(weights, model, arguments), arrays, weights)
    known = ", ".join(model.__name__ for model in TORCH_MODELS)
    unknown = [name for name in shapes if not name.startswith(TORCH_PREFIXES)]
    first = (unknown or list(shapes))[0]
    raise ValueError(
        f"{weights}: not the names and shapes of the official {known}. "
        f"Received: {first[:80]!r} of shape {shapes[first]}"
    )


def _check_size(
    weights,
    model,
    num_iterations=1,
    filters=0,
    num_layers=0,
    num_rrg=0,
    num_mrb=0,
    channels=0,
):
    """Refuse a model whose parameters, a byte each, are more than the file can hold."""
    hidden = max(num_layers - 2, 0)
    read_by_last = 2 * filters if hidden else 3  # channels
    parameters = {  # the largest kernels alone
        ZeroDCE: 9 * (hidden * filters**2 + read_by_last * 3 * num_iterations),
        ZeroDCEPlusPlus: hidden * filters**2,
        MIRNet: 1200 * num_rrg * num_mrb * channels**2,
    }[model]
    size = Path(weights).stat().st_size
    if parameters > size:
        raise ValueError(
            f"{weights}: its names and shapes ask for a {model.__name__} of more than "
            f"{parameters} parameters. Received: a file of {size} bytes"
        )


def _build(weights, model, arguments):
    try:
        return model(**arguments)
    except ValueError as error:
        raise ValueError(f"{weights}: {error}") from None


def _model_for(weights):
    """The model that a `.weights.h5` file is for, with new weights."""
    try:
        with h5py.File(weights) as file:
            config = file.attrs.get(CONFIG_ATTRIBUTE)
            if config is None:
                kernels = _kernel_shapes(file, "conv2d")
                depthwise = _kernel_shapes(file, "depthwise_conv2d")
    except FileNotFoundError:
        raise FileNotFoundError(f"{weights}: no such file") from None
    except UNREADABLE as error:
        raise ValueError(f"{weights}: not a readable weights file: {error}") from None
    if config is not None:
        return _from_config(weights, config)
    shapes = depthwise + kernels
    if (
        not kernels
        or any(len(shape) != 4 for shape in shapes)
        or shapes[0][:3] != (3, 3, 3)
        or kernels[-1][-1] % 3
    ):
        raise ValueError(f"{weights}: these are not the weights of a DCE-Net")
    size = {
        "filters": kernels[0][-1] if len(kernels) > 1 else 32,
        "num_layers": len(kernels),
    }
    if depthwise:
        return _build(weights, ZeroDCEPlusPlus, size)
    size["num_iterations"] = kernels[-1][-1] // 3
    return _build(weights, ZeroDCE, size)


def _kernel_shapes(file, kind):
    """Shapes of the kernels of the layers `kind`, `kind_1`, `kind_2`, … in that order."""
    layers = file.get("layers")
    if not isinstance(layers, h5py.Group):
        return []
    numbers = {}
    for name in layers:
        number = name.removeprefix(kind).removeprefix("_") or "0"
        if name.startswith(kind) and number.isdigit():
            kernel = layers[name]["vars/0"]
            numbers[int(number)] = getattr(kernel, "shape", None) or ()
    return [numbers[number] for number in sorted(numbers)]


def _from_config(weights, config):
    try:
        model = keras.saving.deserialize_keras_object(
            json.loads(config), safe_mode=True
        )
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        line = " ".join(str(error).split())
        raise ValueError(f"{weights}: not a readable configuration: {line}") from None
    if not isinstance(model, PresetMixin):
        raise ValueError(f"{weights} holds no model of ours")
    return model
