"""What the header of a photograph's file says, read by operations of a graph.

A SavedModel must know it before it decodes: how large the picture will be, how it is to
be turned, and the colour profile, which no decoder of TensorFlow hands on. AutoGraph turns
the loops below into loops of the graph; they end where a file does, or after
`MOST_PIECES`.
"""

from typing import NamedTuple

import tensorflow as tf

UNKNOWN, JPEG, PNG, BMP, GIF, WEBP = range(6)
MOST_PIECES = 4096  # segments or chunks of a file that are looked at
FRAMES = [marker for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC)]


class Header(NamedTuple):
    """Scalars of a graph: what is known of a file before it is decoded."""

    kind: tf.Tensor  # int32, one of the constants above
    height: tf.Tensor  # int64, as stored: before it is turned
    width: tf.Tensor  # int64
    orientation: tf.Tensor  # int32, 1 to 8 as in EXIF
    is_deep: tf.Tensor  # bool, 16 bits a channel
    profile: tf.Tensor  # string: what holds an ICC profile, as it is in the file; or ""


def read_header(content):
    """Read the header of a file.

    Args:
        content: string scalar, the file.

    Returns:
        `Header`; where the file ends too early or is of no known kind, its size is 0.
    """
    kind = kind_of(content)
    unknown = Header(
        kind,
        tf.constant(0, tf.int64),
        tf.constant(0, tf.int64),
        tf.constant(1),
        tf.constant(False),
        tf.constant(""),
    )
    readers = (
        lambda: unknown,
        lambda: _read_jpeg(unknown, content),
        lambda: _read_png(unknown, content),
        lambda: _read_bmp(unknown, content),
        lambda: _read_gif(unknown, content),
        lambda: _read_webp(unknown, content),
    )
    return tf.switch_case(kind, readers)


def kind_of(content):
    """Return the kind of a file by its first bytes, as an int32 scalar."""
    kind = tf.constant(UNKNOWN)
    for number, start in (
        (JPEG, b"\xff\xd8\xff"),
        (PNG, b"\x89PNG\r\n\x1a\n"),
        (BMP, b"BM"),
        (GIF, b"GIF8"),
    ):
        kind = tf.where(_starts(content, start), number, kind)
    is_webp = _starts(content, b"RIFF") & (_part(content, 8, 4) == b"WEBP")
    # TensorFlow 2.21 writes over its memory where a WebP has frames.
    has_frames = _part(content, 12, 4) == b"VP8X"
    has_frames &= _number(content, 20, 1) // 2 % 2 == 1
    return tf.where(is_webp & ~has_frames, WEBP, kind)


def _read_jpeg(header, content):
    """Walk the segments up to the first scan."""
    _, height, width, orientation, is_deep, profile = header
    length = tf.strings.length(content)
    place, count = tf.constant(2), tf.constant(0)
    channels, goes_on = tf.constant(0), tf.constant(True)
    while goes_on and place + 4 <= length and count < MOST_PIECES:
        count += 1
        marker = _number(content, place + 1, 1)
        size = tf.cast(_number(content, place + 2, 2), tf.int32)
        if _number(content, place, 1) != 0xFF or _is_one_of(marker, (0xD9, 0xDA)):
            goes_on = False
        elif marker == 0xFF:  # a fill byte
            place += 1
        else:
            start = place + 4
            if _is_one_of(marker, FRAMES):
                height = _number(content, start + 1, 2)
                width = _number(content, start + 3, 2)
                channels = tf.cast(_number(content, start + 5, 1), tf.int32)
            elif marker == 0xE1 and _part(content, start, 6) == b"Exif\0\0":
                exif = _part(content, start + 6, size - 8)
                orientation = orientation_of(exif)
            elif marker == 0xE2 and _part(content, start, 12) == b"ICC_PROFILE\0":
                profile += _part(content, place, size + 2)
            place += size + 2
    # The profile of a CMYK picture is not for the colours that are decoded from it.
    space = tf.where(channels == 1, b"GRAY", b"RGB ")
    is_kept = _part(profile, 18 + 16, 4) == space
    profile = tf.where(is_kept, profile, "")
    return Header(header.kind, height, width, orientation, is_deep, profile)


def _read_png(header, content):
    """Walk the chunks; EXIF may come after the pixels."""
    orientation, profile = header.orientation, header.profile
    length = tf.strings.length(content)
    place, count = tf.constant(8), tf.constant(0)
    while place + 12 <= length and count < MOST_PIECES:
        count += 1
        size = _number(content, place, 4)
        size = tf.cast(tf.minimum(size, tf.cast(length, tf.int64)), tf.int32)
        name = _part(content, place + 4, 4)
        if name == b"eXIf":
            orientation = orientation_of(_part(content, place + 8, size))
        elif name == b"iCCP":
            profile = _part(content, place, size + 12)
        place = tf.where(size > length - place - 12, length, place + size + 12)
    return Header(
        header.kind,
        _number(content, 20, 4),
        _number(content, 16, 4),
        orientation,
        _number(content, 24, 1) == 16,
        profile,
    )


