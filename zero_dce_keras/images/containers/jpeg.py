"""The segments of a JPEG: IPTC, comment, extended XMP, second pictures.

Source: ITU-T T.81, annex B; Adobe, "XMP Specification Part 3"; CIPA DC-007 (MPF).
"""

import hashlib
import io
import re
import struct

from PIL import Image

from zero_dce_keras.images.containers.photoshop import (
    PHOTOSHOP,
    pack_iptc,
    read_photoshop,
)
from zero_dce_keras.images.tiff_tags import read_tags

COMMENT, APP0, APP1, APP2, APP13, APP14 = 0xFE, 0xE0, 0xE1, 0xE2, 0xED, 0xEE
START_OF_SCAN, END = 0xDA, 0xD9
FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive
MARKER = re.compile(rb"\xff[\x02-\xcf\xda-\xfe]")  # of a segment
LONGEST = 65_533  # bytes of a segment
FILM = re.compile(rb"MotionPhoto_Data|\0\0\0[\x10-\x40]ftyp")
# What programs and cameras write behind the end, by how it ends or, of Canon, begins.
TRAILERS = (
    (rb"\0\0(QDIOBS|SEFT)$", "Samsung's"),
    (rb"^CANON OPTIONAL DATA", "Canon's"),
    (rb"cbipcbbl$", "Photo Mechanic's"),
    (rb"AXS[!*].{8}$", "AFCP"),
    (rb"\xa1\xb2\xc3\xd4$", "FotoStation's"),
    (rb"~\0\x04\0zmie~\0\0[\x06\x0a].{6,10}$", "MIE"),
    (rb"8db42d694ccc418790edff439fe026bf$", "Insta360's"),
    (rb"/NIKON APP$", "Nikon's"),
)
SECOND_PICTURE = "its second picture (HDR gain map, depth or view) is left out"
PADDING = b"\0\r\n "
PREVIEWS = (0x010001, 0x010002)  # types of MPF's pictures: the same one, smaller
XMP = b"http://ns.adobe.com/xap/1.0/\0"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
EXIF = b"Exif\0\0"
# What Pillow reads, and what says how the pixels are encoded.
KNOWN = {
    APP0: (b"JFIF\0", b"JFXX\0"),
    APP1: (EXIF, XMP, EXTENSION),
    APP2: (b"ICC_PROFILE\0", b"MPF\0", b"urn:iso:std:iso:ts:21496:-1\0"),
    APP13: (PHOTOSHOP,),
    APP14: (b"Adobe",),
}
# What others are, by how they begin.
NAMED = {
    b"FLIR\0": "thermal picture (FLIR)",
    b"JP": "statement of origin (C2PA)",
    b"Ducky": "",  # how finely an editor compressed it
    b"FPXR\0": "FlashPix extension",
    b"Meta\0": "maker's extension",
}


def look(file, image):
    """See `images.containers`."""
    segments, rest = read_segments(file)
    found: dict = {}
    notes = _notes_on(segments, rest, image)
    if comment := _comment(segments):
        found["comment"] = comment
    resources = b"".join(
        data.removeprefix(PHOTOSHOP)
        for marker, data in segments
        if marker == APP13 and data.startswith(PHOTOSHOP)
    )
    if resources:
        found["iptc"], others = read_photoshop(resources)
        notes += others
    if any(data.startswith(EXTENSION) for _, data in segments):
        xmp = next((d for m, d in segments if m == APP1 and d.startswith(XMP)), b"")
        found["xmp"], is_whole = merge_xmp(xmp.removeprefix(XMP), _extension(segments))
        if not is_whole:
            notes.append("its extended XMP is damaged and left out")
    return found | {"notes": notes}


def read_segments(file):
    """Return the segments before the scan as pairs (marker, data), and the rest.

    The rest is where the compressed pixels begin, and what follows them.
    """
    file.seek(0)
    content = file.read()
    segments, place = [], 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8:
            place += 1 if marker == 0xFF else 2
            continue
        if marker in (START_OF_SCAN, END):
            break
        (length,) = struct.unpack_from(">H", content, place + 2)
        segments.append((marker, content[place + 4 : place + 2 + length]))
        place += 2 + length
    return segments, content[place:]


