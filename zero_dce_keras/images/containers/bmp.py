"""The ICC profile of a BMP of version 5.

Source: Microsoft, "BITMAPV5HEADER structure".
"""

import struct

HEADER_SIZE = 124  # of version 5


def look(file, image):
    """See `images.containers`."""
    file.seek(0)
    head = file.read(14 + HEADER_SIZE)
    at = 14 if head[:2] == b"BM" else 0  # a DIB lacks the file's header
    if len(head) < at + HEADER_SIZE:
        return {}
    (size,) = struct.unpack_from("<I", head, at)
    if size != HEADER_SIZE or head[at + 56 : at + 60] != b"DEBM":
        return {}
    place, length = struct.unpack_from("<II", head, at + 112)
    file.seek(at + place)
    return {"icc_profile": file.read(length)}
