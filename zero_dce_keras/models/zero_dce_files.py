"""How files of a Zero-DCE are recognised, and read."""

import logging

import keras

from zero_dce_keras.errors import check_choice
from zero_dce_keras.models.image_model import ImageModel
from zero_dce_keras.models.skip_order import ORDERS, is_of_the_notebook, swap_skips

log = logging.getLogger(__name__)


class ZeroDCEFiles(ImageModel):
    """What a `ZeroDCE` knows of its files, and of those of the official code."""

    dce_model: keras.Model
    num_iterations: int
    filters: int
    num_layers: int

    torch_kernel = "e_conv{}.weight"  # name of the kernel that gives a layer's output
    first_layer = "conv2d"  # the kind of layer that looks at the image
    layer_kinds = frozenset(("input_layer", "conv2d", "concatenate", "activation"))

    def load_weights(self, filepath, skip_mismatch=False, order=None, **kwargs):
        """Load the network's weights from a `.weights.h5` file.

        The well-known notebook and the example of keras.io concatenate `[conv4, conv3]`
        where the official code has `[x3, x4]`. A file of a full-size DCE-Net that this
        package did not write is taken for one of theirs: the halves of the inputs of
        the layers behind are swapped, and a note is logged.

        Args:
            filepath, skip_mismatch, **kwargs: as of every model of this package.
            order: `"official"` or `"notebook"`, which order the file has; by default
                `"notebook"` for such files alone.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is not readable, holds the weights of another model, or
                `order` is unknown or this network is no DCE-Net.
        """
        if order is not None:
            check_choice("order", order, ORDERS)
            if self.network.name != "dce_net":
                raise ValueError(f"order is not for {type(self).__name__}")
        super().load_weights(filepath, skip_mismatch, **kwargs)
        if order is None and self._is_full_size and is_of_the_notebook(str(filepath)):
            order = "notebook"
            log.warning(
                "note: %s was not written by this package, so it is taken for the "
                "notebook's order of the skip connections; load_weights(…, "
                'order="official") leaves it as it is',
                filepath,
            )
        if order == "notebook":
            swap_skips(self.dce_model, self.num_layers)

    @property
    def _is_full_size(self):
        size = self.num_iterations, self.filters, self.num_layers
        return self.network.name == "dce_net" and size == (8, 32, 7)

    def torch_names(self):
        """Name the weights as the official code does, see `load_torch_checkpoint`."""
        names = []
        for k in range(1, self.num_layers + 1):
            layer = self.dce_model.get_layer(f"conv_{k}")
            names.append((f"e_conv{k}.weight", layer.kernel, "conv"))
            names.append((f"e_conv{k}.bias", layer.bias, "vector"))
        return names

    @classmethod
    def torch_arguments(cls, shapes):
        kernels = []
        while (name := cls.torch_kernel.format(len(kernels) + 1)) in shapes:
            kernels.append(shapes[name])
        if not kernels or any(len(shape) != 4 for shape in kernels):
            return None
        return cls._size([shape[0] for shape in kernels])

    @classmethod
    def layer_arguments(cls, kernels):
        first = kernels.get(cls.first_layer, [()])[0]
        shapes = kernels.get("conv2d", [()])
        if first[:3] != (3, 3, 3) or any(len(shape) != 4 for shape in shapes):
            return None
        if set(kernels) - cls.layer_kinds:
            return None
        return cls._size([shape[-1] for shape in shapes])

    @classmethod
    def _size(cls, channels):
        """Return the arguments of a model whose layers give so many channels each."""
        size = {"num_layers": len(channels), "num_iterations": channels[-1] // 3}
        return size if len(channels) == 1 else {**size, "filters": channels[0]}

    @classmethod
    def least_parameters(cls, num_layers, num_iterations, filters=1):
        hidden = max(num_layers - 2, 0)
        read_by_last = 2 * filters if hidden else 3  # channels
        return 9 * (hidden * filters**2 + read_by_last * 3 * num_iterations)