def completed(file):
    """Return a JPEG with the end marker that it lacks; None if more is missing.

    All coefficients must have been begun. Where the last scan is whole, what follows it
    does not matter: the picture is the same with other bytes between it and the end.
    """
    file.seek(0)
    content = file.read()
    if not _has_all_scans(content):
        return None
    pictures = []
    for filler in (b"", b"\x55" * 4096):
        with Image.open(io.BytesIO(content + filler + b"\xff\xd9")) as image:
            pictures.append(image.convert("RGB").tobytes())
    return content + b"\xff\xd9" if pictures[0] == pictures[1] else None


def _has_all_scans(content):
    """Return whether the scans of a JPEG have all bits of all coefficients."""
    left = None
    for marker, data in _all_segments(content):
        if marker in FRAMES:
            components = {data[i] for i in range(6, 6 + 3 * data[5], 3)}
            left = {(component, k) for component in components for k in range(64)}
        elif marker == START_OF_SCAN and left:
            count = data[0]
            first, last, bits = data[1 + 2 * count : 4 + 2 * count]
            if bits & 15 == 0:  # the lowest bit comes last
                seen = data[1 : 1 + 2 * count : 2]
                left -= {(each, k) for each in seen for k in range(first, last + 1)}
    return left is not None and not left


def _all_segments(content):
    """Yield pairs (marker, data) of all segments, between scans too."""
    place = 2
    while match := MARKER.search(content, place):
        (length,) = struct.unpack_from(
            ">H", content.ljust(match.end() + 2), match.end()
        )
        yield match.group()[1], content[match.end() + 2 : match.end() + length]
        place = match.end() + length


def _comment(segments):
    """Return the comments as one: a line each, but what was too long for a segment."""
    comment, is_cut = b"", True
    for marker, data in segments:
        if marker == COMMENT:
            comment += data if is_cut else b"\n" + data
            is_cut = len(data) >= LONGEST
    return comment


def _notes_on(segments, rest, image):
    """Return notes on what the enhanced photograph cannot have."""
    notes, unknown, has_second = [], [], False
    for marker, data in segments:
        if not 0xE0 <= marker <= 0xEF:
            continue
        has_second |= _announces_a_second_picture(data)
        if data.startswith(KNOWN.get(marker, ())) or not data.strip(b"\0"):
            continue
        name = next((n for start, n in NAMED.items() if data.startswith(start)), None)
        if name:
            notes.append(f"its {name} is left out")
        elif name is None:
            word = re.match(rb"[\x20-\x7e]{2,20}", data)
            what = f" ({word.group().decode()})" if word else ""
            unknown.append(f"APP{marker - 0xE0}{what}")
    if unknown:
        kinds = ", ".join(dict.fromkeys(unknown))
        notes.append(f"segments of unknown kind are left out: {kinds}")
    if has_second:
        notes.append(SECOND_PICTURE)
    end = rest.find(b"\xff\xd9")
    if end >= 0:
        has_previews = any(data.startswith(b"MPF\0") for _, data in segments)
        notes += _notes_on_the_end(rest[end + 2 :], has_previews)
    return [*dict.fromkeys(notes)]


def _notes_on_the_end(tail, has_previews):
    """Return notes on what follows the picture."""
    notes = []
    if FILM.search(tail):
        notes.append("its film (motion photo) is left out")
    tail = tail.strip(PADDING)
    for pattern, name in TRAILERS:
        if re.search(pattern, tail if pattern[:1] == b"^" else tail[-64:], re.DOTALL):
            notes.append(f"{name} data behind its end are left out")
    if tail.startswith(b"\xff\xd8"):
        if not has_previews:
            notes.append(SECOND_PICTURE)
    elif tail.strip(b"\xff") and not notes:
        notes.append(f"{len(tail):,} bytes of unknown kind behind its end are left out")
    return notes


