"""The image resources of a Photoshop file."""

import struct

from zero_dce_keras.images.containers.photoshop import (
    EXIF,
    IPTC,
    RESOLUTION,
    XMP,
    count_others,
)


def look(file, image):
    """See `images.containers`."""
    resources = {number: data for number, _, data in image.resources}
    found = {
        "iptc": resources.get(IPTC, b""),
        "exif": resources.get(EXIF, b"").removeprefix(b"Exif\0\0"),
        "xmp": resources.get(XMP, b""),
    }
    if len(resources.get(RESOLUTION, b"")) >= 12:
        across, down = (
            struct.unpack_from(">I", resources[RESOLUTION], place)[0] / 65536
            for place in (0, 8)
        )
        found["dpi"] = across, down
    notes = count_others(resources)
    if image.layers:
        notes.append("its layers are flattened")
    return found | {"notes": notes}
