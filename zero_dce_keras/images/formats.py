"""The image formats: a row each, from which everything else about them follows.

A new format is a row of `FORMATS`. If Pillow does not read and write it in full, the row
names a module of `images/codecs/` that does. Nothing heavy is imported here: the help of
a command lists the formats.
"""

import dataclasses
import importlib
import re
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class ImageFormat:
    """What a kind of image file is called, and what it can hold.

    Args:
        name: str, as Pillow calls it.
        suffixes: tuple of str; new files get the first. A format without any is read
            under the names of others.
        aliases: tuple of str, Pillow's names for what counts as the same.
        written_as: str, the suffix of what is written in its place; None for a format
            that is written.
        bits: int, of a channel, at most.
        has_alpha: bool.
        metadata: tuple of str, which attributes of a `Photograph` it can hold.
        longest: dict, the most bytes of a kind of metadata, where there is a limit.
        has_quality: bool, whether it loses something, as much as `quality` says.
        options: dict, what else Pillow's `save` takes.
        more_images: str, what becomes of a file with several images: "refused" (it is an
            animation), "noted" (the first one is taken, with a note) or "ignored".
        codec: str, module of `images/codecs/`; empty where Pillow suffices.
        signature: bytes, regular expression of how such a file begins, in 12 bytes; for a
            codec to register with Pillow before it reads, and for RAW without a name.
        is_read_by_codec: bool, whether the codec reads, not Pillow.
        is_known_by_name: bool, whether the suffix decides, not the content; for a codec
            that reads.
    """

    name: str
    suffixes: tuple
    aliases: tuple = ()
    written_as: str | None = None
    bits: int = 8
    has_alpha: bool = False
    metadata: tuple = ("exif", "icc_profile", "xmp", "dpi")
    longest: dict = dataclasses.field(default_factory=dict)
    has_quality: bool = False
    options: dict = dataclasses.field(default_factory=dict)
    more_images: str = "refused"
    codec: str = ""
    signature: bytes | None = None
    is_read_by_codec: bool = False
    is_known_by_name: bool = False

    def begins(self, content):
        """Return whether such a file begins so."""
        return bool(self.signature and re.match(self.signature, content, re.DOTALL))

    def load_codec(self):
        """Import the module of `images/codecs/` that the row names."""
        return importlib.import_module(f"zero_dce_keras.images.codecs.{self.codec}")


