"""What all compiled loops of the fast path have in common.

Numba stores what it compiled in `__pycache__`, and compiles again when a file has changed,
but not when one has that it imports from: after a change here, delete the `*.nbi` there.
"""

import numpy as np
from numba import get_num_threads, njit

from zero_dce_keras.images.luma import LUMA

f32 = np.float32
RED, GREEN, BLUE = map(f32, LUMA)
WHITE = f32(65535)  # of what lies between preparing and curves

# No NaN and no infinities in images; a division by zero is a bug, not an exception.
OPTIONS = {"fastmath": True, "error_model": "numpy", "nogil": True, "cache": True}
parallel = njit(parallel=True, **OPTIONS)
compiled = njit(**OPTIONS)
inlined = njit(inline="always", **OPTIONS)


def tasks():
    """Return into how many parts to divide rows: more than cores; one may be busy.

    Not asked in compiled code, where it would keep Numba from storing what it compiled.
    """
    return 4 * get_num_threads()


@inlined
def luma(r, g, b):
    """Return the luma of red, green and blue."""
    return RED * r + GREEN * g + BLUE * b
