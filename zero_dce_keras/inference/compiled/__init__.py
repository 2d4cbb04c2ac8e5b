"""`BilateralDCE` compiled: one look at a miniature, one fused pass over the photograph.

What the layers do for a batch, operation by operation, these modules do for one image, on
all cores, without Keras. The pixels are those of the model, to a level of 8 bits.

1. `kernels.sum_cells`: the miniature, in one pass over the photograph;
2. `grid_net`: the network on the miniature, in NumPy;
3. `noise`: how noisy the photograph is, in NumPy, from patches of it;
4. `kernels.apply_grid`: filter and curves, in one pass over its rows.
"""

from zero_dce_keras.inference.compiled import first_use  # noqa: F401, it registers itself
from zero_dce_keras.inference.compiled.enhancer import CompiledCurves, CompiledEnhancer
from zero_dce_keras.inference.compiled.grid_curves import GridCurves

__all__ = ["CompiledCurves", "CompiledEnhancer", "GridCurves"]
