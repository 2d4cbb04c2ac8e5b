"""EXIF, XMP and ICC profiles: what of them still holds for the enhanced photograph."""

import contextlib
import re
import struct

from PIL import ExifTags

THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 0x0201, 0x0202
SUBJECT_AREA, SUBJECT_LOCATION = 0x9214, 0xA214  # in pixels of the picture as stored
RESOLUTION = (0x011A, 0x011B)  # across and down
SHORT, LONG = 3, 4
TRANSPOSED = (5, 6, 7, 8)  # orientations that exchange width and height

# XMP that is true of a second picture, a film or a depth map alone.
SECOND_PICTURE = (
    rb"(?:(?:hdrgm|HDRGainMap|GDepth|GImage|GAudio):\w+"
    rb"|(?:GCamera|Camera|OpCamera):(?:MotionPhoto|MicroVideo)\w*)"
)
ATTRIBUTE = re.compile(rb"\s" + SECOND_PICTURE + rb"\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")
ELEMENT = re.compile(
    rb"<(" + SECOND_PICTURE + rb"|(?:G?Container):Directory|xmp:Thumbnails)\b[^<>]*>"
)
ORIENTATION = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>)\s*)([1-8])")


def upright_exif(exif, width, height, orientation=1):
    r"""Return an EXIF block for an image that now stands upright.

    Its orientation becomes 1, its sizes those given, places in it are turned, and its
    thumbnail, which shows the dark photograph, goes; every other byte stays in its place.

    Args:
        exif: bytes, a TIFF structure, without the "Exif\\0\\0" before it.
        width, height: of the upright image.
        orientation: of the image as it was stored.

    Returns:
        bytes.

    Raises:
        ValueError: the block is damaged.
    """
    block = bytearray(exif)
    try:
        order = {b"II*\0": "<", b"MM\0*": ">"}[bytes(block[:4])]
        (first,) = struct.unpack_from(order + "I", block, 4)
        entries, end = _entries(block, order, first)
        _set(block, order, entries, ExifTags.Base.Orientation, SHORT, 1)
        _set(block, order, entries, ExifTags.Base.ImageWidth, LONG, width)
        _set(block, order, entries, ExifTags.Base.ImageLength, LONG, height)
        if orientation in TRANSPOSED:
            _exchange(block, entries, *RESOLUTION)
        with contextlib.suppress(struct.error):  # where only this part is damaged
            _turn_camera_tags(block, order, entries, width, height, orientation)
        with contextlib.suppress(struct.error):
            _remove_thumbnail(block, order, end)
    except (KeyError, struct.error) as error:
        raise ValueError("the EXIF block is damaged") from error
    return bytes(block)


def _turn_camera_tags(block, order, entries, width, height, orientation):
    """Set what the directory of the camera says of sizes and places."""
    if ExifTags.IFD.Exif not in entries:
        return
    start = _value(block, order, entries[ExifTags.IFD.Exif][-1])
    entries, _ = _entries(block, order, start)
    _set(block, order, entries, ExifTags.Base.Orientation, SHORT, 1)
    _set(block, order, entries, ExifTags.Base.ExifImageWidth, LONG, width)
    _set(block, order, entries, ExifTags.Base.ExifImageHeight, LONG, height)
    for tag in (SUBJECT_AREA, SUBJECT_LOCATION):
        _turn_place(block, order, entries, tag, width, height, orientation)


def _entries(block, order, start):
    """Return {tag: places of its entries} of the directory at `start`, and its end."""
    (count,) = struct.unpack_from(order + "H", block, start)
    tags: dict[int, list[int]] = {}
    for place in range(start + 2, start + 2 + 12 * count, 12):
        tags.setdefault(struct.unpack_from(order + "H", block, place)[0], []).append(
            place
        )
    return tags, start + 2 + 12 * count


def _value(block, order, place):
    return struct.unpack_from(order + "I", block, place + 8)[0]


