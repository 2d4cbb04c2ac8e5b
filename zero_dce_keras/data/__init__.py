"""Data sets: LOL, the embedded sample, a folder of photographs; splits and batches.

What needs Keras loads on first use.
"""

from zero_dce_keras.data.home import data_home
from zero_dce_keras.data.lol import LOL_URL, find_lol, load_lol, split_lol
from zero_dce_keras.data.open_splits import (
    DATASETS,
    find_split,
    find_test_pairs,
    open_splits,
)
from zero_dce_keras.data.pairs import Pair, find_pairs
from zero_dce_keras.data.read_pairs import read_pairs
from zero_dce_keras.data.sample import find_sample, load_sample
from zero_dce_keras.data.splits import Splits, split_at_scenes
from zero_dce_keras.lazy import lazy_names

__all__ = [
    "DATASETS",
    "LOL_URL",
    "Augmentation",
    "Pair",
    "PhotoBatches",
    "Splits",
    "augment",
    "data_home",
    "find_lol",
    "find_pairs",
    "find_sample",
    "find_split",
    "find_test_pairs",
    "load_lol",
    "load_sample",
    "make_dataset",
    "open_splits",
    "read_pairs",
    "split_at_scenes",
    "split_lol",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Augmentation": "zero_dce_keras.data.augmentation",
        "PhotoBatches": "zero_dce_keras.data.photo_batches",
        "augment": "zero_dce_keras.data.augmentation",
        "make_dataset": "zero_dce_keras.data.pipeline",
    },
)
