"""To a finer scale."""

import keras

from zero_dce_keras.models.mirnet.octaves import Octaves
from zero_dce_keras.models.mirnet.residual_up_sample import ResidualUpSample


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class UpSample(Octaves):
    """Height and width multiplied by `factor`, channels divided by it.

    `(B, H, W, C)` → `(B, H · factor, W · factor, C / factor)`, by one
    `ResidualUpSample` for every power of two.

    Args:
        channels: channels C of the input, a multiple of `factor`.
        factor: 2, 4, 8 …
        **kwargs: `name` and `dtype`, as for every layer.

    Raises:
        ValueError: if `factor` is not a power of two above 1, or does not divide
            `channels`.

    Example:
        >>> import numpy as np
        >>> UpSample(16, factor=4)(np.ones((1, 8, 12, 16), "float32")).shape == (1, 32, 48, 4)
        True

    Source: section 3.4 of https://arxiv.org/abs/2003.06792; `UpSample` in
    `networks/MIRNet_model.py` of https://github.com/swz30/MIRNet.
    """

    def make_steps(self, count):
        if self.channels % self.factor:
            raise ValueError(
                f"channels must be a multiple of factor={self.factor}. "
                f"Received: {self.channels}"
            )
        return [
            ResidualUpSample(self.channels // 2**step, dtype=self.dtype_policy)
            for step in range(count)
        ]
