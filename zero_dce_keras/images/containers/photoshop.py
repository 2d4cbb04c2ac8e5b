"""Photoshop's image resources, in which JPEG and TIFF hold IPTC.

Source: Adobe, "Photoshop File Formats Specification"; IPTC, "IIM 4.2".
"""

import struct

PHOTOSHOP = b"Photoshop 3.0\0"
SIGNATURES = (b"8BIM", b"MeSa", b"PHUT", b"AgHg", b"DCSR")
RESOLUTION, IPTC, EXIF, XMP, DIGEST = 0x03ED, 0x0404, 0x0422, 0x0424, 0x0425
# What is carried in another way, or shows the dark picture: 0x040F is the ICC profile,
# 0x0409 and 0x040C are thumbnails.
ELSEWHERE = (RESOLUTION, IPTC, EXIF, 0x0423, XMP, 0x040F, 0x0409, 0x040C, DIGEST)


def read_photoshop(resources):
    """Return the IPTC-IIM in image resources, bytes; a list of notes on the rest."""
    iptc, numbers, place = b"", [], 0
    while place + 12 <= len(resources) and resources[place : place + 4] in SIGNATURES:
        number, name = struct.unpack_from(">HB", resources, place + 4)
        start = place + 6 + (name + 2) // 2 * 2  # the name is padded with its length
        (size,) = struct.unpack_from(">I", resources, start)
        if number == IPTC:
            iptc += resources[start + 4 : start + 4 + size]
        numbers.append(number)
        place = start + 4 + (size + 1) // 2 * 2
    return iptc, count_others(numbers)


def count_others(numbers):
    """Return a note, in a list, if there are resources that are not carried."""
    others = sum(number not in ELSEWHERE for number in numbers)
    return [f"{others} of Photoshop's own settings are left out"] if others else []


def pack_iptc(iptc):
    """Return IPTC-IIM as an image resource."""
    head = b"8BIM" + struct.pack(">HHI", IPTC, 0, len(iptc))
    return head + iptc + b"\0" * (len(iptc) % 2)
