"""Opening saved models, in whichever way they were saved."""

import json
import zipfile
from pathlib import Path

import h5py
import keras

from zero_dce_keras.errors import one_line
from zero_dce_keras.models.preset_mixin import (
    CONFIG_ATTRIBUTE,
    UNREADABLE,
    PresetMixin,
    open_weights_file,
    raise_other_errors,
)
from zero_dce_keras.models.presets import CONFIG_FILE, WEIGHTS_FILE, preset_directory
from zero_dce_keras.models.registry import MODELS, get_model_class, import_registered
from zero_dce_keras.models.torch_checkpoint import assign_arrays, read_checkpoint


def load_model(source):
    """Open a model in any process: what `--weights` means in every command.

    Nothing in a file is executed: Keras' `safe_mode` is on, and PyTorch's files are read
    without PyTorch.

    Args:
        source: the name of a preset, a preset directory, a `.keras` file, a
            `.weights.h5` file, or a `.pth` or `.safetensors` file of the official
            PyTorch code. If a `.weights.h5` file lacks the configuration that this
            package writes into it, the shapes of its kernels tell the model; a full-size
            one of the well-known notebook is converted, see `ZeroDCE.load_weights`.

    Returns:
        The model, with its weights; compiled if it was when it was saved as `.keras`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the source is none of these, or its weights are not finite.

    Example:
        >>> type(load_model("zero_dce_lol")).__name__
        'ZeroDCE'
    """
    if str(source).endswith(".weights.h5"):
        model = _from_weights_file(source)
    else:
        openers = {
            ".keras": _from_keras_file,
            ".pth": _from_torch_checkpoint,
            ".safetensors": _from_torch_checkpoint,
        }
        model = openers.get(Path(source).suffix, _from_preset)(source)
    for variable in model.weights:
        if not bool(keras.ops.all(keras.ops.isfinite(variable.value))):
            raise ValueError(f"{source}: the weights {variable.path} are not finite")
    return model


def _from_preset(name):
    directory = preset_directory(name)
    path = directory / CONFIG_FILE
    model = _from_config(path.read_bytes(), path)
    model.load_weights(directory / WEIGHTS_FILE)
    return model


def _from_keras_file(path):
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with zipfile.ZipFile(path) as file:
            _import_class_of(json.loads(file.read("config.json")))
        model = keras.saving.load_model(path, safe_mode=True)
    except (*UNREADABLE, zipfile.BadZipFile) as error:
        raise_other_errors(error)
        raise ValueError(
            f"{path}: not a readable .keras file: {one_line(error)}"
        ) from None
    return _checked(model, path)


def _from_weights_file(path):
    with open_weights_file(path) as file:
        config = file.attrs.get(CONFIG_ATTRIBUTE)
        kernels = _kernels(file) if config is None else {}
    if config is not None:
        model = _from_config(config, path)
    else:
        model = _recognize(path, "layer_arguments", kernels)
    model.load_weights(path)
    return model


def _from_torch_checkpoint(path):
    arrays = read_checkpoint(path)
    shapes = {name: array.shape for name, array in arrays.items()}
    model = _recognize(path, "torch_arguments", shapes)
    return assign_arrays(model, arrays, path)


def _from_config(text, where):
    """Build a model by its configuration, a JSON text that was found at `where`."""
    try:
        config = json.loads(text)
        _import_class_of(config)
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise ValueError(
            f"{where}: not a readable configuration: {one_line(error)}"
        ) from None
    return _checked(model, where)


def _import_class_of(config):
    """Import the class that Keras must know to read a configuration."""
    if isinstance(config, dict):
        import_registered(config.get("registered_name"))


def _checked(model, where):
    if not isinstance(model, PresetMixin):
        kind = type(model).__name__
        raise ValueError(f"{where}: a {kind} is not a zero_dce_keras model")
    return model


def _recognize(path, method, shapes):
    """Build the model whose weights have these shapes.

    Args:
        path: the file, for error messages.
        method: name of the class method to ask each model: `torch_arguments` or
            `layer_arguments`. It returns `None` where the weights are another model's.
        shapes: what the method takes.

    Raises:
        ValueError: the weights are of no model, or of one larger than the file.
    """
    for model_class in map(get_model_class, MODELS):
        arguments = getattr(model_class, method)(shapes)
        if arguments is not None:
            _check_size(path, model_class, arguments)
            return _build(path, model_class, arguments)
    known = ", ".join(entry.class_name for entry in MODELS.values())
    first = str(next(iter(shapes.items()), "nothing"))[:100]
    raise ValueError(
        f"{path}: names and shapes must be those of {known}. Received: {first}"
    )


def _check_size(path, model_class, arguments):
    """Refuse a model whose parameters, a byte each, are more than the file can hold."""
    parameters = model_class.least_parameters(**arguments)
    size = Path(path).stat().st_size
    if parameters > size:
        raise ValueError(
            f"{path}: its names and shapes ask for a {model_class.__name__} of more than "
            f"{parameters} parameters. Received: a file of {size} bytes"
        )


def _build(path, model_class, arguments):
    try:
        return model_class(**arguments)
    except ValueError as error:
        raise ValueError(f"{path}: {one_line(error)}") from None


def _kernels(file):
    """Read the shapes of the kernels in a weights file of a network.

    Returns:
        dict from kinds of layers, "conv2d" for instance, to lists of shapes in the order
        of the layers; a layer without a kernel has the shape `()`.
    """
    layers = file.get("layers")
    if not isinstance(layers, h5py.Group):
        return {}
    found: dict = {}
    for name in layers:  # conv2d, conv2d_1, conv2d_2 …
        kind, _, number = name.rpartition("_")
        if not number.isdecimal():
            kind, number = name, "0"
        shape = getattr(layers.get(f"{name}/vars/0"), "shape", None) or ()
        found.setdefault(kind, []).append((int(number), shape))
    return {kind: [shape for _, shape in sorted(found[kind])] for kind in found}
