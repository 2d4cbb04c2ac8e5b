"""Applying tone curves to a picture."""

from keras import ops


def apply_curves(images, curve_maps, num_iterations=None):
    """Brighten images by applying their curve maps again and again.

    Each iteration computes `x ← x + α·(x·x − x)` for every pixel and channel; a negative
    α brightens, a positive one darkens, 0 leaves x as it is. Iteration i uses map
    `i mod n`, so fewer and more iterations than the n maps are both defined. Images in
    [0, 1] stay in [0, 1] for maps in [−1, 1].

    Args:
        images: float tensor `(B, H, W, 3)` in [0, 1].
        curve_maps: float tensor `(B, H, W, 3·n)` in [−1, 1], as DCE-Net gives them.
        num_iterations: how many times to apply a curve; 0 is the identity. The number
            of maps n by default.

    Returns:
        float tensor `(B, H, W, 3)` in [0, 1].

    Raises:
        ValueError: if `num_iterations` is negative, or the channels of `curve_maps` are
            not a positive multiple of 3.

    Example: α = −1 takes 0.5 to 0.75.

    >>> import numpy as np
    >>> grey = np.full((1, 1, 1, 3), 0.5, dtype="float32")
    >>> float(apply_curves(grey, -np.ones((1, 1, 1, 3), dtype="float32"))[0, 0, 0, 0])
    0.75

    Source: equations 1–3 of https://arxiv.org/abs/2001.06826.
    """
    channels = curve_maps.shape[-1]
    if channels is None or channels == 0 or channels % 3:
        raise ValueError(
            "curve_maps must have a positive multiple of 3 channels. "
            f"Received shape: {tuple(curve_maps.shape)}"
        )
    num_maps = channels // 3
    if num_iterations is None:
        num_iterations = num_maps
    if num_iterations < 0:
        raise ValueError(
            f"num_iterations must not be negative. Received: {num_iterations}"
        )
    maps = ops.split(curve_maps, num_maps, axis=-1)  # n × (B, H, W, 3)
    x = ops.convert_to_tensor(images)
    for i in range(num_iterations):
        x = x + maps[i % num_maps] * (x * x - x)
    return x
