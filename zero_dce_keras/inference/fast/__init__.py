"""The fast path: the layers of a `ZeroDCEPlusPlus` as loops, compiled by Numba.

What layers do for a batch, operation by operation, these modules do for one image, row by
row and on all cores:

1. `metering`, `exposure`: how bright the photograph is;
2. `prepare`: filter, exposure, and a small copy;
3. `network`: curves of the small copy;
4. `curves`: stretched to full size and applied.

Between 2 and 4, a photograph is kept as rows of planes (H, 3, W) of 16 bits: half the
memory traffic of floats.
"""

from zero_dce_keras.inference.fast.enhancer import FastCurves, FastEnhancer

__all__ = ["FastCurves", "FastEnhancer"]
