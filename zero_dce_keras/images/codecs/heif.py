"""HEIC, through the extra `heic` (pillow-heif)."""

from zero_dce_keras.extras import require


def register(file):
    """Teach Pillow to read HEIC.

    Raises:
        ImportError: the extra is missing.
    """
    require("pillow_heif").register_heif_opener()
