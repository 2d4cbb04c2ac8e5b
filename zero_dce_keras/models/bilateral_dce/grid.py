"""Curves of a low-resolution grid at every pixel.

All sizes of picture: places are shares of its height and width.
"""

import keras
from keras import ops


class SliceGrid(keras.layers.Layer):
    """`slice_grid` as a layer, for images of any size.

    Args:
        num_maps: n.
        **kwargs: `name` and `dtype`, as for every layer.
    """

    def __init__(self, num_maps, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.num_maps = num_maps

    def call(self, grid, images):
        return slice_grid(grid, images, self.num_maps)

    def compute_output_shape(self, grid_shape, images_shape):
        return (*images_shape[:3], self.num_maps)


def slice_grid(grid, images, num_maps, rows=None, columns=None):
    """Return the curve maps of images from their bilateral grid.

    Linear between the nodes, in height, width and brightness. The brightness of a pixel
    is the square root of its brightest channel: nodes lie closer in the dark.

    Args:
        grid: float tensor `(B, G, G, Z·n)`, the n maps of the darkest node first.
        images: float tensor `(B, H, W, 3)` in [0, 1].
        num_maps: n.
        rows, columns: tensors `(H, G)` and `(W, G)` from `node_shares`, where the images
            are parts of those the grid is of.

    Returns:
        float tensor `(B, H, W, n)`.

    Source: Chen, Paris and Durand, SIGGRAPH 2007 (bilateral grid); Gharbi et al.,
    SIGGRAPH 2017 (a network's curves in one).
    """
    height, width = ops.shape(images)[1:3]
    size = grid.shape[1]
    rows = node_shares(height, size) if rows is None else rows
    columns = node_shares(width, size) if columns is None else columns
    brightest = ops.max(images, axis=-1)
    return ops.stack(slice_planes(grid, brightest, num_maps, rows, columns), axis=-1)


def slice_planes(grid, brightest, num_maps, rows, columns):
    """Return the n curve maps of `slice_grid`, each `(B, H, W)`, as a list.

    Args:
        grid, num_maps, rows, columns: as of `slice_grid`.
        brightest: float tensor `(B, H, W)`, the brightest channel of the images.
    """
    size, channels = grid.shape[1], grid.shape[3]
    height = ops.shape(rows)[0]
    planes = ops.reshape(grid, (-1, size, size * channels))
    planes = ops.reshape(ops.matmul(rows, planes), (-1, height, size, channels))
    planes = ops.transpose(planes, (0, 3, 1, 2))  # (B, Z·n, H, G), then (B, Z·n, H, W)
    planes = ops.matmul(planes, ops.transpose(columns))
    nodes = channels // num_maps
    if nodes == 1:
        return [planes[:, i] for i in range(num_maps)]
    places = (nodes - 1) * ops.sqrt(brightest)
    shares = [ops.maximum(1 - ops.abs(places - k), 0) for k in range(nodes)]
    return [
        sum(shares[k] * planes[:, k * num_maps + i] for k in range(nodes))
        for i in range(num_maps)
    ]


def node_shares(length, size):
    """Return the matrix `(length, size)` of how much each node counts at each pixel.

    Nodes lie in the centres of `size` equal parts; outside the outermost ones the curves
    stay as they are there.
    """
    places = (ops.arange(length, dtype="float32") + 0.5) * (
        size / ops.cast(length, "float32")
    )
    places = ops.clip(places - 0.5, 0, size - 1)
    nodes = ops.arange(size, dtype="float32")
    return ops.maximum(1 - ops.abs(places[:, None] - nodes), 0)


def apply_shared_curves(images, curve_maps, num_iterations, ratio_share):
    """Apply one curve a pixel to its three channels.

    Curves on each channel draw colours together, towards grey; multiplying the three by
    what the curve gives the brightest one keeps their ratios and can make noise glow.
    The result is between the two. Grey stays grey in both, and 0 and 1 what they are.

    Args:
        images: float tensor `(B, H, W, 3)` in [0, 1].
        curve_maps: float tensor `(B, H, W, n)` in [−1, 1]; see `apply_curves`.
        num_iterations: how often to apply a curve; iteration i uses map `i mod n`.
        ratio_share: float in [0, 1], how much of the result keeps the ratios.

    Returns:
        float tensor `(B, H, W, 3)` in [0, 1].
    """
    num_maps = curve_maps.shape[-1]
    x = images = ops.convert_to_tensor(images)
    curve_maps = ops.convert_to_tensor(curve_maps)
    for i in range(num_iterations):
        k = i % num_maps
        x = x + curve_maps[..., k : k + 1] * (x * x - x)
    return keep_ratios(images, x, ratio_share)


def keep_ratios(images, curved, share, channels=-1):
    """Draw curved images towards the ratios that the three channels had.

    Args:
        images: float tensor `(B, H, W, 3)` in [0, 1].
        curved: what the curves made of them.
        share: float in [0, 1], how far.
        channels: which axis the channels are.
    """
    if not share:
        return curved
    brightest = ops.max(images, axis=channels, keepdims=True)
    # A curve keeps the order of brightness: the brightest channel stays the brightest.
    gain = ops.max(curved, axis=channels, keepdims=True) / ops.maximum(brightest, 1e-4)
    return (1 - share) * curved + share * gain * images


def curve_disorder(grid, num_maps):
    """Measure where the curves of a place make what is brighter darker.

    At 17 brightnesses v, closer in the dark, what the curves of a place give rises by
    its slope; the squares of what these lack to 0.1 are averaged.

    Args:
        grid: float tensor `(B, G, G, Z·n)`, see `slice_grid`.
        num_maps: n.

    Returns:
        float tensor `(B,)`; 0 where all curves rise everywhere.
    """
    nodes = grid.shape[3] // num_maps
    size = grid.shape[1]
    grid = ops.reshape(grid, (-1, size, size, nodes, num_maps))
    roots = ops.linspace(0.0, 1.0, 17)
    brightness = roots * roots
    shares = ops.maximum(
        1 - ops.abs((nodes - 1) * roots[:, None] - ops.arange(nodes, dtype="float32")),
        0,
    )
    x = brightness
    for i in range(num_maps):
        x = x + ops.matmul(grid[..., i], ops.transpose(shares)) * (x * x - x)
    slopes = (x[..., 1:] - x[..., :-1]) / (brightness[1:] - brightness[:-1])
    return ops.mean(ops.square(ops.maximum(0.1 - slopes, 0)), axis=(1, 2, 3))
