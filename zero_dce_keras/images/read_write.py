"""Photographs on disk and the arrays that the package works with."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from zero_dce_keras.files import replacing
from zero_dce_keras.images.open_image import (
    TRANSPOSITIONS,
    open_image,
    orientation,
    readable,
)

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")


def read_image(path):
    """Reads a photograph upright, as 8-bit RGB.

    The file type is found from the content, not from the name. Grey, palette, CMYK
    and 16-bit grey images are converted, alpha is dropped, and of an animated image
    the first frame is read.

    Args:
        path: str or `pathlib.Path`.

    Returns:
        uint8 array of shape (H, W, 3), RGB, EXIF orientation applied.

    Raises:
        OSError: the file is missing or may not be read (`FileNotFoundError`,
            `PermissionError`, `IsADirectoryError`).
        ValueError: the file is empty, truncated, too large, or not a photograph.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from zero_dce_keras.images import read_image, write_image
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     write_image(f"{directory}/dark.png", np.zeros((32, 48, 3), "uint8"))
        ...     read_image(f"{directory}/dark.png").shape
        (32, 48, 3)
    """
    with readable(path) as file, open_image(file) as image:
        return upright_rgb(image)


def upright_rgb(image):
    """Turns a PIL image upright and makes it 8-bit RGB, as `read_image` does.

    Unlike `image.convert("RGB")`, it applies the EXIF orientation and scales 16-bit
    grey (`convert` clips it to white).

    Args:
        image: PIL image of any mode; of an animation the current frame is taken.

    Returns:
        uint8 array of shape (H, W, 3), RGB.

    Raises:
        ValueError: float samples, or integers beyond 16 bits.

    Example:
        >>> from PIL import Image
        >>> from zero_dce_keras.images import upright_rgb
        >>> upright_rgb(Image.new("I;16", (48, 32), 128 * 257))[0, 0].tolist()
        [128, 128, 128]
    """
    image.load()
    if orientation(image) in TRANSPOSITIONS:
        image = image.transpose(TRANSPOSITIONS[orientation(image)])
    return _to_rgb(image)


def write_image(path, image):
    """Writes an image; the suffix of the path chooses the format.

    The file appears whole or not at all: it is written under a temporary name in the
    same directory and renamed. JPEG is written at quality 95 without chroma
    subsampling, WebP at quality 95, everything else without loss.

    Args:
        path: str or `pathlib.Path` that ends in one of `IMAGE_SUFFIXES`. Missing
            parent directories are created.
        image: uint8 array of shape (H, W, 3) or (H, W), or a PIL image (its alpha is
            kept where the format can hold it).

    Raises:
        ValueError: unknown suffix, or an array of another type or shape.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from zero_dce_keras.images import list_images, write_image
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     write_image(f"{directory}/new/1.jpg", np.zeros((32, 48, 3), "uint8"))
        ...     [path.name for path in list_images(f"{directory}/new")]
        ['1.jpg']
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        raise ValueError(
            f"path must end in one of {', '.join(IMAGE_SUFFIXES)}. Received: {path}"
        )
    file_format = Image.registered_extensions()[suffix]
    image = _to_pil(image)
    keeps_alpha = image.mode == "RGBA" and file_format not in ("JPEG", "BMP")
    if image.mode not in ("L", "RGB") and not keeps_alpha:
        image = Image.fromarray(_to_rgb(image))

    # By way of memory: written to a disk that is full, Pillow may tear a JPEG silently.
    content = io.BytesIO()
    image.save(content, format=file_format, **quality_options(file_format))
    with replacing(path) as temporary:
        temporary.write_bytes(content.getbuffer())


def quality_options(file_format, quality=95):
    """Pillow's options for a format of `write_image` that loses something."""
    if file_format == "JPEG":
        return {"quality": quality, "subsampling": "4:4:4"}
    return {"quality": quality} if file_format == "WEBP" else {}


def resize_image(image, height, width):
    """Resizes with Pillow's Lanczos filter, as the official loader does.

    Args:
        image: uint8 array of shape (H, W, 3) or (H, W).
        height: positive int, in pixels.
        width: positive int, in pixels.

    Returns:
        uint8 array of shape (height, width, 3) or (height, width).

    Raises:
        ValueError: a size that is not positive, or an array of another type or shape.

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras.images import resize_image
        >>> resize_image(np.zeros((32, 48, 3), "uint8"), 16, 24).shape
        (16, 24, 3)

    Source: `dataloader.py` of the official code (`Image.ANTIALIAS`, now `LANCZOS`).
    """
    if height < 1 or width < 1:
        raise ValueError(
            f"height and width must be positive. Received: {height}, {width}"
        )
    size = (width, height)
    return np.array(_to_pil(image).resize(size, Image.Resampling.LANCZOS))