def _announces_a_second_picture(data):
    """Return whether a segment says that another picture follows, not a preview."""
    if data.startswith(b"urn:iso:std:iso:ts:21496"):
        return True
    if not data.startswith(b"MPF\0"):
        return False
    try:
        entries = read_tags(io.BytesIO(data[4:]))[0xB002].value
    except (ValueError, KeyError):
        return True
    kinds = [
        int.from_bytes(
            entries[place : place + 4], "big" if data[4:5] == b"M" else "little"
        )
        & 0xFFFFFF
        for place in range(16, len(entries), 16)
    ]
    return any(kind not in PREVIEWS for kind in kinds)


def _extension(segments):
    """Put extended XMP together, b"" where there is none or a part of it is missing."""
    parts = {}
    whole = b""
    for marker, data in segments:
        if marker == APP1 and data.startswith(EXTENSION):
            start = len(EXTENSION)
            guid = data[start : start + 32]
            size, offset = struct.unpack_from(">II", data, start + 32)
            parts.setdefault((guid, size), {})[offset] = data[start + 40 :]
    for (_, size), pieces in parts.items():
        content = b"".join(piece for _, piece in sorted(pieces.items()))
        if len(content) == size:
            whole += content
    return whole


def merge_xmp(xmp, extension):
    """Return XMP with the descriptions of its extension in it; whether they are.

    Example:
        >>> main = b"<rdf:RDF><rdf:Description xmpNote:HasExtendedXMP='AB'/></rdf:RDF>"
        >>> more = b"<x><rdf:RDF><rdf:Description a='1'/></rdf:RDF></x>"
        >>> merge_xmp(main, more)[0].decode()
        "<rdf:RDF><rdf:Description/><rdf:Description a='1'/></rdf:RDF>"
        >>> merge_xmp(main, b"")
        (b'<rdf:RDF><rdf:Description/></rdf:RDF>', False)
    """
    inner = re.search(rb"<rdf:RDF[^>]*>(.*)</rdf:RDF>", extension, re.DOTALL)
    xmp = re.sub(rb"\s+xmpNote:HasExtendedXMP=([\"']).*?\1", b"", xmp)
    if inner is None or b"</rdf:RDF>" not in xmp:
        return xmp, False
    return xmp.replace(b"</rdf:RDF>", inner.group(1) + b"</rdf:RDF>", 1), True


def insert_segments(content, iptc=b"", xmp=b"", comment=b""):
    """Return a JPEG with more segments, after those that it begins with.

    Args:
        content: bytes-like, a JPEG.
        iptc: bytes, IPTC-IIM.
        xmp: bytes of any length: what does not fit into a segment is extended XMP.
        comment: bytes.
    """
    content = bytes(content)
    place = 2
    while content[place + 1] in (APP0, APP1):
        (length,) = struct.unpack_from(">H", content, place + 2)
        place += 2 + length
    made = io.BytesIO()
    for data in _xmp_segments(xmp) if xmp else ():
        made.write(_segment(APP1, data))
    if iptc:
        data = PHOTOSHOP + pack_iptc(iptc)
        for start in range(0, len(data), LONGEST - len(PHOTOSHOP)):
            piece = data[start : start + LONGEST - len(PHOTOSHOP)]
            made.write(_segment(APP13, (PHOTOSHOP if start else b"") + piece))
    for start in range(0, len(comment), LONGEST):
        made.write(_segment(COMMENT, comment[start : start + LONGEST]))
    return content[:place] + made.getvalue() + content[place:]


def _segment(marker, data):
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _xmp_segments(xmp):
    if len(XMP) + len(xmp) <= LONGEST:
        return [XMP + xmp]
    whole = re.search(rb"<x:xmpmeta.*</x:xmpmeta>|<rdf:RDF.*</rdf:RDF>", xmp, re.DOTALL)
    body = whole.group() if whole else xmp
    guid = hashlib.md5(body, usedforsecurity=False).hexdigest().upper().encode()
    main = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/'
        b'02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:xmpNote='
        b'"http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="' + guid + b'"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    step = LONGEST - len(EXTENSION) - 40
    return [XMP + main] + [
        EXTENSION
        + guid
        + struct.pack(">II", len(body), start)
        + body[start : start + step]
        for start in range(0, len(body), step)
    ]
