"""The tags of a TIFF: what they say about the photograph, not about the file.

Source: Adobe, "TIFF Revision 6.0"; EXIF's, GeoTIFF's and Microsoft's tags pass as they
are.
"""

import struct

from zero_dce_keras.images.containers.photoshop import read_photoshop
from zero_dce_keras.images.tiff_tags import (
    ICC,
    IPTC,
    LAYERS,
    OPAQUE,
    PHOTOSHOP,
    RATIONAL,
    XMP,
    Tag,
    pack_block,
    read_tags,
    short,
)

ORIENTATION, REDUCED = 274, 330
RESOLUTION = (282, 283, 296)
INCH, CENTIMETRE = 2, 3
# How pixels are stored, where they lie, how they are turned.
STRUCTURE = {
    *range(254, 267),
    *(273, ORIENTATION, *range(277, 282), *RESOLUTION, 284, *range(288, 294)),
    *(297, 317, *range(320, 329), REDUCED, 332, 333, 334, 336, *range(338, 342)),
    *(347, *range(512, 522), 529, 530, 531, 532, 559),
    *OPAQUE,
}
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
        found |= {"dpi": dpi_of(tags)}
        for number, name in ((XMP, "xmp"), (ICC, "icc_profile")):
            found[name] = tags[number].value if number in tags else b""
        if ORIENTATION in tags:
            found["orientation"] = tags[ORIENTATION].numbers()[0]
    elif LAYERS in image.tag_v2:
        notes.append("Photoshop's layers are left out")
    if EXTRA_SAMPLES in tags and tags[EXTRA_SAMPLES].numbers()[0] == 0:
        notes.append("its channel of unknown meaning is left out")
    places = [tags[IPTC].value.rstrip(b"\0")] if IPTC in tags else []
    if PHOTOSHOP in tags:
        iptc, others = read_photoshop(tags[PHOTOSHOP].value)
        places.append(iptc)
        notes += others
    found["iptc"] = max(
        places, key=len, default=b""
    )  # ImageMagick cuts the first short
    return found | {"notes": notes}


def dpi_of(tags):
    """Return dots an inch, across and down; None where the tags say none."""
    across, down, unit = map(tags.get, RESOLUTION)
    if not across or not down or {across.kind, down.kind} != {RATIONAL}:
        return None
    scale = {INCH: 1, CENTIMETRE: 2.54}.get(unit.numbers()[0] if unit else INCH)
    if scale is None:
        return None
    ratios = [struct.unpack("<II", tag.value[:8]) for tag in (across, down)]
    return tuple(scale * above / max(below, 1) for above, below in ratios)


def resolution_tags(dpi):
    """Return the tags that say so many dots an inch, a pair, across and down."""
    ratios = [struct.pack("<II", round(1000 * each), 1000) for each in dpi]
    across, down, unit = RESOLUTION
    return {
        across: Tag(RATIONAL, 1, ratios[0]),
        down: Tag(RATIONAL, 1, ratios[1]),
        unit: short(INCH),
    }


def about_the_photograph(tags):
    """Return those of a TIFF's or an EXIF block's tags that an enhanced one can have."""
    return {number: tag for number, tag in tags.items() if number not in STRUCTURE}
