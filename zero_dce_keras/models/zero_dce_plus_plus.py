"""Zero-DCE++: Zero-DCE with a tenth of the parameters, on a small copy of the image."""

import keras

from zero_dce_keras.errors import check_positive
from zero_dce_keras.models.dce_net_plus_plus import build_dce_net_plus_plus
from zero_dce_keras.models.image_model import ANY_SIZE, with_shape
from zero_dce_keras.models.resampling import ShrinkImages, StretchMaps
from zero_dce_keras.models.zero_dce import ZeroDCE


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class ZeroDCEPlusPlus(ZeroDCE):
    """Zero-reference deep curve estimation, small and fast.

    A network of depthwise separable convolutions looks at the image shrunk by
    `scale_factor` and estimates one curve map; stretched to full size, it is applied
    `num_iterations` times. Images of any size, without cropping, for training too.

    Args:
        scale_factor: how much smaller the image is that the network looks at; 1 is full
            size. The official weights are trained at 1 and used at 12.
        resampling: how to shrink images and stretch the map. `"official"` (default):
            2×2 pixels at the centre of each block, and bilinear with corners aligned.
            `"area"`: means of whole blocks, and bilinear without the shift that aligned
            corners bring; better for weights trained with it.
        num_iterations: how many times to apply the one curve map.
        loss_weights: as for `ZeroDCE`; 1600 `illumination_smoothness_loss` by default,
            on the map at full size as in the official code: it weighs differences
            between pixels of the photograph, whatever the scale factor.
        **kwargs: what else `ZeroDCE` takes.

    Raises:
        ValueError: if an argument is out of its range.

    Example:
        >>> import numpy as np
        >>> model = ZeroDCEPlusPlus(scale_factor=4)
        >>> model.count_params()
        10561
        >>> dark = np.random.default_rng(0).random((1, 33, 47, 3), dtype="float32") / 5
        >>> model(dark).shape == (1, 33, 47, 3)
        True

    Source: https://arxiv.org/abs/2103.00860 (TPAMI 2021).
    """

    torch_kernel = "e_conv{}.point_conv.weight"
    first_layer = "depthwise_conv2d"
    layer_kinds = ZeroDCE.layer_kinds | {"depthwise_conv2d"}
    num_maps = 1

    def __init__(
        self,
        scale_factor=12,
        resampling="official",
        num_iterations=8,
        loss_weights=None,
        **kwargs,
    ):
        loss_weights = {"illumination_smoothness_loss": 1600.0, **(loss_weights or {})}
        super().__init__(num_iterations, loss_weights=loss_weights, **kwargs)
        check_positive("num_iterations", num_iterations)
        self.scale_factor = scale_factor
        self.resampling = resampling
        self._shrink = with_shape(ShrinkImages(scale_factor, resampling))
        self._stretch = with_shape(
            StretchMaps(scale_factor, resampling), self._shrink.output.shape, ANY_SIZE
        )

    @classmethod
    def recipe_arguments(cls, recipe):
        return {
            **super().recipe_arguments(recipe),
            "scale_factor": recipe.scale_factor,
            "resampling": recipe.resampling,
        }

    def build_network(self):
        return build_dce_net_plus_plus(
            self.filters,
            self.num_layers,
            kernel_initializer=self.kernel_initializer,
            dtype=self.dtype_policy,
        )

    def curve_maps(self, low_light, training=None):
        """Return the curve map `(B, H, W, 3)` of images `(B, H, W, 3)`, at full size."""
        if self.scale_factor == 1:
            return self.dce_model(low_light, training=training)
        maps = self.dce_model(self._shrink(low_light), training=training)
        return self._stretch(maps, low_light)

    def get_enhanced_image(self, data, output, num_iterations=None):
        """Apply the curve map `output` to the images `data`.

        Args:
            data: float tensor `(B, H, W, 3)` in [0, 1].
            output: float tensor `(B, H, W, 3)` in [−1, 1], from `curve_maps`.
            num_iterations: how many times; the model's own number by default.

        Returns:
            float tensor `(B, H, W, 3)` in [0, 1].
        """
        if num_iterations is None:
            num_iterations = self.num_iterations
        return super().get_enhanced_image(data, output, num_iterations)

    @property
    def context(self):
        """As of `ZeroDCE`; `None` where corners are aligned, which takes the whole map."""
        if self.scale_factor == 1:
            return super().context
        if self.resampling == "official":
            return None
        return self.scale_factor * (self.num_layers + 1) + self._filter_context

    @property
    def grid(self):
        return self.scale_factor

    def torch_names(self):
        """Name the weights as the official code does, see `load_torch_checkpoint`."""
        names = []
        for k in range(1, self.num_layers + 1):
            for torch_name, name, kind in (
                ("depth_conv", "depthwise", "depthwise"),
                ("point_conv", "pointwise", "conv"),
            ):
                layer = self.dce_model.get_layer(f"{name}_{k}")
                names.append((f"e_conv{k}.{torch_name}.weight", layer.kernel, kind))
                names.append((f"e_conv{k}.{torch_name}.bias", layer.bias, "vector"))
        return names

    @classmethod
    def _size(cls, channels):
        size = super()._size(channels)
        del size["num_iterations"]  # there is one map, whatever their number
        return size

    @classmethod
    def least_parameters(cls, num_layers, filters=1):
        return max(num_layers - 2, 0) * filters**2

    def get_config(self):
        return {
            **super().get_config(),
            "scale_factor": self.scale_factor,
            "resampling": self.resampling,
        }
