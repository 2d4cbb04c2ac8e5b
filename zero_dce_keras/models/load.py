"""Opening saved models, whichever way they were saved."""

import zipfile
from pathlib import Path

import h5py
import keras

from zero_dce_keras.models.mirnet import MIRNet
from zero_dce_keras.models.mirnet.weights_file import mirnet_size
from zero_dce_keras.models.presets import PresetMixin, load_preset
from zero_dce_keras.models.zero_dce import ZeroDCE


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
        weights: the name of a preset, a `.weights.h5` file, a `.keras` file or a preset
            directory. A `.weights.h5` file holds no configuration: the size of its
            DCE-Net or MIRNet is read off the layers and the shapes of their kernels.

    Returns:
        The model, with its weights.

    Raises:
        ValueError: if it is none of these.
    """
    if not str(weights).endswith(".weights.h5"):
        return load_model(weights)
    model = _model_for(weights)
    model.load_weights(weights)
    return model


def _model_for(weights):
    """A new model, which a `.weights.h5` file fits."""
    try:
        with h5py.File(weights) as file:
            layers = file.get("layers", {})
            size = mirnet_size(layers)
            if size is not None:
                return MIRNet(**size)
            names = [name for name in layers if name.startswith("conv2d")]
            # conv2d, conv2d_1, conv2d_2, …: the order of the layers
            names.sort(key=lambda name: int(name.partition("_")[2] or 0))
            kernels = [layers[name]["vars/0"].shape for name in names]
    except FileNotFoundError:
        raise FileNotFoundError(f"{weights}: no such file") from None
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"{weights}: not a readable weights file: {error}") from None
    if not kernels or kernels[0][:3] != (3, 3, 3) or kernels[-1][-1] % 3:
        raise ValueError(f"{weights}: these are not the weights of a DCE-Net")
    return ZeroDCE(
        num_iterations=kernels[-1][-1] // 3,
        filters=kernels[0][-1] if len(kernels) > 1 else 32,
        num_layers=len(kernels),
    )
