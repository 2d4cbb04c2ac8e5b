"""The network of Zero-DCE++ for the fast path, compiled by Numba.

It looks at so few pixels (160×90 of a 1920×1080 photograph) that handing them from layer
to layer of a Keras model takes longer than what the layers compute.
"""

import numpy as np
from numba import njit, prange

from zero_dce_keras.inference.fast_kernels import OPTIONS, tasks

TILE = 4  # channels that are mixed at a time; zeros fill up their number


class FastNetwork:
    """What `build_dce_net_plus_plus` builds, on the processor's cores, in float32.

    Args:
        model: such a model. Its weights are copied: those of later training are not seen.
    """

    def __init__(self, model):
        weights = model.get_weights()
        self._layers = len(weights) // 4
        channels = -(-max(kernel.shape[-1] for kernel in weights[2::4]) // TILE) * TILE
        channels = max(channels, TILE)
        # Each layer reads one or two features, and has weights for each.
        self._sources = np.full((self._layers, 2), -1)
        self._inputs = np.zeros(self._layers, int)
        self._outputs = np.zeros(self._layers, int)
        shape = (self._layers, 2, channels)
        self._depthwise = np.zeros((*shape, 10), np.float32)  # 3×3 and a bias
        self._pointwise = np.zeros((*shape, channels), np.float32)
        self._bias = np.zeros((self._layers, channels), np.float32)
        for layer in range(self._layers):
            self._copy(layer, *weights[4 * layer : 4 * layer + 4])
        self._features = np.zeros((0, 0, channels, 0), np.float32)

    def _copy(self, layer, depthwise, depthwise_bias, pointwise, bias):
        inputs, outputs = pointwise.shape[2:]
        skips = layer > self._layers // 2
        sources = [self._layers - layer, layer] if skips else [layer]
        self._inputs[layer] = -(-inputs // len(sources) // TILE) * TILE
        self._outputs[layer] = -(-outputs // TILE) * TILE
        self._bias[layer, :outputs] = bias
        for number, source in enumerate(sources):
            self._sources[layer, number] = source
            part = slice(number * inputs // len(sources), (number + 1) * inputs // len(sources))
            count = part.stop - part.start
            kernel = depthwise[:, :, part, 0].reshape(9, count).T
            self._depthwise[layer, number, :count, :9] = kernel
            self._depthwise[layer, number, :count, 9] = depthwise_bias[part]
            self._pointwise[layer, number, :count, :outputs] = pointwise[0, 0, part]

    def __call__(self, small):
        """The curve map of a small image.

        Not from two threads at once: features are kept for the next image of the size.

        Args:
            small: float32 array `(h, w, 3)` in [0, 1].

        Returns:
            float32 array `(h, 3, w)` in [−1, 1]: rows of planes.
        """
        height, width, _ = small.shape
        shape = (self._layers + 1, height + 2, self._bias.shape[1], width + 2)
        if self._features.shape != shape:
            self._features = np.zeros(shape, np.float32)  # the border stays 0
        self._features[0, 1:-1, :3, 1:-1] = small.transpose(0, 2, 1)
        run(
            self._features,
            self._sources,
            self._inputs,
            self._outputs,
            self._depthwise,
            self._pointwise,
            self._bias,
            tasks(),
        )
        return np.tanh(self._features[-1, 1:-1, :3, 1:-1])


@njit(parallel=True, **OPTIONS)
def run(features, sources, inputs, outputs, depthwise, pointwise, bias, tasks):
    """Compute features (h + 2, channels, w + 2) after features, with a border of zeros.

    Args:
        features: float32 (layers + 1, h + 2, channels, w + 2), the first of them the image.
        sources: ints (layers, 2), of which features a layer reads; −1 for none.
        inputs, outputs: ints (layers,), channels to read of each source and to write.
        depthwise: float32 (layers, 2, channels, 10), the kernels and biases.
        pointwise: float32 (layers, 2, channels, channels), from inputs to outputs.
        bias: float32 (layers, channels), of the pointwise convolutions.
        tasks: into how many the rows are divided.
    """
    layers, channels = bias.shape
    height, width = features.shape[1] - 2, features.shape[3] - 2
    for layer in range(layers):
        for task in prange(tasks):
            filtered = np.empty((channels, width), np.float32)
            mixed = np.empty((channels, width), np.float32)
            for y in range(task * height // tasks, (task + 1) * height // tasks):
                for o in range(outputs[layer]):
                    mixed[o] = bias[layer, o]
                for number in range(2):
                    source = sources[layer, number]
                    if source < 0:
                        continue
                    rows = features[source]
                    kernels = depthwise[layer, number]
                    for c in range(inputs[layer]):
                        above, here, below = rows[y, c], rows[y + 1, c], rows[y + 2, c]
                        _filter(above, here, below, kernels[c], filtered[c])
                    kernel = pointwise[layer, number]
                    for o in range(0, outputs[layer], 2):
                        for c in range(0, inputs[layer], 4):
                            _mix(filtered, kernel, c, o, mixed)
                out = features[layer + 1, y + 1]
                for o in range(outputs[layer]):
                    if layer + 1 < layers:
                        for x in range(width):
                            out[o, x + 1] = max(mixed[o, x], np.float32(0))
                    else:
                        out[o, 1:-1] = mixed[o]


@njit(**OPTIONS)
def _filter(a, b, c, kernel, out):
    """One channel's 3×3 convolution: of three rows (w + 2,), a row (w,)."""
    k0, k1, k2 = kernel[0], kernel[1], kernel[2]
    k3, k4, k5 = kernel[3], kernel[4], kernel[5]
    k6, k7, k8, bias = kernel[6], kernel[7], kernel[8], kernel[9]
    for x in range(out.shape[0]):
        upper = k0 * a[x] + k1 * a[x + 1] + k2 * a[x + 2]
        middle = k3 * b[x] + k4 * b[x + 1] + k5 * b[x + 2]
        lower = k6 * c[x] + k7 * c[x + 1] + k8 * c[x + 2]
        out[x] = bias + upper + middle + lower


@njit(**OPTIONS)
def _mix(filtered, kernel, c, o, mixed):
    """Add what 4 channels from the `c`-th on give to 2 from the `o`-th on."""
    p, q, r, s = filtered[c], filtered[c + 1], filtered[c + 2], filtered[c + 3]
    u, v = mixed[o], mixed[o + 1]
    p_u, q_u = kernel[c, o], kernel[c + 1, o]
    r_u, s_u = kernel[c + 2, o], kernel[c + 3, o]
    p_v, q_v = kernel[c, o + 1], kernel[c + 1, o + 1]
    r_v, s_v = kernel[c + 2, o + 1], kernel[c + 3, o + 1]
    for x in range(u.shape[0]):
        u[x] += p_u * p[x] + q_u * q[x] + r_u * r[x] + s_u * s[x]
        v[x] += p_v * p[x] + q_v * q[x] + r_v * r[x] + s_v * s[x]
