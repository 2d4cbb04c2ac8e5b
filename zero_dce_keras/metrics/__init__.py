"""How close an enhanced photograph is to its reference.

`image_quality` scores batches inside training and on every Keras backend;
`calculate_psnr` scores two images on the NumPy side. `docs/metrics.md` has the
protocol of the published numbers, and the habits that inflate them.
"""

from zero_dce_keras.metrics.array_psnr import calculate_psnr
from zero_dce_keras.metrics.image_quality import (
    mean_absolute_error,
    mean_squared_error,
    psnr,
    ssim,
)

__all__ = [
    "calculate_psnr",
    "mean_absolute_error",
    "mean_squared_error",
    "psnr",
    "ssim",
]
