"""How deep an SGI image is, of which Pillow reads 8 bits, and its name.

Source: Paul Haeberli, "The SGI Image File Format".
"""

NAME = slice(24, 104)
NO_NAME = b"no name"


def look(file, image):
    """See `images.containers`."""
    file.seek(0)
    header = file.read(NAME.stop)
    name = header[NAME].partition(b"\0")[0]
    return {"bits": 8 * header[3], "comment": b"" if name == NO_NAME else name}
