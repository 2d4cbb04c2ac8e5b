"""Photoshop's image resources, in which JPEG and TIFF hold IPTC.

Source: Adobe, "Photoshop File Formats Specification"; IPTC, "IIM 4.2".
"""

import struct

PHOTOSHOP = b"Photoshop 3.0\0"
IPTC, DIGEST = 0x0404, 0x0425
# What is carried in another way, or shows the dark picture: resolution, EXIF, XMP, ICC
# profile, thumbnails.
ELSEWHERE = (0x03ED, 0x0422, 0x0423, 0x0424, 0x040F, 0x0409, 0x040C, DIGEST)


def read_photoshop(resources):
    """Return the IPTC-IIM in image resources, bytes; a list of notes on the rest."""
    iptc, others, place = b"", 0, 0
    while place + 12 <= len(resources) and resources[place : place + 4] == b"8BIM":
        number, name = struct.unpack_from(">HB", resources, place + 4)
        start = place + 6 + (name + 2) // 2 * 2  # the name is padded with its length
        (size,) = struct.unpack_from(">I", resources, start)
        data = resources[start + 4 : start + 4 + size]
        if number == IPTC:
            iptc += data
        else:
            others += number not in ELSEWHERE
        place = start + 4 + (size + 1) // 2 * 2
    notes = [f"{others} of Photoshop's own settings are left out"] if others else []
    return iptc, notes


def pack_iptc(iptc):
    """Return IPTC-IIM as an image resource."""
    head = b"8BIM" + struct.pack(">HHI", IPTC, 0, len(iptc))
    return head + iptc + b"\0" * (len(iptc) % 2)
