"""Weights of the official PyTorch code: names and shapes onto the variables of a model."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zero_dce_keras.errors import one_line
from zero_dce_keras.extras import require
from zero_dce_keras.models.torch_file import find_state_dict, read_torch_checkpoint

# Kernels: how the axes of PyTorch's become those of Keras'.
AXES = {
    "conv": (2, 3, 1, 0),  # OIHW to HWIO
    "depthwise": (2, 3, 0, 1),  # (C, 1, H, W) to (H, W, C, 1)
    "transposed_conv": (2, 3, 1, 0),  # IOHW to HWOI
}
KINDS = (*AXES, "vector", "scalar", "ignored")


def load_torch_checkpoint(model, source):
    """Give a model the weights of a PyTorch checkpoint of the official code.

    Args:
        model: a `ZeroDCE`, `ZeroDCEPlusPlus`, `MIRNet`, what `mirnet_model` returns, or
            any other model with a method `torch_names()`: a list of `(PyTorch name, Keras variable, kind)`, with one
            of the kinds `"conv"`, `"depthwise"`, `"transposed_conv"`, `"vector"`,
            `"scalar"` (one number, whatever the variable's shape) and `"ignored"` (may
            be there, is not looked at; the variable is `None`). A variable may have
            several names.
        source: path of a `.pth` or `.safetensors` file, or a mapping from PyTorch names to arrays or
            tensors. The state dict may lie under `"state_dict"`, and its names may
            begin with `module.`.

    Returns:
        The model.

    Raises:
        ImportError: a `.safetensors` file needs the extra `safetensors`.
        ValueError: the file is no checkpoint, asks for a function that a state dict of
            tensors does not need, or its names or shapes are not those of the model. The
            model is unchanged then.
        FileNotFoundError: there is no such file.

    Example: a mapping, as `torch_names` describes it.

    >>> import numpy as np
    >>> from zero_dce_keras import ZeroDCE
    >>> model = ZeroDCE(num_layers=1, num_iterations=2)
    >>> zeros = {"e_conv1.weight": np.zeros((6, 3, 3, 3)), "e_conv1.bias": np.ones(6)}
    >>> load_torch_checkpoint(model, zeros).get_weights()[1].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    if isinstance(source, Mapping):
        where, arrays = "source", find_state_dict(source)
    else:
        where, arrays = str(source), read_checkpoint(source)
    return assign_arrays(model, arrays, where)


def read_checkpoint(path):
    """Read the arrays of a `.pth` or a `.safetensors` file, by their names."""
    if Path(path).suffix != ".safetensors":
        return read_torch_checkpoint(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    safetensors = require("safetensors")
    try:
        return find_state_dict(require("safetensors.numpy").load_file(path))
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: not a readable safetensors file: {one_line(error)}"
        ) from None


def assign_arrays(model, arrays, where):
    """Give a model its weights by their PyTorch names; errors begin with `where`."""
    if not hasattr(model, "torch_names"):
        raise ValueError(
            "model must have torch_names(): a ZeroDCE, a MIRNet or what mirnet_model "
            f"returns. Received: a {type(model).__name__}"
        )
    names = model.torch_names()
    _check_names(where, model, names, arrays)
    values = {}
    for name, variable, kind in names:
        if kind != "ignored":
            value = _convert(where, name, _as_numpy(arrays[name]), variable, kind)
            _, other = values.setdefault(id(variable), (variable, value))
            if not np.array_equal(other, value, equal_nan=True):
                raise ValueError(f"{where}: {name} differs from what it is shared with")
    for variable, value in values.values():
        variable.assign(value)
    return model


def _as_numpy(array):
    if hasattr(array, "detach"):  # a PyTorch tensor
        array = array.detach().cpu()
    return np.asarray(array)


def _check_names(where, model, names, arrays):
    unknown = sorted({kind for *_, kind in names} - set(KINDS))
    if unknown:
        raise ValueError(f"torch_names must give kinds of {KINDS}. Received: {unknown}")
    wanted = {name for name, _, kind in names if kind != "ignored"}
    missing = sorted(wanted - set(arrays))
    unexpected = sorted(set(arrays) - {name for name, *_ in names})
    for problem, found in (("misses", missing), ("has unexpected", unexpected)):
        if found:
            listed = one_line(", ".join(found[:4]))[:300]
            listed += ", …" if len(found) > 4 else ""
            raise ValueError(
                f"{where}: {problem} {listed} ({len(found)} names): not the weights of "
                f"this {type(model).__name__}"
            )


def _convert(where, name, array, variable, kind):
    """Return an array as its Keras variable has it."""
    shape = tuple(variable.shape)
    if kind == "scalar":
        if array.size != 1:
            raise ValueError(
                f"{where}: {name} must have one number. Received shape: {array.shape}"
            )
        return np.full(shape, array.reshape(-1)[0], "float32")
    axes = AXES.get(kind, (0,))
    wanted = tuple(shape[axes.index(axis)] for axis in range(len(axes)))
    if array.shape != wanted:
        raise ValueError(
            f"{where}: {name} must have shape {wanted}. Received shape: {array.shape}"
        )
    return np.ascontiguousarray(array.transpose(axes), "float32")