# Pillow tries no others: some of its readers start programs (EPS), and each is one more
# way in for damaged files.
FORMATS = (
    ImageFormat(
        "PNG",
        (".png",),
        bits=16,
        has_alpha=True,
        metadata=("exif", "icc_profile", "xmp", "dpi", "iptc", "comment", "text"),
        codec="png",
    ),
    ImageFormat(
        "JPEG",
        (".jpg", ".jpeg", ".jpe", ".jfif"),
        aliases=("MPO",),  # what phones write: a second image is a gain map
        metadata=("exif", "icc_profile", "xmp", "dpi", "iptc", "comment"),
        longest={"exif": 65_527},  # a segment ends at 64 KiB
        has_quality=True,
        codec="jpeg",
        options={"subsampling": "4:4:4"},
        more_images="ignored",
    ),
    ImageFormat(
        "WEBP",
        (".webp",),
        has_alpha=True,
        metadata=("exif", "icc_profile", "xmp"),
        has_quality=True,
        options={"exact": True},  # the colours under a clear alpha stay too
    ),
    ImageFormat(
        "TIFF",
        (".tif", ".tiff"),
        bits=16,
        has_alpha=True,
        metadata=("exif", "icc_profile", "xmp", "dpi", "iptc"),
        more_images="noted",
        codec="tiff",
    ),
    ImageFormat(
        "AVIF",
        (".avif",),
        has_alpha=True,
        metadata=("exif", "icc_profile", "xmp"),
        has_quality=True,
        options={"subsampling": "4:4:4"},
    ),
    ImageFormat("BMP", (".bmp", ".dib"), aliases=("DIB",), metadata=("dpi",)),
    ImageFormat("GIF", (".gif",), written_as=".png"),
    ImageFormat("PPM", (".ppm", ".pgm", ".pbm", ".pnm"), written_as=".png"),
    ImageFormat("TGA", (".tga",), written_as=".png"),
    ImageFormat("JPEG2000", (".jp2", ".j2k", ".jpx"), written_as=".png"),
    ImageFormat("QOI", (".qoi",), written_as=".png"),
    ImageFormat("PCX", (".pcx",), written_as=".png"),
    ImageFormat("SGI", (".sgi", ".rgb", ".rgba", ".bw"), written_as=".png"),
    ImageFormat("PSD", (".psd",), written_as=".png", more_images="ignored"),
    ImageFormat(
        "HEIF",
        (".heic", ".heif", ".hif"),
        written_as=".jpg",
        more_images="ignored",
        codec="heif",
        signature=rb"....ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)",
    ),
    ImageFormat(
        "JXL",
        (".jxl",),
        written_as=".jpg",
        codec="jxl",
        signature=rb"\xff\x0a|\0\0\0\x0cJXL ",
        is_read_by_codec=True,
    ),
    ImageFormat(
        "RAW",
        (
            *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff"),
            *(".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef"),
            *(".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
        ),
        written_as=".tif",
        codec="raw",
        signature=rb"II\*\0....CR|IIU\0|IIRO|IIRS|MMOR|FUJIFILM|....ftypcrx|FOVb|\0MRM",
        is_read_by_codec=True,
        is_known_by_name=True,  # its content mostly looks like a TIFF's
    ),
)

WRITTEN_FORMATS = tuple(each for each in FORMATS if not each.written_as)
IMAGE_SUFFIXES = tuple(suffix for each in WRITTEN_FORMATS for suffix in each.suffixes)
PHOTOGRAPH_SUFFIXES = tuple(suffix for each in FORMATS for suffix in each.suffixes)

_BY_SUFFIX = {suffix: each for each in FORMATS for suffix in each.suffixes}
_BY_NAME = {name: each for each in FORMATS for name in (each.name, *each.aliases)}


def format_of_path(path):
    """Return the `ImageFormat` that a file's name says, None if it says none.

    Example:
        >>> format_of_path("night/1.JPG").name
        'JPEG'
    """
    return _BY_SUFFIX.get(Path(path).suffix.lower())


def format_of_content(file):
    """Return the `ImageFormat` of a file without a name, if only a codec can read it.

    Args:
        file: binary file.

    Returns:
        The row of camera RAW, or None: Pillow finds out the others by itself.
    """
    from zero_dce_keras.images.tiff_tags import looks_like_raw

    file.seek(0)
    beginning = file.read(12)
    for each in FORMATS:
        if each.is_known_by_name and (each.begins(beginning) or looks_like_raw(file)):
            return each
    return None


def format_of_name(name):
    """Return the `ImageFormat` that Pillow calls so, by an alias perhaps.

    Raises:
        ValueError: there is none.

    Example:
        >>> format_of_name("MPO").name
        'JPEG'
    """
    if name not in _BY_NAME:
        raise ValueError(
            f"file_format must be one of {', '.join(_BY_NAME)}. Received: {name!r}"
        )
    return _BY_NAME[name]


def written_format(image_format):
    """Return the `ImageFormat` to write what was read as this one: itself, if possible.

    Example:
        >>> written_format(format_of_name("GIF")).name
        'PNG'
    """
    suffix = image_format.written_as
    return _BY_SUFFIX[suffix] if suffix else image_format


def written_suffix(path):
    """Return the suffix of the file to write what is read from a path.

    Returns:
        str: the path's own suffix if such a file can be written, else that of the format
        that takes its place.

    Example:
        >>> [written_suffix(name) for name in ("1.JPG", "1.heic", "1.cr2", "1.gif")]
        ['.JPG', '.jpg', '.tif', '.png']
    """
    image_format = format_of_path(path)
    if image_format is None:
        return ".png"
    return image_format.written_as or Path(path).suffix
