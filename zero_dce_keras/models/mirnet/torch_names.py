"""Which variable is which parameter of the official PyTorch code."""

from zero_dce_keras.models.mirnet.multi_scale_residual_block import COLUMNS


def torch_name_map(network):
    """Parameters of the official `MIRNet` by the names of its `state_dict`.

    A parameter that the official code shares has several names there, as many as here.
    The names `….filt` of a checkpoint, the fixed kernels of the anti-aliasing, have no
    variable.

    Args:
        network: what `mirnet_model` built, of multi-scale blocks.

    Returns:
        dict from names to `(variable, kind)`. Kind `"conv"`: PyTorch has OIHW, the
        variable HWIO. `"transposed_conv"`: IOHW, and HWOI. `"scalar"`: one number,
        shape `(1,)` there, `(1, 1, 1)` here.

    Raises:
        ValueError: if the network has plain blocks, which the official code has not.
    """
    groups = [layer for layer in network.layers if layer.name.startswith("group_")]
    if not all(hasattr(group, "blocks") for group in groups):
        raise ValueError("the official code has no MIRNet with block='residual'")
    names = {"conv_in": network.get_layer("conv_in")}
    for g, group in enumerate(groups):
        for b, block in enumerate(group.blocks):
            names |= _below(f"body.{g}.body.{b}", _block(block))
        names[f"body.{g}.body.{len(group.blocks)}"] = group.convolution
    names["conv_out"] = network.get_layer("conv_out")
    return {f"{name}.weight": _variable(layer) for name, layer in names.items()}


def _block(block):
    names = {}
    for level, unit in enumerate(block.units):
        for column in range(COLUMNS):
            names |= _below(f"blocks.{level}.{column}", _unit(unit))
    for level, sampler in enumerate(block.last_samplers, start=1):
        names |= _below(f"last_up.{level}", _up_sample(sampler))
    for key, sampler in block.samplers.items():
        start, _, end = key.partition("_to_")
        if start < end:
            name, parts = "down", _down_sample(sampler)
        else:
            name, parts = "up", _up_sample(sampler)
        names |= _below(f"{name}.{sampler.channels}_{sampler.factor}", parts)
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


def _down_sample(sampler):
    names = {}
    for number, step in enumerate(sampler.steps):
        parts = {
            "top.0": step.enter,
            "top.1": step.enter_activation,
            "top.2": step.middle,
            "top.3": step.middle_activation,
            "top.5": step.widen,  # top.4 is the fixed filter
            "bot.1": step.shortcut,
        }
        names |= _below(f"body.{number}", parts)
    return names


def _up_sample(sampler):
    names = {}
    for number, step in enumerate(sampler.steps):
        parts = {
            "top.0": step.enter,
            "top.1": step.enter_activation,
            "top.2": step.transposed,
            "top.3": step.transposed_activation,
            "top.4": step.narrow,
            "bot.1": step.shortcut,
        }
        names |= _below(f"body.{number}", parts)
    return names


def _fusion(fusion):
    excite = {f"fcs.{i}": layer for i, layer in enumerate(fusion.excite)}
    return {"conv_du.0": fusion.squeeze, "conv_du.1": fusion.activation, **excite}


def _below(prefix, names):
    return {f"{prefix}.{name}": layer for name, layer in names.items()}


def _variable(layer):
    """The one variable of a layer, and its kind."""
    kinds = {"PReLU": "scalar", "Conv2DTranspose": "transposed_conv"}
    (variable,) = layer.weights
    return variable, kinds.get(type(layer).__name__, "conv")
