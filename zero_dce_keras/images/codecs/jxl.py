"""JPEG XL, through the extra `jxl` (pillow-jxl-plugin)."""

from zero_dce_keras.extras import require


def register():
    """Teach Pillow to read JPEG XL.

    Raises:
        ImportError: the extra is missing.
    """
    require("pillow_jxl")
