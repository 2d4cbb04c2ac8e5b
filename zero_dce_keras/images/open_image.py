"""Opening an image file; whatever is wrong with it becomes one line."""

import io
from contextlib import contextmanager

from PIL import Image, PngImagePlugin, UnidentifiedImageError

from zero_dce_keras.errors import one_line
from zero_dce_keras.images.formats import FORMATS, WRITTEN_FORMATS
from zero_dce_keras.images.unsupported_image_error import UnsupportedImageError


@contextmanager
def readable(source, name=None):
    """Open a file to read an image from; what goes wrong with it names it in one line.

    Args:
        source: path of an image, or its content as bytes.
        name: str, of what the bytes are the content of. Default: standard input.

    Yields:
        Binary file, open for reading.

    Raises:
        OSError: the file is missing or may not be read.
        ValueError: whatever else goes wrong inside the `with` block.
    """
    is_bytes = isinstance(source, bytes)
    if is_bytes:
        name = "standard input" if name is None else f"'{name}'"
    else:
        name = f"'{source}'"
    try:
        with io.BytesIO(source) if is_bytes else open(source, "rb") as file:
            yield file
    except UnidentifiedImageError:
        if _begins(source, b"8BPS"):
            raise ValueError(
                f"Cannot read {name}: of Photoshop's files those of 8 bits are read; save "
                "it as TIFF."
            ) from None
        *names, last = [image_format.name for image_format in WRITTEN_FORMATS]
        raise ValueError(
            f"Cannot read {name}: it is empty or not an image. "
            f"Give a {', '.join(names)} or {last} file."
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(
            f"Cannot read {name}: it has more pixels than the limit, "
            f"{2 * (Image.MAX_IMAGE_PIXELS or 0):,}. If you trust it, raise "
            "--max-megapixels (in Python PIL.Image.MAX_IMAGE_PIXELS, half of the limit)."
        ) from None
    except (UnsupportedImageError, ImportError) as error:
        raise ValueError(f"Cannot read {name}: {error}") from None
    except Exception as error:  # noqa: BLE001, damaged files raise errors of any type
        if isinstance(error, OSError) and error.errno:  # from the file system
            raise type(error)(
                f"Cannot read {name}: {error.strerror}. "
                "Check the path and its permissions."
            ) from None
        raise ValueError(
            f"Cannot read {name}: it is damaged or of a kind that is not "
            f"supported ({one_line(error)}). Save it again as an 8-bit PNG or JPEG."
        ) from None


def _begins(source, beginning):
    if isinstance(source, bytes):
        return source.startswith(beginning)
    with open(source, "rb") as file:
        return file.read(len(beginning)) == beginning


# Text of a PNG, unpacked: Pillow refuses more than 1 MB, which XMP may have.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = 2**26


def limit_pixels(most):
    """Refuse images of more pixels, before they are decoded."""
    Image.MAX_IMAGE_PIXELS = most // 2  # Pillow warns there, and refuses twice as many


def check_pixels(width, height):
    """Raise `DecompressionBombError` for an image that Pillow would refuse."""
    if Image.MAX_IMAGE_PIXELS and width * height > 2 * Image.MAX_IMAGE_PIXELS:
        raise Image.DecompressionBombError


def open_image(file):
    """Open a binary file with Pillow, as one of the formats of this package."""
    file.seek(0)
    beginning = file.read(12)
    for each in FORMATS:
        if not each.is_known_by_name and each.begins(beginning):
            each.load_codec().register(file)
    file.seek(0)
    Image.init()  # fills Image.OPEN
    return Image.open(file, formats=[x.name for x in FORMATS if x.name in Image.OPEN])
