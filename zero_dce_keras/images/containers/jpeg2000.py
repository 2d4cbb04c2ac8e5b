"""The boxes of a JPEG 2000 file: XMP, EXIF, IPTC, its profile and its depth.

Source: ISO/IEC 15444-1, annex I; Adobe, "XMP Specification Part 3", 1.1.5; the other
numbers are those that Photoshop, Kakadu and ExifTool write.
"""

import struct

from zero_dce_keras.images.containers.boxes import read_boxes
from zero_dce_keras.images.containers.photoshop import read_photoshop

UUIDS = {
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",
    b"JpgTiffExif->JP2": "exif",
    bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"): "exif",
    bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): "iptc",
    bytes.fromhex("09a14e97c0b442e0bebf36df6f0ce36f"): "iptc",
    bytes.fromhex("2c4c0100850440b9a03e562148d6dfeb"): "photoshop",
}
STRUCTURE = (b"jP  ", b"ftyp", b"jp2h", b"jp2c", b"rreq", b"free")
ICC = 2  # how a box `colr` tells of colours


def look(file, image):
    """See `images.containers`."""
    file.seek(0)
    if file.read(4) == b"\xff\x4f\xff\x51":  # the codestream alone
        return {"bits": _depth_of_codestream(file)}
    found: dict = {"bits": 8}
    notes = []
    for kind, content in read_boxes(file, (b"jp2c",)):
        if kind == b"jp2h":
            found |= _header(content)
        elif kind == b"uuid" and content[:16] in UUIDS:
            name, value = UUIDS[content[:16]], content[16:]
            if name == "photoshop":
                found["iptc"], others = read_photoshop(value)
                notes += others
            else:
                found[name] = value.removeprefix(b"Exif\0\0")
        elif kind not in STRUCTURE:
            what = kind.decode("latin-1").strip()
            notes.append(f"its box {what} is left out")
    return found | {"notes": [*dict.fromkeys(notes)]}


def _header(content):
    """Return the depth and the profile that the box `jp2h` tells."""
    found = {}
    for kind, data in read_boxes(content):
        if kind == b"ihdr" and data[10] != 255:
            found["bits"] = (data[10] & 127) + 1
        elif kind == b"bpcc":
            found["bits"] = max((bits & 127) + 1 for bits in data)
        elif kind == b"colr" and data[0] == ICC:
            found["icc_profile"] = data[3:]
    return found


def _depth_of_codestream(file):
    """Return the bits of the first component, which the marker SIZ tells."""
    file.seek(42)
    (precision,) = struct.unpack("B", file.read(1))
    return (precision & 127) + 1
