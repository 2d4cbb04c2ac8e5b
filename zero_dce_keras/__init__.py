"""Low-light photo enhancement with Zero-DCE, for Keras 3 and TensorFlow.

Names load on first use: importing the package imports neither Keras nor TensorFlow.
"""

from zero_dce_keras import models
from zero_dce_keras.lazy import lazy_names
from zero_dce_keras.losses.table import LOSSES
from zero_dce_keras.version import __version__

_HOMES = {
    "zero_dce_keras.data": [
        "Augmentation",
        "find_lol",
        "find_pairs",
        "load_lol",
        "load_sample",
        "make_dataset",
    ],
    "zero_dce_keras.images": [
        "plot_history",
        "plot_result",
        "plot_results",
        "read_image",
        "write_image",
    ],
    "zero_dce_keras.inference": ["EnhanceOptions", "Enhancer", "infer"],
    "zero_dce_keras.losses": [loss.class_name for loss in LOSSES],
    "zero_dce_keras.metrics": ["calculate_psnr"],
    "zero_dce_keras.models": models.__all__,
    "zero_dce_keras.serving": ["export_portable", "export_saved_model"],
    "zero_dce_keras.training": ["RECIPES", "Recipe", "train"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]  # noqa: PLE0604

__getattr__, __dir__ = lazy_names(__name__, _HOME_OF)
