"""Which variable is which parameter of the official PyTorch code."""

from zero_dce_keras.models.mirnet.blocks import COLUMNS
from zero_dce_keras.models.mirnet.resampling import DownSample

KINDS = {"PReLU": "scalar", "Conv2DTranspose": "transposed_conv"}


def torch_names(network):
    """Name the parameters as the `state_dict` of the official `MIRNet` does.

    A parameter that the official code shares has several names there, as many as here.

    Args:
        network: what `mirnet_model` built, of multi-scale blocks.

    Returns:
        list of `(name, variable, kind)`, for `load_torch_checkpoint`. Kind `"conv"`:
        PyTorch has OIHW, the variable HWIO. `"transposed_conv"`: IOHW, and HWOI.
        `"scalar"`: one number, shape `(1,)` there, `(1, 1, 1)` here. `"ignored"`: the
        fixed kernels of the anti-aliasing, which are buffers there and `None` here.

    Raises:
        ValueError: if the network has what the official code has not: plain blocks, a
            stride or a global view.
    """
    groups = [layer for layer in network.layers if layer.name.startswith("group_")]
    if not all(hasattr(group, "blocks") for group in groups):
        raise ValueError("the official code has no MIRNet with block='residual'")
    for name, official in (("stride", 1), ("global_view", False)):
        value = network.arguments[name]
        if value != official:
            raise ValueError(f"the official code has no MIRNet with {name}={value}")
    layers = {"conv_in": network.get_layer("conv_in")}
    for g, group in enumerate(groups):
        for b, block in enumerate(group.blocks):
            layers |= _below(f"body.{g}.body.{b}", _block(block))
        layers[f"body.{g}.body.{len(group.blocks)}"] = group.convolution
    layers["conv_out"] = network.get_layer("conv_out")
    return [_entry(name, layer) for name, layer in layers.items()]


def _block(block):
    names = {}
    for level, unit in enumerate(block.units):
        for column in range(COLUMNS):
            names |= _below(f"blocks.{level}.{column}", _unit(unit))
    for level, sampler in enumerate(block.last_samplers, start=1):
        names |= _below(f"last_up.{level}", _sampler(sampler))
    for key, sampler in block.samplers.items():
        start, _, end = key.partition("_to_")
        name = "down" if start < end else "up"
        names |= _below(
            f"{name}.{sampler.channels}_{sampler.factor}", _sampler(sampler)
        )
    names["conv_out"] = block.convolution
    for level, fusion in enumerate(block.fusions):
        names |= _below(f"selective_kernel.{level}", _fusion(fusion))
    return names


def _unit(unit):
    return {
        "body.0": unit.first,
        "body.1": unit.activation,
        "body.2": unit.second,
        "SA.spatial.conv": unit.spatial_attention.convolution,
        "CA.conv_du.0": unit.channel_attention.squeeze,
        "CA.conv_du.2": unit.channel_attention.excite,
        "conv1x1": unit.merge,
    }


def _sampler(sampler):
    down = isinstance(sampler, DownSample)
    names = {}
    for number, step in enumerate(sampler.steps):
        parts = {
            "top.0": step.enter,
            "top.1": step.enter_activation,
            "top.2": step.middle,
            "top.3": step.middle_activation,
            "top.5" if down else "top.4": step.leave,
            "bot.1": step.shortcut,
        }
        if down:
            parts |= {"top.4": None, "bot.0": None}  # the fixed kernels
        names |= _below(f"body.{number}", parts)
    return names


def _fusion(fusion):
    excite = {f"fcs.{i}": layer for i, layer in enumerate(fusion.excite)}
    return {"conv_du.0": fusion.squeeze, "conv_du.1": fusion.activation, **excite}


def _below(prefix, names):
    return {f"{prefix}.{name}": layer for name, layer in names.items()}


def _entry(name, layer):
    if layer is None:
        return f"{name}.filt", None, "ignored"
    (variable,) = layer.weights
    return f"{name}.weight", variable, KINDS.get(type(layer).__name__, "conv")
