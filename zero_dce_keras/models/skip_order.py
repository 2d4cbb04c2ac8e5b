"""Weights of the well-known Keras notebook, whose skip connections come second.

The notebook and the example of keras.io concatenate `[conv4, conv3]`, the official code
and this package `[x3, x4]`: the kernels behind have the same shape, with the halves of
their inputs the other way round.
"""

import h5py
from keras import ops

ORDERS = ("official", "notebook")
NOTEBOOK_KINDS = {"input_layer", "conv2d", "concatenate"}


def is_of_the_notebook(path):
    """Whether a weights file of a full-size DCE-Net was not written by this package.

    The files of this package have their configuration as an attribute, or a group for
    the layer of tanh, which is an argument of the notebook's last convolution.

    Args:
        path: str, of a file with the weights of a `ZeroDCE` of the default size.
    """
    if not path.endswith((".h5", ".hdf5")):
        return False
    with h5py.File(path) as file:
        if "layer_names" in file.attrs:  # as Keras 2 wrote it
            names = [
                name.decode() if isinstance(name, bytes) else name
                for name in file.attrs["layer_names"]
            ]
        else:
            names = list(file.get("layers", ()))
    kinds = {name.rstrip("0123456789").rstrip("_") for name in names}
    kinds = {"input_layer" if kind == "input" else kind for kind in kinds}
    return {"conv2d", "concatenate"} <= kinds <= NOTEBOOK_KINDS


def swap_skips(network, num_layers):
    """Swap the halves of the inputs of a DCE-Net's layers that read two others."""
    for k in range((num_layers + 1) // 2 + 1, num_layers + 1):
        kernel = network.get_layer(f"conv_{k}").kernel  # (3, 3, 2·filters, filters)
        first, second = ops.split(kernel.value, 2, axis=2)
        kernel.assign(ops.concatenate([second, first], axis=2))
