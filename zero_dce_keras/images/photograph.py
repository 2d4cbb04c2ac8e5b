"""A photograph with all that a file says about it, in and out, 8 or 16 bits."""

import dataclasses
from pathlib import Path

import numpy as np
from PIL import Image

from zero_dce_keras.errors import one_line
from zero_dce_keras.files import replacing
from zero_dce_keras.images.arrays import to_uint8
from zero_dce_keras.images.decode import decode, decode_pil
from zero_dce_keras.images.encode import encode
from zero_dce_keras.images.formats import (
    IMAGE_SUFFIXES,
    format_of_name,
    format_of_path,
    written_format,
)


@dataclasses.dataclass(frozen=True)
class Photograph:
    """Upright pixels, and what goes with them from one file to the next.

    Args:
        pixels: array of shape (H, W), a grey photograph, or (H, W, 3), RGB in the
            encoding of its ICC profile; uint8 or uint16.
        alpha: array of shape (H, W) and of the same type, or None. It lies apart, so
            that nothing that enhances the pixels can touch it.
        exif: bytes, a TIFF structure, whose orientation is 1.
        icc_profile: bytes.
        xmp: bytes.
        dpi: pair of floats, across and down, or None.
        file_format: str, what it was read from: "JPEG", "PNG", …
        notes: tuple of str, what could not be taken as it was.
        iptc: bytes, IPTC-IIM: title, author, keywords as agencies write them.
        comment: bytes, of a JPEG, and texts of formats that have but one.
        text: tuple of pairs of bytes, the text chunks of a PNG: (kind, data).
        jpeg_tables: tuple of lists of 64 ints, the quantisation tables that it was
            compressed by: how fine. Empty for what was no JPEG.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    exif: bytes = b""
    icc_profile: bytes = b""
    xmp: bytes = b""
    dpi: tuple | None = None
    file_format: str = ""
    notes: tuple = ()
    iptc: bytes = b""
    comment: bytes = b""
    text: tuple = ()
    jpeg_tables: tuple = ()

    @classmethod
    def read(cls, source, name=None):
        """Read a photograph upright, in its own depth, with its metadata.

        The formats are those of `formats.FORMATS`, found by the content, whatever the
        name says; only camera RAW is found by the name. A palette becomes RGB, CMYK
        becomes sRGB (with a note); grey stays grey.

        Args:
            source: path, or the content of a file as bytes.
            name: str, of the file that the bytes are the content of, if it has one: for
                messages, and to know camera RAW by.

        Returns:
            `Photograph`.

        Raises:
            OSError: the file is missing or may not be read.
            ValueError: the file is empty, damaged, too large, animated or no photograph,
                or needs an extra that is not installed.

        Example:
            >>> import tempfile
            >>> import numpy as np
            >>> from zero_dce_keras.images import Photograph, write_image
            >>> with tempfile.TemporaryDirectory() as directory:
            ...     write_image(f"{directory}/grey.png", np.zeros((32, 48), "uint8"))
            ...     photograph = Photograph.read(f"{directory}/grey.png")
            >>> photograph.pixels.shape, photograph.file_format
            ((32, 48), 'PNG')
        """
        return cls(**decode(source, name))

    @classmethod
    def from_pil(cls, image):
        """Make a photograph of a PIL image: upright, grey grey, with its alpha.

        Args:
            image: PIL image of any mode; of an animation the current frame is taken.

        Returns:
            `Photograph`, with the image's ICC profile and no other metadata.

        Raises:
            ValueError: float samples, or integers beyond 16 bits.

        Example:
            >>> from PIL import Image
            >>> from zero_dce_keras.images import Photograph
            >>> photograph = Photograph.from_pil(Image.new("LA", (48, 32)))
            >>> photograph.pixels.shape, photograph.alpha.shape
            ((32, 48), (32, 48))
        """
        return cls(**decode_pil(image))

    def to_pil(self):
        """Return the pixels as a PIL image of 8 bits a channel: L, LA, RGB or RGBA."""
        pixels = to_uint8(self.pixels)
        if self.alpha is not None:
            pixels = np.dstack([pixels, to_uint8(self.alpha)])
        return Image.fromarray(pixels)

    def write(self, target, quality=None, file_format=None):
        """Write the photograph with its metadata; the suffix chooses the format.

        A file appears whole or not at all. `formats.FORMATS` says what each format can
        hold; JPEG is written without chroma subsampling.

        Args:
            target: path that ends in one of `IMAGE_SUFFIXES`, or a binary file.
            quality: int from 1 to 100, of formats that lose something. Default: of what
                was a JPEG and becomes one, its own, but at least 85; else 95.
            file_format: str, such as "JPEG", a name of the table. Default: what the path
                ends in; for a binary file what the photograph was read from, or what is
                written in its place.

        Returns:
            List of str: what the format could not hold.

        Raises:
            OSError: the target cannot be written.
            ValueError: unknown suffix, or an image that the format cannot hold (too wide
                for WebP).

        Example:
            >>> import io
            >>> import numpy as np
            >>> from zero_dce_keras.images import Photograph
            >>> deep = Photograph(np.zeros((32, 48, 3), "uint16"))
            >>> deep.write(io.BytesIO(), file_format="PNG")
            []
            >>> deep.write(io.BytesIO(), file_format="JPEG")
            ['JPEG holds 8 bits of its 16']
        """
        # By way of memory: written to a full disk, Pillow may tear a JPEG silently.
        if not isinstance(target, str | Path):
            image_format = format_of_name(file_format or self.file_format)
            content, notes = encode(self, written_format(image_format), quality)
            target.write(content)
            return notes
        target = Path(target)
        try:
            image_format = _format_to_write(target, file_format)
            content, notes = encode(self, image_format, quality)
            with replacing(target) as temporary:
                temporary.write_bytes(content)
        except OSError as error:
            reason = error.strerror or one_line(error)
            raise type(error)(f"Cannot write '{target}': {reason}.") from None
        except ValueError as error:
            raise ValueError(f"Cannot write '{target}': {one_line(error)}") from None
        return notes


def _format_to_write(path, file_format):
    if file_format:
        return written_format(format_of_name(file_format))
    image_format = format_of_path(path)
    if image_format is None or image_format.written_as:
        raise ValueError(f"its name must end in one of {', '.join(IMAGE_SUFFIXES)}")
    return image_format
