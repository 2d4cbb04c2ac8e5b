"""Opening saved models, whichever way they were saved."""

import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np

from zero_dce_keras.models.mirnet import MIRNet
from zero_dce_keras.models.presets import CONFIG_ATTRIBUTE, PresetMixin, load_preset
from zero_dce_keras.models.torch_checkpoint import (
    load_torch_checkpoint,
    read_torch_checkpoint,
)
from zero_dce_keras.models.zero_dce import ZeroDCE
from zero_dce_keras.models.zero_dce_plus_plus import ZeroDCEPlusPlus

# Models whose PyTorch checkpoints `--weights` recognises, by `torch_arguments`.
TORCH_MODELS = (ZeroDCE, ZeroDCEPlusPlus, MIRNet)


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
            try:
                return load_torch_checkpoint(model(**arguments), arrays)
            except ValueError as error:
                raise ValueError(f"{weights}: {error}") from None
    known = ", ".join(model.__name__ for model in TORCH_MODELS)
    raise ValueError(f"{weights}: not the names of the official {known}")


def _model_for(weights):
    """The model that a `.weights.h5` file is for, with new weights."""
    try:
        with h5py.File(weights) as file:
            config = file.attrs.get(CONFIG_ATTRIBUTE)
            layers = file.get("layers", {})
            kernels = _kernel_shapes(layers, "conv2d")
            depthwise = _kernel_shapes(layers, "depthwise_conv2d")
    except FileNotFoundError:
        raise FileNotFoundError(f"{weights}: no such file") from None
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"{weights}: not a readable weights file: {error}") from None
    if config is not None:
        return _from_config(weights, config)
    inputs = (depthwise or kernels or [()])[0][:3]
    if inputs != (3, 3, 3) or kernels[-1][-1] % 3:
        raise ValueError(f"{weights}: these are not the weights of a DCE-Net")
    size = {
        "filters": kernels[0][-1] if len(kernels) > 1 else 32,
        "num_layers": len(kernels),
    }
    if depthwise:
        return ZeroDCEPlusPlus(**size)
    return ZeroDCE(num_iterations=kernels[-1][-1] // 3, **size)


def _kernel_shapes(layers, kind):
    """Shapes of the kernels of the layers `kind`, `kind_1`, `kind_2`, … in that order."""
    numbers = {}
    for name in layers:
        number = name.removeprefix(kind).removeprefix("_") or "0"
        if name.startswith(kind) and number.isdigit():
            numbers[int(number)] = layers[name]["vars/0"].shape
    return [numbers[number] for number in sorted(numbers)]


def _from_config(weights, config):
    try:
        model = keras.saving.deserialize_keras_object(
            json.loads(config), safe_mode=True
        )
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{weights}: not a readable configuration: {error}") from None
    if not isinstance(model, PresetMixin):
        raise ValueError(f"{weights} holds no model of ours")
    return model
