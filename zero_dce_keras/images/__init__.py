"""Reading, writing, darkening and showing photographs: no TensorFlow, no Keras."""

from zero_dce_keras.images.camera import darken, linear_to_srgb, srgb_to_linear
from zero_dce_keras.images.photograph import (
    PHOTOGRAPH_SUFFIXES,
    Photograph,
    photograph_of,
    read_photograph,
    to_pil,
    write_photograph,
)
from zero_dce_keras.images.plot import (
    contact_sheet,
    plot_history,
    plot_result,
    plot_results,
)
from zero_dce_keras.images.read_write import (
    IMAGE_SUFFIXES,
    list_images,
    read_image,
    resize_image,
    to_float,
    to_uint8,
    upright_rgb,
    write_image,
)
from zero_dce_keras.images.tiles import cut_image, cut_side

__all__ = [
    "IMAGE_SUFFIXES",
    "PHOTOGRAPH_SUFFIXES",
    "Photograph",
    "contact_sheet",
    "cut_image",
    "cut_side",
    "darken",
    "linear_to_srgb",
    "list_images",
    "photograph_of",
    "plot_history",
    "plot_result",
    "plot_results",
    "read_image",
    "read_photograph",
    "resize_image",
    "srgb_to_linear",
    "to_float",
    "to_pil",
    "to_uint8",
    "upright_rgb",
    "write_image",
    "write_photograph",
]
