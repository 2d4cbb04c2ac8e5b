"""The chunks of a WebP that Pillow passes over.

Source: RFC 9649, "WebP Image Format", 2.7.
"""

import struct

STRUCTURE = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF")
READ = (b"ICCP", b"EXIF", b"XMP ")
NAMED = {b"C2PA": "statement of origin (C2PA)"}


def look(file, image):
    """See `images.containers`."""
    file.seek(12)
    notes = []
    while len(head := file.read(8)) == 8:
        kind, size = struct.unpack("<4sI", head)
        file.seek(size + size % 2, 1)
        if kind not in STRUCTURE + READ:
            name = NAMED.get(kind, f"chunk {kind.decode('latin-1').strip()}")
            notes.append(f"its {name} is left out")
    return {"notes": [*dict.fromkeys(notes)]}
