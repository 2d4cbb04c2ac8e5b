"""The boxes of HEIC, AVIF, JPEG 2000 and JPEG XL files.

Source: ISO/IEC 14496-12, 4.2; ISO/IEC 15444-1, I.4; ISO/IEC 18181-2.
"""

import io
import struct

MOST_BYTES = 2**26  # of a box that is not pixels


def read_boxes(file, passed_over=(), most=MOST_BYTES):
    """Return the boxes of a file, or of a box that holds boxes.

    Args:
        file: binary file, or bytes.
        passed_over: tuple of bytes, the kinds whose content is not read: pixels.
        most: int, bytes that are read of a box.

    Returns:
        List of pairs (kind, content), content b"" of those that are passed over; what is
        cut off ends it.
    """
    if isinstance(file, bytes):
        file = io.BytesIO(file)
    end = file.seek(0, io.SEEK_END)
    boxes, place = [], 0
    while place + 8 <= end:
        file.seek(place)
        size, kind = struct.unpack(">I4s", file.read(8))
        start = place + 8
        if size == 1:
            size, start = int.from_bytes(file.read(8), "big"), place + 16
        stop = place + size if size else end  # 0: to the end
        if stop < start or stop > end:
            break
        size = 0 if kind in passed_over else min(stop - start, most)
        boxes.append((kind, file.read(size)))
        place = stop
    return boxes
