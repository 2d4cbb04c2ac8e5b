"""The application extensions of a GIF: XMP, its profile, ImageMagick's IPTC.

Source: CompuServe, "GIF89a Specification"; Adobe, "XMP Specification Part 3", 1.1.2.
"""

import re

from zero_dce_keras.images.containers.photoshop import read_photoshop

EXTENSION = re.compile(rb"!\xff\x0b([\x20-\x7e\0]{8}.{3})", re.DOTALL)
XMP = b"XMP DataXMP"
XMP_END = b"\x01\xff\xfe\xfd"  # what follows the packet leads readers to its end
PROFILE = b"ICCRGBG1012"
IPTC = (b"MGKIPTC", b"MGK8BIM")  # ImageMagick's
LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def look(file, image):
    """See `images.containers`."""
    file.seek(0)
    content = file.read()
    found: dict = {}
    notes = []
    place = 0
    while match := EXTENSION.search(content, place):
        name, place = match.group(1), match.end()
        if name == XMP:
            end = content.find(XMP_END, place)
            found["xmp"] = content[place:end] if end > 0 else b""
            continue
        data, place = _read_blocks(content, place)
        if name == PROFILE:
            found["icc_profile"] = data
        elif name.startswith(IPTC):
            iptc, others = read_photoshop(data)
            found["iptc"] = iptc or data
            notes += others
        elif name not in LOOPS:
            word = name[:8].decode().strip("\0 ")
            notes.append(f"its application extension {word} is left out")
    return found | {"notes": [*dict.fromkeys(notes)]}


def _read_blocks(content, place):
    """Return the sub-blocks from a place on as one, and the place behind them."""
    data = b""
    while place < len(content) and (size := content[place]):
        data += content[place + 1 : place + 1 + size]
        place += 1 + size
    return data, place