def _set(block, order, entries, tag, kind, value):
    """Set a number in its places, if it is there."""
    layout = order + {SHORT: "HIH2x", LONG: "HII"}[kind]
    for place in entries.get(tag, ()):
        struct.pack_into(layout, block, place + 2, kind, 1, value)


def _exchange(block, entries, one, other):
    """Exchange the values of two tags of the same kind, of which each is there once."""
    places = [entries.get(tag, ()) for tag in (one, other)]
    if [len(each) for each in places] == [1, 1]:
        here, there = (slice(place + 2, place + 12) for (place,) in places)
        block[here], block[there] = block[there], block[here]


def _turn_place(block, order, entries, tag, width, height, orientation):
    """Turn a point, a circle or a rectangle, given by its centre, with the picture."""
    for place in entries.get(tag, ()):
        kind, count = struct.unpack_from(order + "HI", block, place + 2)
        if kind != SHORT or not 2 <= count <= 4:
            continue
        start = place + 8 if count == 2 else _value(block, order, place)
        numbers = list(struct.unpack_from(f"{order}{count}H", block, start))
        stored = (height, width) if orientation in TRANSPOSED else (width, height)
        across, down = numbers[0] / stored[0], numbers[1] / stored[1]
        if max(across, down) > 1:
            continue  # of the picture before somebody made it smaller
        x, y = turn_point(across, down, orientation)
        numbers[:2] = round(x * width), round(y * height)
        if count == 4 and orientation in TRANSPOSED:
            numbers[2:] = numbers[:1:-1]
        struct.pack_into(f"{order}{count}H", block, start, *numbers)


def turn_point(x, y, orientation):
    """Return where a point of the stored picture lies in the upright one, as shares.

    Example:
        >>> turn_point(0.125, 0.25, 6)
        (0.75, 0.125)
    """
    if orientation in TRANSPOSED:
        x, y = y, x
    if orientation in (2, 3, 6, 7):
        x = 1 - x
    if orientation in (3, 4, 7, 8):
        y = 1 - y
    return x, y


def _remove_thumbnail(block, order, link):
    """Forget the second directory, whose place stands at `link`, and wipe its image."""
    (second,) = struct.unpack_from(order + "I", block, link)
    struct.pack_into(order + "I", block, link, 0)
    if not second:
        return
    entries, _ = _entries(block, order, second)
    if THUMBNAIL_OFFSET in entries and THUMBNAIL_LENGTH in entries:
        start = _value(block, order, entries[THUMBNAIL_OFFSET][-1])
        end = start + _value(block, order, entries[THUMBNAIL_LENGTH][-1])
        if link < start and end < len(block):
            block[start:end] = bytes(end - start)
        elif link < start:
            del block[start:]


def upright_xmp(xmp, width=None, height=None, orientation=1):
    """Return XMP for an image that now stands upright, and alone.

    Orientation becomes 1, sizes become those given, regions (faces) are turned. What
    belongs to a gain map, a depth map or a film beside the dark picture goes, and so does
    the thumbnail; everything else stays as it is.

    Args:
        xmp: bytes or str.
        width, height: of the upright image.
        orientation: of the image as it was stored.

    Returns:
        bytes.

    Source: Adobe, "XMP Specification Part 2"; Metadata Working Group, "Guidelines for
    handling image metadata 2.0" (regions).
    """
    xmp = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
    xmp = ORIENTATION.sub(rb"\g<1>1", xmp)
    xmp = ATTRIBUTE.sub(b"", xmp)
    xmp = _replace_elements(xmp, ELEMENT, lambda _: b"")
    if width and height:
        for name, size in (
            *((rb"tiff:ImageWidth", width), (rb"tiff:ImageLength", height)),
            *((rb"exif:PixelXDimension", width), (rb"exif:PixelYDimension", height)),
        ):
            xmp = re.sub(rb"(" + name + rb"(?:=[\"']|>))\d+", rb"\g<1>%d" % size, xmp)
    return xmp if orientation == 1 else _turn_regions(xmp, orientation)


