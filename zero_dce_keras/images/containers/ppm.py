"""How deep a PPM is, of which Pillow reads 8 bits of colour, and its comments.

Source: "PPM Format Specification".
"""

import re

LOOKED_AT = 4096
HEADER = re.compile(rb"P[56]" + 3 * rb"\s+(?:#[^\n]*\n\s*)*(\d+)" + rb"\s")


def look(file, image):
    """See `images.containers`."""
    start, most = read_header(file)
    file.seek(0)
    comments = re.findall(rb"#[ \t]*([^\n]*?)[ \t\r]*\n", file.read(start))
    return {"bits": most.bit_length(), "comment": b"\n".join(comments)}


def read_header(file):
    """Return where the samples begin, and the most that they may be."""
    file.seek(0)
    header = HEADER.match(file.read(LOOKED_AT))
    return (header.end(), int(header.group(3))) if header else (0, 255)
