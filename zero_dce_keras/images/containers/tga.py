"""The texts of a TGA.

Source: Truevision, "TGA File Format Specification 2.0".
"""

import io
import struct

FOOTER = b"TRUEVISION-XFILE.\0"
AUTHOR, COMMENTS = slice(2, 43), slice(43, 367)  # places in the extension area


def look(file, image):
    """See `images.containers`."""
    file.seek(0)
    identity = file.read(1)[0]
    file.seek(18)
    texts = [file.read(identity)]
    file.seek(-26, io.SEEK_END)
    place, _, signature = struct.unpack("<II18s", file.read(26))
    if signature == FOOTER and place:
        file.seek(place)
        area = file.read(COMMENTS.stop)
        author = area[AUTHOR].partition(b"\0")[0]
        # Of the comments each line has a place of its own.
        lines = [area[i : i + 81].partition(b"\0")[0] for i in range(43, 367, 81)]
        texts += [author, *lines]
    texts = [text.strip(b"\0 ") for text in texts]
    return {"comment": b"\n".join(text for text in texts if text)}
