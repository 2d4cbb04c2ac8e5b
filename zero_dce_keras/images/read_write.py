"""Reading and writing images as the arrays that the package works with."""

import numpy as np
from PIL import Image

from zero_dce_keras.images.arrays import check_pixels, to_uint8
from zero_dce_keras.images.open_image import open_image, readable
from zero_dce_keras.images.orientation import orientation_of, turn_upright
from zero_dce_keras.images.photograph import Photograph
from zero_dce_keras.images.samples import samples_of


def read_image(path):
    """Read a photograph upright, as 8-bit RGB.

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
    """Turn a PIL image upright and make it 8-bit RGB, as `read_image` does.

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
    samples = to_uint8(turn_upright(samples_of(image), orientation_of(image)))
    if samples.ndim == 2:
        samples = samples[..., None]
    if samples.shape[-1] < 3:  # grey
        return np.repeat(samples[..., :1], 3, axis=-1)
    return np.array(samples[..., :3])


def write_image(path, image):
    """Write an image; the suffix of the path chooses the format.

    The file appears whole or not at all: it is written under a temporary name in the
    same directory and renamed. Formats that lose something are written at
    quality 95, JPEG without chroma subsampling.

    Args:
        path: str or `pathlib.Path` that ends in one of `IMAGE_SUFFIXES`. Missing
            parent directories are created.
        image: uint8 array of shape (H, W, 3) or (H, W), or a PIL image, which is turned
            upright; its alpha is kept where the format can hold it.

    Raises:
        OSError: the file cannot be written.
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
    if isinstance(image, Image.Image):
        photograph = Photograph.from_pil(image)
    else:
        photograph = Photograph(check_pixels(image))
    photograph.write(path)
