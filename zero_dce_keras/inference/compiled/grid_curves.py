"""What the compiled form takes of a `BilateralDCE`: from the model, or from its files."""

import dataclasses
import json
from pathlib import Path

import h5py
import numpy as np

from zero_dce_keras.models.bilateral_constants import DILATIONS, NODES, STEM
from zero_dce_keras.models.presets import CONFIG_FILE, WEIGHTS_FILE, preset_directory

CLASS = "zero_dce_keras>BilateralDCE"


@dataclasses.dataclass(frozen=True)
class GridCurves:
    """A trained `BilateralDCE` without Keras.

    Args:
        num_iterations, miniature_size, ratio_share: see `BilateralDCE`.
        can_denoise: whether there is a filter before the curves.
        layers: dict from the names of the network's layers to `[kernel, bias]`.
    """

    num_iterations: int
    miniature_size: int
    ratio_share: float
    can_denoise: bool
    layers: dict

    @classmethod
    def of_model(cls, model):
        """Copy what is needed from a `BilateralDCE`."""
        layers = [layer for layer in model.network.layers if layer.weights]
        return cls(
            model.num_iterations,
            model.miniature_size,
            model.ratio_share,
            model.can_denoise,
            {layer.name: layer.get_weights() for layer in layers},
        )

    @classmethod
    def read(cls, source):
        """Read a preset of a `BilateralDCE` from its files.

        Args:
            source: what `load_model` takes.

        Returns:
            `GridCurves`; `None` for all else, and for what cannot be read: `load_model`
            opens it, or says what is wrong.
        """
        try:
            directory = preset_directory(source)
            stored = json.loads((directory / CONFIG_FILE).read_bytes())
            if stored["registered_name"] != CLASS:
                return None
            layers = _read_layers(directory / WEIGHTS_FILE)
            return cls._of_config(stored["config"], layers)
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return None

    @classmethod
    def _of_config(cls, config, layers):
        found = {
            name: [array.shape for array in arrays] for name, arrays in layers.items()
        }
        if found != _shapes(config["filters"], config["num_iterations"]):
            return None
        if not all(np.isfinite(a).all() for arrays in layers.values() for a in arrays):
            return None
        return cls(
            config["num_iterations"],
            config["miniature_size"],
            config["ratio_share"],
            config["denoising_filter"] is not None,
            layers,
        )


def _shapes(filters, num_iterations):
    """Return the shapes of kernel and bias of each layer of `build_grid_net`."""
    shapes: dict[str, tuple[int, ...]] = {
        "half_size": (3, 3, 6, STEM),
        "quarter_size": (3, 3, STEM, filters),
        "curves": (1, 1, filters, NODES * num_iterations),
    }
    for number in range(1, len(DILATIONS) + 1):
        shapes[f"block_{number}"] = (3, 3, filters, filters)
    for number in (1, len(DILATIONS)):
        shapes[f"whole_{number}"] = (2 * filters, filters)
        shapes[f"told_{number}"] = (filters, filters)
    return {name: [kernel, kernel[-1:]] for name, kernel in shapes.items()}


def _read_layers(path: Path):
    """Read a `.weights.h5` file of a network whose layers have names."""
    with h5py.File(path) as file:
        groups = [group["vars"] for group in file["layers"].values()]
        return {
            group.attrs["name"]: [group[key][()] for key in sorted(group)]
            for group in groups
            if len(group)
        }
