"""Camera RAW, through the extra `raw` (rawpy, that is LibRaw)."""

from PIL import Image

from zero_dce_keras.extras import require
from zero_dce_keras.images import metadata
from zero_dce_keras.images.unsupported_image_error import UnsupportedImageError


def read(file):
    """Develop a RAW file with the camera's white balance, as sRGB of 16 bits.

    The exposure stays the camera's: brightening is what comes next.

    Args:
        file: binary file.

    Returns:
        uint16 array of shape (H, W, 3), upright; EXIF block, b"" where Pillow cannot
        read the file's tags.

    Raises:
        ImportError: the extra is missing.
        UnsupportedImageError: LibRaw cannot read the file.
    """
    rawpy = require("rawpy")
    try:
        with rawpy.imread(file) as image:
            pixels = image.postprocess(
                use_camera_wb=True,
                no_auto_bright=True,
                output_bps=16,
                gamma=(2.4, 12.92),
            )
    except rawpy.LibRawError as error:
        text = error.args[0]
        text = text.decode(errors="replace") if isinstance(text, bytes) else text
        raise UnsupportedImageError(
            f"it is damaged or no RAW that LibRaw knows ({text})"
        ) from None
    return pixels, _exif(file)


def _exif(file):
    """Return the EXIF block: most cameras' RAW begins with the tags of a TIFF."""
    try:
        file.seek(0)
        tags = Image.Exif()
        tags.load_from_fp(file)
        return metadata.exif_of_tags(tags)
    except Exception:  # noqa: BLE001, some have formats of their own
        return b""
