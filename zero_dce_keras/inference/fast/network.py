"""The network of Zero-DCE++ for the fast path, compiled by Numba.

It looks at so few pixels (160×90 of a 1920×1080 photograph) that handing them from layer
to layer of a Keras model takes longer than what the layers compute.
"""

import threading

import numpy as np
from numba import prange

from zero_dce_keras.inference.fast.loops import compiled, inlined, parallel, tasks

INPUTS, OUTPUTS, ROWS = 8, 2, 4  # channels and rows that are mixed at a time


class FastNetwork:
    """What `build_dce_net_plus_plus` builds, on the processor's cores, in float32.

    Args:
        model: such a model. Its weights are copied: those of later training are not seen.
    """

    def __init__(self, model):
        weights = _weights_of_layers(model)
        self._layers = len(weights)
        filters = weights[0][2].shape[-1]
        channels = _filled_up(filters, INPUTS)
        # Each layer reads one or two features, and has weights for each. Zeros fill up
        # their channels to multiples of what is mixed at a time.
        self._sources = np.full((self._layers, 2), -1)
        self._inputs = np.zeros(self._layers, int)
        self._outputs = np.zeros(self._layers, int)
        shape = (self._layers, 2, channels)
        self._depthwise = np.zeros((*shape, 10), np.float32)  # 3×3 and a bias
        self._pointwise = np.zeros((*shape, channels), np.float32)
        self._bias = np.zeros((self._layers, channels), np.float32)
        for layer in range(self._layers):
            self._copy(layer, *weights[layer])
        self._memory = threading.local()

    def _copy(self, layer, depthwise, depthwise_bias, pointwise, bias):
        skips = layer > self._layers // 2
        sources = [self._layers - layer, layer] if skips else [layer]
        inputs, outputs = pointwise.shape[2:]
        inputs //= len(sources)
        self._inputs[layer] = _filled_up(inputs, INPUTS)
        self._outputs[layer] = _filled_up(outputs, OUTPUTS)
        self._bias[layer, :outputs] = bias
        for number, source in enumerate(sources):
            self._sources[layer, number] = source
            part = slice(number * inputs, (number + 1) * inputs)
            kernels = depthwise[:, :, part, 0].reshape(9, inputs).T
            self._depthwise[layer, number, :inputs, :9] = kernels
            self._depthwise[layer, number, :inputs, 9] = depthwise_bias[part]
            self._pointwise[layer, number, :inputs, :outputs] = pointwise[0, 0, part]

    def __call__(self, small):
        """Estimate the curve map of a small image.

        Args:
            small: float32 array `(h, w, 3)` in [0, 1].

        Returns:
            float32 array `(h, 3, w)` in [−1, 1]: rows of planes.
        """
        height, width, _ = small.shape
        shape = (self._layers + 1, height + 2, self._bias.shape[1], width + 2)
        features = getattr(self._memory, "features", None)
        if features is None or features.shape != shape:
            features = self._memory.features = np.zeros(shape, np.float32)
        features[0, 1:-1, :3, 1:-1] = small.transpose(0, 2, 1)
        run_layers(
            features,
            self._sources,
            self._inputs,
            self._outputs,
            self._depthwise,
            self._pointwise,
            self._bias,
            tasks(),
        )
        return np.tanh(features[-1, 1:-1, :3, 1:-1])


def _weights_of_layers(model):
    """Kernel and bias of each depthwise and pointwise convolution, as arrays."""
    convolutions = [layer for layer in model.layers if layer.weights]
    names = [
        f"{kind}_{k}"
        for k in range(1, len(convolutions) // 2 + 1)
        for kind in ("depthwise", "pointwise")
    ]
    pairs = [model.get_layer(name).get_weights() for name in names]
    return [(*a, *b) for a, b in zip(pairs[::2], pairs[1::2], strict=True)]


def _filled_up(count, step):
    return -(-count // step) * step


@parallel
def run_layers(features, sources, inputs, outputs, depthwise, pointwise, bias, tasks):
    """Compute features (h + 2, channels, w + 2) after features, with a border of zeros.

    Args:
        features: float32 (layers + 1, h + 2, channels, w + 2), the first of them the image.
        sources: ints (layers, 2), which features a layer reads; −1 for none.
        inputs, outputs: ints (layers,), channels to read of each source and to write.
        depthwise: float32 (layers, 2, channels, 10), the kernels and biases.
        pointwise: float32 (layers, 2, channels, channels), from inputs to outputs.
        bias: float32 (layers, channels), of the pointwise convolutions.
        tasks: into how many parts the rows are divided.
    """
    layers, channels = bias.shape
    height, width = features.shape[1] - 2, features.shape[3] - 2
    for layer in range(layers):
        for task in prange(tasks):
            filtered = np.empty((channels, ROWS * width), np.float32)
            mixed = np.empty((channels, ROWS * width), np.float32)
            last = (task + 1) * height // tasks
            for first in range(task * height // tasks, last, ROWS):
                count = min(ROWS, last - first)
                for o in range(outputs[layer]):
                    mixed[o] = bias[layer, o]
                for number in range(2):
                    source = sources[layer, number]
                    if source < 0:
                        continue
                    for c in range(inputs[layer]):
                        kernel = depthwise[layer, number, c]
                        for k in range(count):
                            above = features[source, first + k, c]
                            here = features[source, first + k + 1, c]
                            below = features[source, first + k + 2, c]
                            out = filtered[c, k * width : (k + 1) * width]
                            _filter(above, here, below, kernel, out)
                    kernel = pointwise[layer, number]
                    for o in range(0, outputs[layer], OUTPUTS):
                        for c in range(0, inputs[layer], INPUTS):
                            _mix(filtered, kernel, c, o, count * width, mixed)
                rectify = layer + 1 < layers
                for o in range(outputs[layer]):
                    for k in range(count):
                        row = mixed[o, k * width : (k + 1) * width]
                        _write(row, rectify, features[layer + 1, first + k + 1, o])


@compiled
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


@compiled
def _mix(filtered, kernel, c, o, count, mixed):
    """Add what channels `c` to `c + 7` give to channels `o` and `o + 1`."""
    first, second = mixed[o], mixed[o + 1]
    p, q, r, s = filtered[c], filtered[c + 1], filtered[c + 2], filtered[c + 3]
    t, u, v, w = filtered[c + 4], filtered[c + 5], filtered[c + 6], filtered[c + 7]
    a, b = _column(kernel, c, o), _column(kernel, c, o + 1)
    for x in range(count):
        values = p[x], q[x], r[x], s[x], t[x], u[x], v[x], w[x]
        first[x] += _product(a, values)
        second[x] += _product(b, values)


@inlined
def _column(kernel, c, o):
    k = kernel
    upper = k[c, o], k[c + 1, o], k[c + 2, o], k[c + 3, o]
    return (*upper, k[c + 4, o], k[c + 5, o], k[c + 6, o], k[c + 7, o])


@inlined
def _product(a, b):
    upper = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]
    return upper + a[4] * b[4] + a[5] * b[5] + a[6] * b[6] + a[7] * b[7]


@compiled
def _write(row, rectify, out):
    out = out[1:]
    if rectify:
        for x in range(row.shape[0]):
            out[x] = max(row[x], np.float32(0))
    else:
        for x in range(row.shape[0]):
            out[x] = row[x]
