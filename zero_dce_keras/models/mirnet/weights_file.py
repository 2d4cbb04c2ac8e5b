"""What a `.weights.h5` file of a MIRNet says about its size."""

GROUPS = {
    "recursive_residual_group": "multi_scale",
    "plain_residual_group": "residual",
}


def mirnet_size(layers):
    """Arguments of `MIRNet` for which a file fits; `None` if it is no MIRNet's.

    Args:
        layers: the group `layers` of the open file.
    """
    for name, block in GROUPS.items():
        if name in layers:
            groups = [other for other in layers if other.startswith(name)]
            parts = layers[name]["blocks" if block == "multi_scale" else "convolutions"]
            return {
                "num_rrg": len(groups),
                # A plain group has two convolutions besides its blocks.
                "num_mrb": len(parts) - (0 if block == "multi_scale" else 2),
                "channels": layers["conv2d"]["vars/0"].shape[-1],
                "block": block,
            }
    return None