def _turn_regions(xmp, orientation):
    """Turn regions with the picture: places are shares of its sides."""
    number = rb"(=[\"']|>)\s*([\d.eE+-]+)"

    def values_of(text, prefix):
        found = {}
        for name in (b"x", b"y", b"w", b"h"):
            match = re.search(prefix + b":" + name + number, text)
            if match:
                found[name] = float(match.group(2))
        return found

    def put(text, prefix, values):
        for name, value in values.items():
            place = b"(" + prefix + b":" + name + rb"(?:=[\"']|>))\s*[\d.eE+-]+"
            text = re.sub(place, rb"\g<1>" + f"{value:.9g}".encode(), text)
        return text

    def turn_area(element):
        values = values_of(element, b"stArea")
        if b"x" in values and b"y" in values:
            turned = turn_point(values[b"x"], values[b"y"], orientation)
            values[b"x"], values[b"y"] = turned
        if orientation in TRANSPOSED and b"w" in values and b"h" in values:
            values[b"w"], values[b"h"] = values[b"h"], values[b"w"]
        return put(element, b"stArea", values)

    def turn_dimensions(element):
        values = values_of(element, b"stDim")
        if orientation in TRANSPOSED and len(values) == 2:
            values = {b"w": values[b"h"], b"h": values[b"w"]}
        return put(element, b"stDim", values)

    def turn_rectangle(match):  # Microsoft's: left, top, width, height
        left, top, width, height = map(float, match.group(2).split(b","))
        x, y = turn_point(left + width / 2, top + height / 2, orientation)
        if orientation in TRANSPOSED:
            width, height = height, width
        values = x - width / 2, y - height / 2, width, height
        return match.group(1) + ", ".join(f"{each:.6g}" for each in values).encode()

    def turn_if_sound(match):
        try:
            return turn_rectangle(match)
        except ValueError:  # not four numbers
            return match.group()

    for name, turn in (
        (b"mwg-rs:Area", turn_area),
        (b"mwg-rs:AppliedToDimensions", turn_dimensions),
    ):
        opening = re.compile(rb"<(" + name + rb")\b[^<>]*>")
        xmp = _replace_elements(xmp, opening, turn)
    rectangle = rb"(MPReg:Rectangle(?:=[\"']|>))([\d.eE+\-,\s]{7,80})"
    return re.sub(rectangle, turn_if_sound, xmp)


def _replace_elements(xmp, opening, replace):
    """Replace elements by what a function makes of their bytes, in linear time.

    Args:
        xmp: bytes.
        opening: pattern of a tag that begins or is an element; group 1 is its name.
        replace: function of bytes. A `ValueError` leaves the element as it is.
    """
    made, place = [], 0
    absent: set = set()  # names whose closing tag does not come any more
    while match := opening.search(xmp, place):
        stop = match.end()
        if not match.group().endswith(b"/>"):
            closing = b"</" + match.group(1) + b">"
            found = -1 if closing in absent else xmp.find(closing, stop)
            if found < 0:
                absent.add(closing)
                made.append(xmp[place:stop])
                place = stop
                continue
            stop = found + len(closing)
        made.append(xmp[place : match.start()])
        element = xmp[match.start() : stop]
        try:
            made.append(replace(element))
        except ValueError:
            made.append(element)
        place = stop
    return b"".join(made) + xmp[place:]


def xmp_orientation(xmp):
    """Return the orientation that XMP gives, 1 where it gives none."""
    match = ORIENTATION.search(xmp)
    return int(match.group(2)) if match else 1


def fitting_profile(profile, is_grey):
    """Return the ICC profile if it is one for such pixels, else b""."""
    space = b"GRAY" if is_grey else b"RGB "
    return bytes(profile) if profile and profile[16:20] == space else b""
