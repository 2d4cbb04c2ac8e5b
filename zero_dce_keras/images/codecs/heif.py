"""HEIC, through the extra `heic` (pillow-heif)."""

from zero_dce_keras.images.unsupported_image_error import UnsupportedImageError


def register():
    """Teach Pillow to read HEIC.

    Raises:
        UnsupportedImageError: the extra is missing.
    """
    try:
        import pillow_heif
    except ImportError:
        raise UnsupportedImageError(
            "HEIC needs the extra `heic`: pip install 'zero_dce_keras[heic]'"
        ) from None
    pillow_heif.register_heif_opener()
