"""Opening an image file; whatever is wrong with it becomes one line."""

import io
from contextlib import contextmanager

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

# No others are tried: some of Pillow's readers start programs (EPS), and every one is
# a door for damaged files. MPO is what phones put into .jpg; HEIF comes with the extra.
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIF")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

# What to do to an image, by the value of its EXIF orientation tag; 1 is upright.
TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@contextmanager
def readable(source):
    """A file to read `source` from, whose errors name it in one line.

    Args:
        source: path of an image, or its content as bytes.

    Yields:
        Binary file, open for reading.

    Raises:
        OSError: the file is missing or may not be read.
        ValueError: whatever else goes wrong inside the `with` block.
    """
    is_bytes = isinstance(source, bytes)
    name = "standard input" if is_bytes else f"'{source}'"
    try:
        with io.BytesIO(source) if is_bytes else open(source, "rb") as file:
            yield file
    except UnidentifiedImageError:
        raise ValueError(
            f"Cannot read {name}: it is empty or not an image. "
            "Give a PNG, JPEG, WebP, TIFF or BMP file."
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(
            f"Cannot read {name}: it has more pixels than Pillow's limit, "
            f"{2 * (Image.MAX_IMAGE_PIXELS or 0):,}. "
            "If you trust it, raise PIL.Image.MAX_IMAGE_PIXELS."
        ) from None
    except Refused as error:
        raise ValueError(f"Cannot read {name}: {error}") from None
    except Exception as error:  # noqa: BLE001, damaged files raise errors of any type
        if isinstance(error, OSError) and error.errno:  # from the file system
            raise type(error)(
                f"Cannot read {name}: {error.strerror}. "
                "Check the path and its permissions."
            ) from None
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"Cannot read {name}: it is damaged or of a kind that is not "
            f"supported ({reason}). Save it again as an 8-bit PNG or JPEG."
        ) from None


class Refused(Exception):
    """An image that is whole but cannot be taken; its text ends a line of `readable`."""


def open_image(file):
    """`PIL.Image.open` for the formats of this package, HEIC among them."""
    file.seek(0)
    head = file.read(12)
    if head[4:8] == b"ftyp" and head[8:] in HEIF_BRANDS:
        _register_heif()
    file.seek(0)
    return Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN])


def orientation(image):
    """EXIF orientation, 1 (upright) when there is none or it cannot be read."""
    try:
        # Not image.getexif(): that of a PNG decodes the pixels.
        return int(Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001, damaged metadata raise errors of any type
        return 1


def turn_upright(pixels, orientation):
    """An array (H, W, …) turned as its EXIF orientation says."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _register_heif():
    try:
        import pillow_heif
    except ImportError:
        raise Refused(
            "HEIC needs the extra `heic`: pip install 'zero_dce_keras[heic]'"
        ) from None
    pillow_heif.register_heif_opener()
