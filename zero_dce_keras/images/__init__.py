"""Reading, writing, darkening and showing photographs: no TensorFlow, no Keras.

Names load on first use: the help of a command lists formats and needs no NumPy.
"""

from zero_dce_keras.images.formats import (
    IMAGE_SUFFIXES,
    PHOTOGRAPH_SUFFIXES,
    WRITTEN_FORMATS,
    format_of_path,
    written_suffix,
)
from zero_dce_keras.lazy import lazy_names

_HOMES = {
    "arrays": ["resize_image", "to_float", "to_uint8"],
    "camera": ["darken", "linear_to_srgb", "srgb_to_linear"],
    "listing": ["list_images"],
    "photograph": ["Photograph"],
    "plot": ["plot_history", "plot_result", "plot_results"],
    "read_write": ["read_image", "upright_rgb", "write_image"],
    "sheet": ["contact_sheet"],
    "tiles": ["cut_image", "cut_side"],
}
_HOME_OF = {
    name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names
}

__all__ = [  # noqa: PLE0604
    "IMAGE_SUFFIXES",
    "PHOTOGRAPH_SUFFIXES",
    "WRITTEN_FORMATS",
    "format_of_path",
    "written_suffix",
    *sorted(_HOME_OF),
]

__getattr__, __dir__ = lazy_names(__name__, _HOME_OF)
