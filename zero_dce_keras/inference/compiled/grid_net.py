"""The network of `BilateralDCE` in NumPy: for one miniature, with no start-up time."""

import numpy as np

from zero_dce_keras.models.bilateral_constants import DILATIONS


class GridNet:
    """What `build_grid_net` builds, from a dict of its weights.

    Args:
        weights: dict from layers' names to lists of arrays, kernel and bias.
    """

    def __init__(self, weights):
        self._weights = weights

    def __call__(self, miniature):
        """Return the curves `(G, G, Z·n)` of a miniature `(S, S, 3)` in [0, 1]."""
        features = np.concatenate([miniature, np.sqrt(miniature + 1e-4)], axis=-1)
        x = _rectified(self._convolve("half_size", features, stride=2))
        x = _rectified(self._convolve("quarter_size", x, stride=2))
        for number, dilation in enumerate(DILATIONS, 1):
            name = f"block_{number}"
            change = _rectified(self._convolve(name, x, dilation=dilation))
            if f"whole_{number}" in self._weights:
                whole = np.concatenate([x.mean((0, 1)), x.max((0, 1))])
                whole = _rectified(self._dense(f"whole_{number}", whole))
                change = change + self._dense(f"told_{number}", whole)
            x = x + change
        return np.tanh(self._dense("curves", x))

    def _dense(self, name, x):
        kernel, bias = self._weights[name]
        return x @ kernel.reshape(-1, kernel.shape[-1]) + bias

    def _convolve(self, name, x, stride=1, dilation=1):
        """Compute a 3×3 convolution of `(H, W, C)`, padded as Keras pads "same"."""
        kernel, bias = self._weights[name]
        height, width, channels = x.shape
        # Of an even size, a stride of 2 puts all the padding behind the last pixel.
        before, after = (0, 1) if stride == 2 else (dilation, dilation)
        padded = np.pad(x, ((before, after), (before, after), (0, 0)))
        taps = [
            padded[
                dilation * i : dilation * i + height : stride,
                dilation * j : dilation * j + width : stride,
            ]
            for i in range(3)
            for j in range(3)
        ]
        columns = np.stack(taps, axis=2)  # (h, w, 9, C)
        columns = columns.reshape(*columns.shape[:2], 9 * channels)
        return columns @ kernel.reshape(9 * channels, -1) + bias


def _rectified(x):
    return np.maximum(x, 0)
