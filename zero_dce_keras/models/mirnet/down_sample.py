"""To a coarser scale, without aliasing."""

import keras

from zero_dce_keras.models.mirnet.octaves import Octaves
from zero_dce_keras.models.mirnet.residual_down_sample import ResidualDownSample


@keras.saving.register_keras_serializable(package="zero_dce_keras")
class DownSample(Octaves):
    """Height and width divided by `factor`, channels multiplied by it.

    `(B, H, W, C)` → `(B, H / factor, W / factor, C · factor)`, sizes rounded up, by one
    `ResidualDownSample` for every power of two.

    Args:
        channels: channels C of the input.
        factor: 2, 4, 8 …
        **kwargs: `name` and `dtype`, as for every layer.

    Raises:
        ValueError: if `factor` is not a power of two above 1.

    Example:
        >>> import numpy as np
        >>> DownSample(4, factor=4)(np.ones((1, 32, 48, 4), "float32")).shape == (1, 8, 12, 16)
        True

    Source: section 3.4 of https://arxiv.org/abs/2003.06792; `DownSample` in
    `networks/MIRNet_model.py` of https://github.com/swz30/MIRNet.
    """

    def make_steps(self, count):
        return [
            ResidualDownSample(self.channels * 2**step, dtype=self.dtype_policy)
            for step in range(count)
        ]
