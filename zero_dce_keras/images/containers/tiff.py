"""The tags of a TIFF: what they say about the photograph, not about the file.

Source: Adobe, "TIFF Revision 6.0"; EXIF's, GeoTIFF's and Microsoft's tags pass as they
are.
"""

import struct

from zero_dce_keras.images.containers.photoshop import read_photoshop
from zero_dce_keras.images.tiff_tags import pack_block, read_tags

XMP, IPTC, PHOTOSHOP, ICC = 700, 33723, 34377, 34675
RESOLUTION = (282, 283, 296)
# How pixels are stored, where they lie, how they are turned.
STRUCTURE = {
    *range(254, 267),
    *(
        273,
        274,
        277,
        278,
        279,
        280,
        281,
        *RESOLUTION,
        284,
        288,
        289,
        290,
        291,
        292,
        293,
    ),
    *(297, 317, 320, 321, 322, 323, 324, 325, 326, 327, 328, 330, 332, 333, 334, 336),
    *(338, 339, 340, 341, 347, *range(512, 522), 529, 530, 531, 532, 559),
    *(XMP, IPTC, PHOTOSHOP, ICC),
}
LAYERS = 37724  # Photoshop's
EXTRA_SAMPLES = 338


def look(file, image):
    """See `images.containers`."""
    damaged: list = []
    tags = read_tags(file, damaged)
    found: dict = {"exif": pack_block(about_the_photograph(tags))}
    notes = []
    if damaged:
        notes.append(f"{len(damaged)} damaged tags are left out")
    if image is None:  # nobody else has looked
        found |= {"xmp": tags[XMP].value if XMP in tags else b"", "dpi": _dpi(tags)}
    elif LAYERS in image.tag_v2:
        notes.append("Photoshop's layers are left out")
    if EXTRA_SAMPLES in tags and tags[EXTRA_SAMPLES].numbers()[0] == 0:
        notes.append("its channel of unknown meaning is left out")
    if PHOTOSHOP in tags:
        found["iptc"], others = read_photoshop(tags[PHOTOSHOP].value)
        notes += others
    if IPTC in tags:
        found["iptc"] = tags[IPTC].value.rstrip(b"\0")
    return found | {"notes": notes}


def _dpi(tags):
    """Return dots an inch, across and down; None where the tags say none."""
    unit = tags[RESOLUTION[2]].numbers()[0] if RESOLUTION[2] in tags else 2
    if not all(number in tags for number in RESOLUTION[:2]) or unit == 1:
        return None
    ratios = [struct.unpack("<II", tags[number].value) for number in RESOLUTION[:2]]
    scale = 2.54 if unit == 3 else 1
    return tuple(scale * above / max(below, 1) for above, below in ratios)


def about_the_photograph(tags):
    """Return those of a TIFF's or an EXIF block's tags that an enhanced one can have."""
    return {
        number: tag
        for number, tag in tags.items()
        if number not in STRUCTURE and number != LAYERS
    }