def to_float(image):
    """Scales an image of 8 or 16 bits to [0, 1].

    Args:
        image: array of any shape: uint8, uint16, or float (which is only cast).

    Returns:
        float32 array of the same shape, in [0, 1].

    Raises:
        ValueError: another type.

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras.images import to_float
        >>> float(to_float(np.uint8([255]))[0])
        1.0
    """
    image = np.asarray(image)
    if image.dtype.kind == "u" and image.dtype.itemsize <= 2:
        return image.astype("float32") / np.float32(np.iinfo(image.dtype).max)
    if not np.issubdtype(image.dtype, np.floating):
        raise ValueError(
            f"image must be uint8, uint16 or float. Received: {image.dtype}"
        )
    return image.astype("float32")


def to_uint8(image):
    """Clips an image to [0, 1], scales it to 8 bits and rounds.

    Args:
        image: array of any shape: float, whose white is 1, uint16, or uint8 (which is
            returned as it is).

    Returns:
        uint8 array of the same shape.

    Raises:
        ValueError: another type, or values that are not numbers (NaN).

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras.images import to_uint8
        >>> to_uint8(np.array([-0.1, 0.5, 2.0])).tolist()
        [0, 128, 255]
    """
    image = np.asarray(image)
    if image.dtype == np.uint8:
        return image
    image = to_float(image)
    if np.isnan(image).any():
        raise ValueError("image must not contain NaN. Received: an image with NaN")
    return np.rint(np.clip(image, 0.0, 1.0) * np.float32(255)).astype("uint8")


def list_images(directory, recursive=False, suffixes=IMAGE_SUFFIXES):
    """Lists the images of a directory: 2.png before 10.png, then names in order.

    Hidden files and what archives of macOS leave behind (`.DS_Store`, `._1.png`,
    `__MACOSX`) are passed over.

    Args:
        directory: str or `pathlib.Path`.
        recursive: bool, whether to look into sub-directories; links to directories
            are not followed. Default: False.
        suffixes: what names may end in, in any case. Default: `IMAGE_SUFFIXES`.

    Returns:
        List of `pathlib.Path`.

    Raises:
        FileNotFoundError: the directory does not exist.
        NotADirectoryError: it is not a directory.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from zero_dce_keras.images import list_images, write_image
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     for name in ("10.png", "2.png", "a.png"):
        ...         write_image(f"{directory}/{name}", np.zeros((4, 6, 3), "uint8"))
        ...     [path.name for path in list_images(directory)]
        ['2.png', '10.png', 'a.png']
    """
    directory = Path(directory)
    if not directory.exists():
        raise FileNotFoundError(f"No such directory: '{directory}'. Check the path.")
    if not directory.is_dir():
        raise NotADirectoryError(
            f"Not a directory: '{directory}'. Give the directory that holds the images."
        )

    def is_wanted(path):
        parts = path.relative_to(directory).parts
        is_hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
        return path.suffix.lower() in suffixes and not is_hidden

    def order(path):
        number = int(path.stem) if path.stem.isdecimal() else float("inf")
        return path.relative_to(directory).parent.parts, number, path.name

    found = directory.rglob("*") if recursive else directory.iterdir()
    return sorted((p for p in found if is_wanted(p) and p.is_file()), key=order)


def _to_rgb(image):
    """PIL image of any mode -> uint8 array (H, W, 3)."""
    if image.mode == "F":
        raise ValueError(
            "image must not be of mode F: 32-bit float samples have no defined white"
        )
    if image.mode.startswith("I"):  # 16-bit grey; convert("RGB") would clip it
        grey = np.asarray(image)
        if grey.min() < 0 or grey.max() > 65535:
            raise ValueError(
                f"image must be of 16 bits at most: its samples, from {grey.min()} to "
                f"{grey.max()}, have no defined white"
            )
        return np.stack([np.rint(grey / 257).astype("uint8")] * 3, axis=-1)
    if image.mode == "P":  # straight to RGB, Pillow warns about transparent colours
        image = image.convert("RGBA")
    return np.array(image.convert("RGB"))


def _to_pil(image):
    """PIL image as it is; uint8 array (H, W, 3) or (H, W) -> PIL image."""
    if isinstance(image, Image.Image):
        return image
    image = np.asarray(image)
    if image.dtype != np.uint8:
        raise ValueError(
            f"image must be uint8 (use to_uint8 for floats). Received: {image.dtype}"
        )
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)) or not image.size:
        raise ValueError(
            f"image must have shape (H, W, 3) or (H, W). Received: {image.shape}"
        )
    return Image.fromarray(np.ascontiguousarray(image))
