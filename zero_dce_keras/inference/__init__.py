"""Enhancing photographs with a trained model: arrays in, arrays out.

Names load on first use: an `Enhancer` of the default preset needs no Keras.
"""

from zero_dce_keras.lazy import lazy_names

_HOME_OF = {
    "EnhanceOptions": f"{__name__}.options",
    "Enhancer": f"{__name__}.enhancer",
    "infer": f"{__name__}.enhancer",
    "without_network": f"{__name__}.baseline",
}

__all__ = [*sorted(_HOME_OF)]  # noqa: PLE0604

__getattr__, __dir__ = lazy_names(__name__, _HOME_OF)
