"""HEIC and AVIF: how numbers encode light, their depth, and second pictures.

Source: ISO/IEC 23008-12; ISO/IEC 14496-12, 12.1.5 (`colr`); ISO 21496-1 (`tmap`).
"""

import re
import struct

from zero_dce_keras.images.containers.boxes import read_boxes
from zero_dce_keras.images.light import Light

STRUCTURE = (b"ftyp", b"meta", b"mdat", b"idat", b"free", b"skip", b"wide")
NAMED = {
    b"mpvd": "its film (motion photo) is left out",
    b"moov": "its sequence of pictures is left out",
    b"sefd": "Samsung's data are left out",
}
ORIGIN = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")  # of a box `uuid`: C2PA
ALPHA = ("urn:mpeg:hevc:2015:auxid:1", "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")


def look(file, image):
    """See `images.containers`."""
    found: dict = {}
    notes = []
    about = b""
    for kind, content in read_boxes(file, (b"mdat", b"idat", b"moov", b"mpvd")):
        if kind == b"meta" and not about:
            about = content
        elif kind == b"uuid" and content.startswith(ORIGIN):
            notes.append("its statement of origin (C2PA) is left out")
        elif kind not in STRUCTURE:
            name = f"its box {kind.decode('latin-1')} is left out"
            notes.append(NAMED.get(kind, name))
    place = re.search(rb"colrnclx(....)", about, re.DOTALL)
    if place and not image.info.get("icc_profile"):
        found = Light(*struct.unpack(">HH", place.group(1))).arguments()
    depths = re.findall(rb"pixi\0\0\0\0[\1-\4](.)", about, re.DOTALL)
    # Alpha and gain maps may be less deep than the picture, which is not always first.
    found["bits"] = image.info.get("bit_depth") or max(
        (ord(d) for d in depths), default=8
    )
    pictures = getattr(image, "n_frames", 1)
    if pictures > 1:
        notes.append(f"of its {pictures} pictures the main one is taken")
    others = set(image.info.get("aux", ())) - set(ALPHA)
    if (
        image.info.get("depth_images")
        or others
        or b"infe" in about
        and b"tmap" in about
    ):
        notes.append("its second picture (HDR gain map or depth) is left out")
    return found | {"notes": notes}