def _read_bmp(header, content):
    is_old = _number_from_right(content, 14, 4) == 12  # OS/2: 16 bits a side
    width = _number_from_right(content, 18, 4)
    height = _number_from_right(content, 22, 4)
    height = tf.minimum(height, 2**32 - height)  # negative: from the top down
    if is_old:
        width = _number_from_right(content, 18, 2)
        height = _number_from_right(content, 20, 2)
    return header._replace(height=height, width=width)


def _read_gif(header, content):
    return header._replace(
        height=_number_from_right(content, 8, 2),
        width=_number_from_right(content, 6, 2),
    )


def _read_webp(header, content):
    """Read the first chunk for the size, and the others for EXIF."""
    orientation = header.orientation
    first = _part(content, 12, 4)
    width, height = header.width, header.height
    if first == b"VP8X":
        width = 1 + _number_from_right(content, 24, 3)
        height = 1 + _number_from_right(content, 27, 3)
    elif first == b"VP8L":
        bits = _number_from_right(content, 21, 4)
        width, height = 1 + bits % 2**14, 1 + bits // 2**14 % 2**14
    elif first == b"VP8 ":
        width = _number_from_right(content, 26, 2) % 2**14
        height = _number_from_right(content, 28, 2) % 2**14
    length = tf.strings.length(content)
    place, count = tf.constant(12), tf.constant(0)
    while place + 8 <= length and count < MOST_PIECES:
        count += 1
        size = _number_from_right(content, place + 4, 4)
        size = tf.cast(tf.minimum(size, tf.cast(length, tf.int64)), tf.int32)
        if _part(content, place, 4) == b"EXIF":
            exif = _part(content, place + 8, size)
            if _part(exif, 0, 6) == b"Exif\0\0":
                exif = _part(exif, 6, size)
            orientation = orientation_of(exif)
        step = 8 + size + size % 2
        place = tf.where(step > length - place, length, place + step)
    return header._replace(height=height, width=width, orientation=orientation)


def orientation_of(exif):
    """Return the orientation that EXIF gives, an int32 scalar from 1 to 8.

    Args:
        exif: string scalar that begins with the header of a TIFF. Without a tag, or with
            a wrong one, the picture is upright: 1.
    """
    is_intel = _part(exif, 0, 4) == b"II*\0"
    orientation = tf.constant(1, tf.int64)
    if is_intel or _part(exif, 0, 4) == b"MM\0*":
        length = tf.cast(tf.strings.length(exif), tf.int64)
        start = _number_of(exif, 4, 4, is_intel)
        entries = tf.minimum(_number_of(exif, start, 2, is_intel), MOST_PIECES)
        entry = tf.constant(0, tf.int64)
        while entry < entries and start + 2 + 12 * (entry + 1) <= length:
            place = start + 2 + 12 * entry
            is_short = _number_of(exif, place + 2, 2, is_intel) == 3
            if is_short and _number_of(exif, place, 2, is_intel) == 0x0112:
                orientation = _number_of(exif, place + 8, 2, is_intel)
                entry = entries
            entry += 1
    is_known = (orientation >= 1) & (orientation <= 8)
    return tf.cast(tf.where(is_known, orientation, 1), tf.int32)


def _starts(content, start):
    return _part(content, 0, len(start)) == start


def _is_one_of(number, numbers):
    return tf.reduce_any(number == tf.constant(numbers, tf.int64))


def _part(content, start, length):
    """Return bytes of a string; fewer, or none, where it ends before."""
    start = tf.cast(start, tf.int32)
    inside = tf.clip_by_value(start, 0, tf.strings.length(content))
    length = tf.where(inside == start, tf.maximum(tf.cast(length, tf.int32), 0), 0)
    return tf.strings.substr(content, inside, length)


def _number(content, start, length):
    """Return a number of `length` bytes, the highest one first, as int64; 0 past the end."""
    return _number_of(content, start, length, is_intel=False)


def _number_from_right(content, start, length):
    return _number_of(content, start, length, is_intel=True)


def _number_of(content, start, length, is_intel):
    found = tf.strings.substr(_part(content, start, length) + b"\0" * length, 0, length)
    digits = tf.cast(tf.io.decode_raw(found, tf.uint8), tf.int64)
    digits = tf.where(is_intel, digits[::-1], digits)
    weights = tf.constant([256**k for k in reversed(range(length))], tf.int64)
    return tf.reduce_sum(digits * weights)
