"""The tags of a TIFF, and of an EXIF block, as bytes: nothing is decoded on the way.

Pillow decodes text on reading and encodes it on writing, and loses what is not ASCII.
Here values stay as they are, but for the byte order, which becomes "little".

Source: Adobe, "TIFF Revision 6.0"; AWare, "BigTIFF"; CIPA DC-008 (EXIF).
"""

import struct
from typing import NamedTuple

EXIF, GPS, INTEROP = 0x8769, 0x8825, 0xA005  # tags that hold a directory of their own
MAKER_NOTE = 0x927C
MOST_TAGS = 4096  # of a directory: more is damage
MOST_BYTES = 2**26  # of all values together
XMP, IPTC, PHOTOSHOP, ICC, LAYERS = 700, 33723, 34377, 34675, 37724
OPAQUE = (XMP, IPTC, PHOTOSHOP, ICC)  # bytes, whatever their type says
NOT_READ = (LAYERS,)  # Photoshop's, which may be large
SUBFILE, MAKE, DNG_VERSION = 254, 271, 50706
SHORT, LONG, RATIONAL, UNDEFINED = 3, 4, 5, 7
# By type: bytes of a value, and of the numbers in it that have a byte order.
SIZES = {
    1: (1, 1),
    2: (1, 1),
    3: (2, 2),
    4: (4, 4),
    5: (8, 4),
    6: (1, 1),
    7: (1, 1),
    8: (2, 2),
    9: (4, 4),
    10: (8, 4),
    11: (4, 4),
    12: (8, 8),
    13: (4, 4),
    16: (8, 8),
    17: (8, 8),
    18: (8, 8),
}


class Tag(NamedTuple):
    """A tag's value: number of its type, how many, bytes in little-endian order."""

    kind: int
    length: int
    value: bytes

    def numbers(self):
        """Return a value of BYTE, SHORT or LONG as a list of int."""
        letter = {1: "B", 3: "H", 4: "I", 16: "Q"}[self.kind]
        return list(struct.unpack(f"<{self.length}{letter}", self.value))


def short(value):
    """Return a `Tag` of one SHORT."""
    return Tag(SHORT, 1, struct.pack("<H", value))


def long(*values):
    """Return a `Tag` of LONGs."""
    return Tag(LONG, len(values), struct.pack(f"<{len(values)}I", *values))


def undefined(value):
    """Return a `Tag` of bytes."""
    return Tag(UNDEFINED, len(value), bytes(value))


def read_tags(file, damaged=None):
    """Read the first directory of a TIFF or an EXIF block.

    Args:
        file: binary file, open for reading, that begins with the byte order.
        damaged: list that gets the numbers of tags that cannot be read; these are left
            out.

    Returns:
        dict of `Tag` by number; of EXIF, GPS and interoperability a dict like it.

    Raises:
        ValueError: it is damaged.
    """
    try:
        file.seek(0)
        header = file.read(16)
        order = {b"II": "<", b"MM": ">"}[header[:2]]
        is_big = struct.unpack_from(order + "H", header, 2)[0] == 43
        layout, place = (order + "Q", 8) if is_big else (order + "I", 4)
        (start,) = struct.unpack_from(layout, header, place)
        return _Reader(file, order, is_big, damaged).directory(start)
    except (KeyError, struct.error, OverflowError) as error:
        raise ValueError("its tags are damaged") from error


def looks_like_raw(file):
    """Return whether a TIFF without a name is camera RAW, which begins with a preview."""
    file.seek(0)
    if file.read(4) not in (b"II*\0", b"MM\0*"):
        return False
    try:
        tags = read_tags(file)
    except ValueError:
        return False
    is_preview = SUBFILE in tags and tags[SUBFILE].value[0] & 1
    return DNG_VERSION in tags or bool(is_preview and MAKE in tags)


class _Reader:
    """Reads directories of one file, up to a budget of bytes."""

    def __init__(self, file, order, is_big, damaged=None):
        self.file, self.order, self.is_big = file, order, is_big
        self.damaged = [] if damaged is None else damaged
        self.budget = MOST_BYTES

    def directory(self, start, depth=0):
        """Return the tags of a directory; of EXIF, GPS and interoperability dicts."""
        order, is_big, file = self.order, self.is_big, self.file
        file.seek(start)
        head = file.read(8 if is_big else 2)
        (count,) = struct.unpack(order + ("Q" if is_big else "H"), head)
        if count > MOST_TAGS:
            raise ValueError("its tags are damaged")
        size = 20 if is_big else 12
        entries, tags = file.read(size * count), {}
        for place in range(0, size * count, size):
            entry = entries[place : place + size]
            number, kind = struct.unpack_from(order + "HH", entry)
            if kind not in SIZES or number in NOT_READ:
                continue  # of a later TIFF, or of no use
            try:
                tags[number] = self._value(number, kind, entry, depth)
            except (ValueError, struct.error, OverflowError):
                self.damaged.append(number)
        return tags

    def _value(self, number, kind, entry, depth):
        layout = self.order + ("Q" if self.is_big else "I")
        (length,) = struct.unpack_from(layout, entry, 4)
        size, unit = SIZES[kind]
        inline = 8 if self.is_big else 4
        data = entry[-inline:]
        if length * size > inline:
            if length * size > self.budget:
                raise ValueError("too long")
            (where,) = struct.unpack_from(layout, data)
            self.file.seek(where)
            data = self.file.read(length * size)
            self.budget -= len(data)
        data = data[: length * size]
        if len(data) < length * size or not length:
            raise ValueError("cut off")
        if self.order == ">" and number not in OPAQUE:
            data = _swapped(data, unit)
        if number in (EXIF, GPS, INTEROP) and depth < 2:
            (where,) = struct.unpack("<I", data[:4])
            return self.directory(where, depth + 1)
        return Tag(kind, length, data)


def _swapped(data, unit):
    if unit == 1:
        return data
    return b"".join(data[i : i + unit][::-1] for i in range(0, len(data), unit))


def pack_tags(tags, start=8):
    """Write a directory, with those in it, as the bytes of a little-endian TIFF.

    Args:
        tags: dict as of `read_tags`.
        start: place of the first byte in the file.

    Returns:
        bytes: the directory, then its values. No directory follows it.
    """
    place = start + 2 + 12 * len(tags) + 4
    entries, values = [], []
    for number, tag in sorted(tags.items()):
        if isinstance(tag, dict):
            values.append(pack_tags(tag, place))
            kind, count, field = LONG, 1, struct.pack("<I", place)
        else:
            kind, count, field = _classic(tag)
            if len(field) > 4:
                values.append(field + b"\0" * (len(field) % 2))
                field = struct.pack("<I", place)
        entries.append(struct.pack("<HHI4s", number, kind, count, field))
        place = start + 2 + 12 * len(tags) + 4 + sum(map(len, values))
    head = struct.pack("<H", len(tags)) + b"".join(entries) + b"\0\0\0\0"
    return head + b"".join(values)


def _classic(tag):
    """Return a tag as a TIFF that is not a BigTIFF holds it."""
    if tag.kind in (16, 18):
        numbers = struct.unpack(f"<{tag.length}Q", tag.value)
        return long(*(min(number, 2**32 - 1) for number in numbers))
    return tag


def pack_block(tags):
    """Write tags as an EXIF block, bytes; b"" if there are none."""
    return b"II*\0\x08\0\0\0" + pack_tags(tags) if tags else b""
