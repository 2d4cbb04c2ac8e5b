"""EXIF, XMP and ICC profiles: what of them still holds for the enhanced photograph."""

import re
import struct

from PIL import ExifTags, Image

# What of a TIFF's own tags says something about the photograph, not about its file.
TIFF_TAGS = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
)
THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 0x0201, 0x0202
SHORT, LONG = 3, 4


def exif_of(image, has_tags):
    """Return the EXIF block of a decoded PIL image, b"" if there is none.

    Most formats hold it byte by byte, so that a maker's note, whose offsets count from
    its beginning, stays readable; that of a TIFF (`has_tags`) is put together.
    """
    if has_tags:
        return exif_of_tags(image.getexif())
    return image.info.get("exif", b"").removeprefix(b"Exif\0\0")


def exif_of_tags(exif):
    """Return as an EXIF block what a `PIL.Image.Exif` says about the photograph."""
    kept = Image.Exif()
    kept.update(tiff_tags(exif))
    return kept.tobytes().removeprefix(b"Exif\0\0") if len(kept) else b""


def tiff_tags(exif):
    """Return what a `PIL.Image.Exif` says about the photograph: {tag: value}."""
    tags: dict[int, object] = {tag: exif[tag] for tag in TIFF_TAGS if tag in exif}
    for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        entries = dict(exif.get_ifd(directory))
        entries.pop(ExifTags.IFD.Interop, None)  # a place in the old file
        if entries:
            tags[directory] = entries
    return tags


def upright_exif(exif, width, height):
    r"""Return an EXIF block for an image that now stands upright.

    Its orientation becomes 1, its sizes those given, and its thumbnail, which shows the
    dark photograph, goes; every other byte stays in its place.

    Args:
        exif: bytes, a TIFF structure, without the "Exif\\0\\0" before it.
        width, height: of the upright image.

    Returns:
        bytes.

    Raises:
        ValueError: the block is damaged.
    """
    block = bytearray(exif)
    try:
        order = {b"II*\0": "<", b"MM\0*": ">"}[bytes(block[:4])]
        (first,) = struct.unpack_from(order + "I", block, 4)
        entries, end = _entries(block, order, first)
        _set(block, order, entries, ExifTags.Base.Orientation, SHORT, 1)
        _set(block, order, entries, ExifTags.Base.ImageWidth, LONG, width)
        _set(block, order, entries, ExifTags.Base.ImageLength, LONG, height)
        if ExifTags.IFD.Exif in entries:
            exif_ifd = _value(block, order, entries[ExifTags.IFD.Exif])
            entries, _ = _entries(block, order, exif_ifd)
            _set(block, order, entries, ExifTags.Base.ExifImageWidth, LONG, width)
            _set(block, order, entries, ExifTags.Base.ExifImageHeight, LONG, height)
        _remove_thumbnail(block, order, end)
    except (KeyError, struct.error) as error:
        raise ValueError("the EXIF block is damaged") from error
    return bytes(block)


def _entries(block, order, start):
    """Return {tag: place of its entry} of the directory at `start`, and its end."""
    (count,) = struct.unpack_from(order + "H", block, start)
    places = range(start + 2, start + 2 + 12 * count, 12)
    tags = {struct.unpack_from(order + "H", block, place)[0]: place for place in places}
    return tags, start + 2 + 12 * count


def _value(block, order, place):
    return struct.unpack_from(order + "I", block, place + 8)[0]


def _set(block, order, entries, tag, kind, value):
    """Set a number in its place, if it is there."""
    if tag in entries:
        layout = order + {SHORT: "HIH2x", LONG: "HII"}[kind]
        struct.pack_into(layout, block, entries[tag] + 2, kind, 1, value)


def _remove_thumbnail(block, order, link):
    """Forget the second directory, whose place stands at `link`, and wipe its image."""
    (second,) = struct.unpack_from(order + "I", block, link)
    struct.pack_into(order + "I", block, link, 0)
    if not second:
        return
    entries, _ = _entries(block, order, second)
    if THUMBNAIL_OFFSET in entries and THUMBNAIL_LENGTH in entries:
        start = _value(block, order, entries[THUMBNAIL_OFFSET])
        end = start + _value(block, order, entries[THUMBNAIL_LENGTH])
        if link < start and end < len(block):
            block[start:end] = bytes(end - start)
        elif link < start:
            del block[start:]


def upright_xmp(xmp):
    """Return XMP for an image that now stands upright; b"" if it is of a gain map.

    The gain map (HDR) of a phone's JPEG is a second picture that belongs to the dark one.
    """
    xmp = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
    if b"hdrgm:" in xmp:
        return b""
    xmp = re.sub(rb"(tiff:Orientation(?:=[\"']|>))[2-8]", rb"\g<1>1", xmp)
    xmp = re.sub(rb"<xmp:Thumbnails>.*?</xmp:Thumbnails>", b"", xmp, flags=re.DOTALL)
    return xmp


def fitting_profile(profile, is_grey):
    """Return the ICC profile if it is one for such pixels, else b""."""
    space = b"GRAY" if is_grey else b"RGB "
    return bytes(profile) if profile and profile[16:20] == space else b""
