"""JPEG XL, through the extra `jxl` (pillow-jxl-plugin); all its bits through `tiff`."""

from PIL import Image

from zero_dce_keras.extras import require
from zero_dce_keras.images.containers.jxl import read_header, read_metadata
from zero_dce_keras.images.more_bits import decode_deep, note_on_depth
from zero_dce_keras.images.open_image import check_pixels
from zero_dce_keras.images.samples import samples_of
from zero_dce_keras.images.unsupported_image_error import UnsupportedImageError


def register(file):
    """Teach Pillow to read JPEG XL, which decodes it at once: its size is checked first.

    Raises:
        ImportError: the extra is missing.
        DecompressionBombError: the file has too many pixels.
    """
    require("pillow_jxl")
    _checked_header(file)


def read(file):
    """Read a JPEG XL.

    Args:
        file: binary file.

    Returns:
        uint8 or uint16 array `(H, W)` or `(H, W, 2 to 4)`, upright; dict of what goes with
        it. Of a JPEG that was packed without loss None, and the JPEG as `jpeg`.

    Raises:
        ImportError: the extra is missing.
        DecompressionBombError: the file has too many pixels.
        UnsupportedImageError: it is animated, or its samples have no defined white.
    """
    plugin = require("pillow_jxl")
    header = _checked_header(file)
    if header.is_animated:
        raise UnsupportedImageError("it is animated; give still photographs")
    file.seek(0)
    is_jpeg, about, data, profile, _ = plugin.Decoder(num_threads=-1)(file.read())
    if is_jpeg:
        return None, {"jpeg": bytes(data)}
    carried = read_metadata(file)
    image = Image.frombytes(about.mode, (about.width, about.height), bytes(data))
    samples = None
    if header.bits > 8 and about.mode != "F":
        samples = decode_deep("jpegxl_decode", file, image, header.bits)
    if samples is None:
        samples = samples_of(image)
        if header.bits > 8 * samples.itemsize:
            carried["notes"].append(note_on_depth(header.bits, "JXL"))
    return samples, carried | {"icc_profile": bytes(profile)}


def _checked_header(file):
    header = read_header(file)
    check_pixels(header.width, header.height)
    return header
