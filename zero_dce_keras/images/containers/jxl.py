"""What a JPEG XL says before its pixels: size, depth, metadata.

Source: ISO/IEC 18181-1, annexes A (SizeHeader), B (ImageMetadata); 18181-2 (boxes).
"""

import importlib.util
from typing import NamedTuple

from zero_dce_keras.extras import require
from zero_dce_keras.images.containers.boxes import read_boxes

CODESTREAM = b"\xff\x0a"
LOOKED_AT = 4096  # bytes of the codestream: the header is shorter
# Width to height, by the number that stands for them.
RATIOS = {
    1: (1, 1),
    2: (12, 10),
    3: (4, 3),
    4: (3, 2),
    5: (16, 9),
    6: (5, 4),
    7: (2, 1),
}
STRUCTURE = (b"JXL ", b"ftyp", b"jxlc", b"jxlp", b"jxli", b"jxll", b"jbrd", b"free")
METADATA = {b"Exif": "exif", b"xml ": "xmp"}
NAMED = {
    b"jumb": "statement of origin (C2PA)",
    b"jhgm": "second picture (HDR gain map)",
}


class Header(NamedTuple):
    """What the codestream begins with: size as shown, bits of a sample."""

    width: int
    height: int
    bits: int
    is_animated: bool


class _Bits:
    """Numbers of a bit stream, the lowest bit first."""

    def __init__(self, content):
        self._value, self._left = int.from_bytes(content, "little"), 8 * len(content)

    def read(self, count=1):
        """Return the number of so many bits."""
        if count > self._left:
            raise ValueError("its header is cut off")
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return value

    def choose(self, *choices):
        """Return one of four numbers (offset, bits to add), which two bits choose."""
        offset, count = choices[self.read(2)]
        return offset + self.read(count)


def read_header(file):
    """Read the header of a JPEG XL.

    Args:
        file: binary file: a codestream, or one in boxes.

    Raises:
        ValueError: if it is cut off.
    """
    bits = _Bits(_codestream(file)[len(CODESTREAM) :])
    width, height = _read_size(bits)
    if bits.read():  # all else is as usual
        return Header(width, height, 8, False)
    depth, is_animated = None, False
    if bits.read():  # there is more than colours
        orientation = 1 + bits.read(3)
        if orientation > 4:
            width, height = height, width
        if bits.read():
            _read_size(bits)  # that it is meant to be shown at
        if bits.read():
            _read_preview(bits)
        is_animated = bool(bits.read())
        if is_animated:
            bits.choose((100, 0), (1000, 0), (1, 10), (1, 30))
            bits.choose((1, 0), (1001, 0), (1, 8), (1, 10))
            bits.choose((0, 0), (0, 3), (0, 16), (0, 32))
            bits.read()
    if bits.read():  # floats
        depth = bits.choose((32, 0), (16, 0), (24, 0), (1, 6))
    else:
        depth = bits.choose((8, 0), (10, 0), (12, 0), (1, 6))
    return Header(width, height, depth, is_animated)


def _read_size(bits):
    """Return width and height."""
    is_small = bits.read()

    def side():
        if is_small:
            return 8 * (1 + bits.read(5))
        return bits.choose((1, 9), (1, 13), (1, 18), (1, 30))

    return _with_ratio(bits, side)


def _read_preview(bits):
    """Pass over the size of a preview."""
    in_eights = bits.read()

    def side():
        if in_eights:
            return 8 * bits.choose((16, 0), (32, 0), (1, 5), (33, 9))
        return bits.choose((1, 6), (65, 8), (321, 10), (1345, 12))

    return _with_ratio(bits, side)


def _with_ratio(bits, side):
    height = side()
    ratio = bits.read(3)
    if not ratio:
        return side(), height
    across, down = RATIOS[ratio]
    return height * across // down, height


def _codestream(file):
    """Return how the codestream begins."""
    file.seek(0)
    beginning = file.read(LOOKED_AT)
    if beginning.startswith(CODESTREAM):
        return beginning
    parts = [
        content[4 * (kind == b"jxlp") :]  # that begins with its number
        for kind, content in read_boxes(file, most=LOOKED_AT)
        if kind in (b"jxlc", b"jxlp")
    ]
    return b"".join(parts)[:LOOKED_AT]


def read_metadata(file):
    """Return EXIF and XMP, and `notes` on other boxes.

    The orientation of the codestream holds, and is applied by decoders, not that of EXIF.
    """
    file.seek(0)
    found: dict = {"notes": []}
    if file.read(2) == CODESTREAM:
        return found
    for kind, data in read_boxes(file, (b"jxlc", b"jxlp")):
        if kind == b"brob":
            kind, data = data[:4], _unpacked(data[4:])
        if kind in METADATA and data is None:
            found["notes"].append(
                f"its {METADATA[kind].upper()} is packed and left out; pip install "
                "'.[tiff]' brings what unpacks it"
            )
        elif kind == b"Exif":
            start = 4 + int.from_bytes(data[:4], "big")
            # Some writers leave out where the block begins.
            found["exif"] = data if data[:2] in (b"II", b"MM") else data[start:]
        elif kind == b"xml ":
            found["xmp"] = data
        elif kind not in STRUCTURE:
            name = NAMED.get(kind, f"box {kind.decode('latin-1').strip()}")
            found["notes"].append(f"its {name} is left out")
    return found


def _unpacked(data):
    """Return what Brotli packed; None if what unpacks it is missing."""
    if not importlib.util.find_spec("imagecodecs"):
        return None
    return require("imagecodecs").brotli_decode(data)
