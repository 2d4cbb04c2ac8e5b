"""How deep a PPM or a JPEG 2000 is: Pillow reads 8 bits of colour.

Source: "PPM Format Specification"; ISO/IEC 15444-1, annex I (`ihdr`).
"""

import re

LOOKED_AT = 4096


def look(file, image):
    """See `images.containers`."""
    file.seek(0)
    head = file.read(LOOKED_AT)
    bits = 8
    if header := re.match(rb"P[56]\s+(?:#.*\s+)*\d+\s+(?:#.*\s+)*\d+\s+(\d+)", head):
        bits = int(header.group(1)).bit_length()
    elif place := re.search(rb"ihdr.{10}(.)", head, re.DOTALL):
        bits = (place.group(1)[0] & 127) + 1
    notes = note_on_depth(bits) if not image.mode.startswith("I") else []
    return {"notes": notes}


def note_on_depth(bits):
    """Return a note, in a list, if not all bits are read."""
    return [f"of its {bits} bits 8 are read"] if 8 < bits < 33 else []
