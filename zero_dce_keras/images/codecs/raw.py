"""Camera RAW, through the extra `raw` (rawpy, that is LibRaw)."""

import io

from zero_dce_keras.extras import require
from zero_dce_keras.images.containers.jpeg import APP1, EXIF, read_segments
from zero_dce_keras.images.containers.tiff import about_the_photograph
from zero_dce_keras.images.open_image import check_pixels
from zero_dce_keras.images.tiff_tags import IPTC, XMP, pack_block, read_tags
from zero_dce_keras.images.unsupported_image_error import UnsupportedImageError

TAGS = range(
    254, 50_000
)  # below and above lie those of the makers' and DNG's own pixels


def read(file):
    """Develop a RAW file with the camera's white balance, as sRGB of 16 bits.

    The exposure stays the camera's: brightening is what comes next.

    Args:
        file: binary file.

    Returns:
        uint16 array of shape (H, W, 3), upright; dict of what goes with it: `exif`, from
        the file's tags or else from its preview, `xmp`, `iptc`, `notes`.

    Raises:
        ImportError: the extra is missing.
        UnsupportedImageError: LibRaw cannot read the file.
    """
    rawpy = require("rawpy")
    file.seek(0)
    try:
        with rawpy.imread(file) as image:
            check_pixels(image.sizes.width, image.sizes.height)
            pixels = image.postprocess(
                use_camera_wb=True,
                no_auto_bright=True,
                output_bps=16,
                gamma=(2.4, 12.92),
            )
            carried = _of_tags(file)
            if not carried["exif"]:
                carried["exif"] = _exif_of_preview(rawpy, image)
    except rawpy.LibRawError as error:
        text = error.args[0]
        text = text.decode(errors="replace") if isinstance(text, bytes) else text
        raise UnsupportedImageError(
            f"it is damaged or no RAW that LibRaw knows ({text})"
        ) from None
    if not carried["exif"]:
        carried["notes"] = ["its EXIF cannot be read and is left out"]
    return pixels, carried


def _of_tags(file):
    """Return what the tags say: most cameras' RAW begins as a TIFF does."""
    try:
        tags = read_tags(file)
    except ValueError:  # some have formats of their own
        tags = {}
    kept = about_the_photograph(tags)
    kept = {number: tag for number, tag in kept.items() if number in TAGS}
    return {
        "exif": pack_block(kept),
        "xmp": tags[XMP].value if XMP in tags else b"",
        "iptc": tags[IPTC].value.rstrip(b"\0") if IPTC in tags else b"",
    }


def _exif_of_preview(rawpy, image):
    """Return the EXIF of the JPEG that shows a preview."""
    try:
        preview = image.extract_thumb()
    except rawpy.LibRawError:
        return b""
    if preview.format != rawpy.ThumbFormat.JPEG:
        return b""
    segments, _ = read_segments(io.BytesIO(preview.data))
    blocks = [d for m, d in segments if m == APP1 and d.startswith(EXIF)]
    return blocks[0].removeprefix(EXIF) if blocks else b""
