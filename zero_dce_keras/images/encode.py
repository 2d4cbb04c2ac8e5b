"""A photograph as the content of a file."""

import dataclasses
import functools
import io

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from zero_dce_keras.errors import one_line
from zero_dce_keras.images.arrays import to_uint8
from zero_dce_keras.images.codecs import pillow
from zero_dce_keras.images.containers.tiff import dpi_of, resolution_tags
from zero_dce_keras.images.tiff_tags import EXIF, MAKER_NOTE, pack_block, read_tags

QUALITY = 95  # where nothing says how fine the photograph was compressed
LEAST_QUALITY = 85  # of what was a JPEG: brightened, its blocks would be seen


def encode(photograph, image_format, quality):
    """Encode a photograph as a file of a format.

    Args:
        photograph: `Photograph`.
        image_format: `ImageFormat` that can be written.
        quality: int from 1 to 100, of a format that loses something; None for as fine as
            the photograph was, see `Photograph.write`.

    Returns:
        The content, bytes-like; list of str, what the format cannot hold.

    Raises:
        ValueError: an image that the format cannot hold (too wide for WebP).
    """
    pixels, notes = _fitting_pixels(photograph, image_format)
    options, others = _fitting_metadata(photograph, image_format)
    notes += others
    content = io.BytesIO()
    try:
        options |= image_format.options
        if image_format.has_quality:
            options |= _compression(photograph, image_format, quality)
        if image_format.codec:
            notes += image_format.load_codec().write(content, pixels, **options)
        else:
            pillow.save(content, pixels, image_format.name, **options)
    except (SystemError, OverflowError) as error:
        raise ValueError(one_line(error)) from None
    return content.getbuffer(), notes


def _compression(photograph, image_format, quality):
    """Return what Pillow's `save` takes to say how much is lost."""
    if quality is None and image_format.name == "JPEG" and photograph.jpeg_tables:
        pairs = zip(photograph.jpeg_tables, _coarsest_tables(), strict=False)
        return {"qtables": [np.minimum(*pair).tolist() for pair in pairs]}
    return {"quality": QUALITY if quality is None else quality}


@functools.cache
def _coarsest_tables():
    """Return the tables of a JPEG's brightness and colours at `LEAST_QUALITY`."""
    file = io.BytesIO()
    pillow.save(file, np.zeros((8, 8, 3), "uint8"), "JPEG", quality=LEAST_QUALITY)
    file.seek(0)
    return tuple(JpegImageFile(file).quantization.values())


def _fitting_pixels(photograph, image_format):
    """Return the pixels, with their alpha, that a format can hold; a list of notes."""
    pixels, alpha, notes = photograph.pixels, photograph.alpha, []
    if alpha is not None and not image_format.has_alpha:
        notes.append(f"{image_format.name} holds no alpha: it is left out")
        alpha = None
    if alpha is not None:
        pixels = np.dstack([pixels, alpha])
    bits = 8 * pixels.itemsize
    if bits > image_format.bits:
        notes.append(
            f"{image_format.name} holds {image_format.bits} bits of its {bits}"
        )
        pixels = to_uint8(pixels)
    return pixels, notes


def _with_dpi_in_exif(photograph):
    """Return a photograph whose EXIF says how many dots an inch has, if that can be.

    What follows a maker's note, whose places are of its own, stays where it is.
    """
    exif = photograph.exif
    try:
        tags = read_tags(io.BytesIO(exif)) if exif else {}
    except ValueError:
        return photograph
    if dpi_of(tags) is None:
        if MAKER_NOTE in tags.get(EXIF, ()):
            return photograph
        exif = pack_block(tags | resolution_tags(photograph.dpi))
    return dataclasses.replace(photograph, dpi=None, exif=exif)


def _fitting_metadata(photograph, image_format):
    """Return a dict of the metadata that a format can hold; a list of notes."""
    kept, absent, notes = {}, [], []
    titles = {
        "exif": "EXIF",
        "icc_profile": "ICC profile",
        "xmp": "XMP",
        "iptc": "IPTC",
    }
    titles |= {"comment": "comment", "text": "PNG text", "dpi": "dpi"}
    if photograph.dpi and "dpi" not in image_format.metadata:
        photograph = _with_dpi_in_exif(photograph)
    for name, title in titles.items():
        value = getattr(photograph, name)
        if not value:
            continue
        if name not in image_format.metadata:
            absent.append(title)
        elif name in image_format.longest and len(value) > image_format.longest[name]:
            notes.append(
                f"its {title} is too long for {image_format.name}: it is left out"
            )
        else:
            kept[name] = value
    if absent:
        notes.append(f"{image_format.name} holds no {', '.join(absent)}: left out")
    return kept, notes
