"""What `--weights` names in a comparison: ways to enhance, with what they cost."""

import functools
import time
from pathlib import Path

from zero_dce_keras.evaluation.classical import CLASSICAL
from zero_dce_keras.inference import Enhancer, without_network

INPUT = "input"


class Method:
    """A way to enhance a uint8 image, that knows how long its last call took.

    Args:
        enhance: callable, uint8 array (H, W, 3) → uint8 array of the same shape.
        model: the Keras model that it runs, if there is one.
            The first image of a size, which costs more than others, is enhanced twice.
        is_timed: whether its time means anything. Default: True.

    Example:
        >>> import numpy as np
        >>> method = Method(lambda image: image)
        >>> method(np.zeros((2, 3, 3), "uint8")).shape, method.milliseconds >= 0
        ((2, 3, 3), True)
    """

    def __init__(self, enhance, model=None, is_timed=True):
        self.enhance = enhance
        self.model = model
        self.is_timed = is_timed
        self.milliseconds = None
        self._sizes = set()

    def __call__(self, image):
        """Enhance an image."""
        if self.model is not None and image.shape not in self._sizes:
            self._sizes.add(image.shape)
            self.enhance(image)
        start = time.perf_counter()
        result = self.enhance(image)
        if self.is_timed:
            self.milliseconds = 1e3 * (time.perf_counter() - start)
        return result

    @property
    def parameters(self):
        """How many weights it has learned."""
        return 0 if self.model is None else self.model.network.count_params()


def parse_weights(values):
    """Read what `--weights` was given: `NAME_OR_PATH`, or `NAME=PATH` for a short label.

    Args:
        values: list of str.

    Returns:
        dict, label → what `load_model` opens.

    Raises:
        ValueError: if two have the same label, or the label of a classical method.

    Example:
        >>> parse_weights(["input", "ours=runs/a/best.weights.h5"])
        {'input': 'input', 'ours': 'runs/a/best.weights.h5'}
    """
    weights = {}
    for value in values:
        label, _, path = value.partition("=")
        if not (label and path) or Path(value).exists():
            label = path = value
        taken = {*weights, *CLASSICAL, *([INPUT] if path != INPUT else [])}
        if label in taken:
            raise ValueError(
                "each of --weights must have a label of its own, other than "
                f"{', '.join([INPUT, *CLASSICAL])}. Received: {value!r}"
            )
        weights[label] = path
    return weights


def open_methods(weights, denoise=None):
    """Open what `parse_weights` returns.

    Args:
        weights: dict, label → what `load_model` opens, or `input`.
        denoise: as of an `Enhancer`.

    Returns:
        dict, label → `Method`.
    """
    methods = {}
    for label, source in weights.items():
        if source == INPUT:
            methods[label] = Method(lambda image: image)
            continue
        enhancer = Enhancer.from_preset(source)
        model = enhancer.model
        if denoise and not model.can_denoise:
            raise ValueError(f"--denoise: {source} has no denoiser")
        methods[label] = Method(functools.partial(enhancer, denoise=denoise), model)
    return methods


def bare_methods(methods):
    """Return the same without their networks, of those that do more than a network.

    Args:
        methods: dict, label → `Method`.

    Returns:
        dict, `"LABEL, no network"` → `Method`.
    """
    return {
        f"{label}, no network": Method(
            functools.partial(without_network, method.model), is_timed=False
        )
        for label, method in methods.items()
        if method.model is not None and _prepares(method.model)
    }


def _prepares(model):
    layers = (model.denoising_filter, model.exposure_normalization)
    return any(layer is not None for layer in layers)
