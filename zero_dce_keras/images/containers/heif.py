"""HEIC and AVIF: how numbers encode light, and second pictures.

Source: ISO/IEC 23008-12; ISO/IEC 14496-12, 12.1.5 (`colr`).
"""

import re
import struct

from zero_dce_keras.images.containers.depth import note_on_depth
from zero_dce_keras.images.light import Light

LOOKED_AT = 2**20  # bytes: what describes the pictures comes first


def look(file, image):
    """See `images.containers`."""
    found: dict = {}
    notes = []
    file.seek(0)
    head = file.read(LOOKED_AT)
    place = re.search(rb"colrnclx(....)", head, re.DOTALL)
    if place and not image.info.get("icc_profile"):
        found = Light(*struct.unpack(">HH", place.group(1))).arguments()
    if depth := re.search(rb"pixi\0\0\0\0(.)(.)", head, re.DOTALL):
        notes += note_on_depth(depth.group(2)[0])
    if image.info.get("depth_images") or image.info.get("aux"):
        notes.append("its second picture (HDR gain map or depth) is left out")
    return found | {"notes": notes}
