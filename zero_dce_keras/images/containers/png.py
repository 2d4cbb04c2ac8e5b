"""The chunks of a PNG: text, ImageMagick's profiles, how numbers encode light.

Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)".
"""

import contextlib
import re
import struct
import zlib

from zero_dce_keras.images.containers.jpeg import EXIF, XMP
from zero_dce_keras.images.containers.photoshop import read_photoshop
from zero_dce_keras.images.light import Light, profile_of

TEXT = (b"tEXt", b"zTXt", b"iTXt", b"tIME")
XMP_KEYWORD = b"XML:com.adobe.xmp"
PROFILE = b"Raw profile type "
COMMENT = b"Comment"
SRGB_GAMMA = 45455
# What Pillow reads, what says how pixels are stored, and what is no longer true of them.
KNOWN = (
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP"),
    *(b"cICP", b"pHYs", b"eXIf", b"bKGD", b"hIST", b"sBIT", b"sPLT", b"mDCV", b"cLLI"),
    *(b"acTL", b"fcTL", b"fdAT", b"iDOT", b"vpAg", b"orNT", b"caNv"),
)
NAMED = {b"caBX": "statement of origin (C2PA)"}
MOST_TEXT = 2**26  # bytes that a compressed text may become


def look(file, image):
    """See `images.containers`."""
    chunks = read_chunks(file)
    found: dict = {"text": ()}
    tail = file.read().strip(b"\0")
    notes = []
    if tail:
        notes.append(f"{len(tail):,} bytes behind its end are left out")
    for kind, data in chunks:
        if kind in TEXT:
            keyword = data.partition(b"\0")[0]
            if keyword.startswith(PROFILE):
                with contextlib.suppress(zlib.error, struct.error):
                    found |= _raw_profile(keyword, kind, data, notes)
            elif keyword == COMMENT and kind == b"tEXt":
                words = data[len(COMMENT) + 1 :].decode("latin-1").encode()
                before = found.get("comment")
                found["comment"] = before + b"\n" + words if before else words
            elif keyword != XMP_KEYWORD:
                found["text"] += ((kind, data),)
        elif kind not in KNOWN:
            name = NAMED.get(kind, f"chunk {kind.decode('latin-1')}")
            notes.append(f"its {name} is left out")
    if any(kind == b"iCCP" for kind, _ in chunks):
        found.pop("icc_profile", None)
    try:
        colors = _colors(dict(chunks))
    except (struct.error, OverflowError, ZeroDivisionError):
        colors = {}
        notes.append("its gamma and primaries are damaged")
    return found | colors | {"notes": [*dict.fromkeys(notes)]}


def read_chunks(file):
    """Return the chunks of a PNG as pairs (kind, data), without the pixels' data."""
    file.seek(8)
    chunks = []
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        if kind == b"IDAT":
            file.seek(size, 1)
        else:
            chunks.append((kind, file.read(size)))
        file.seek(4, 1)  # the checksum
        if kind == b"IEND":
            break
    return chunks


def keyword_of(data):
    """Return the keyword of a text, str."""
    return data.partition(b"\0")[0].decode("latin-1")


def _raw_profile(keyword, kind, data, notes):
    """Return what ImageMagick's text holds in hexadecimal: EXIF, IPTC, XMP or ICC."""
    name = keyword.removeprefix(PROFILE).lower()
    text = data.partition(b"\0")[2]
    if kind == b"zTXt":
        text = zlib.decompressobj().decompress(text[1:], MOST_TEXT)
    elif kind == b"iTXt":
        text = text.split(b"\0", 4)[-1]
    head = re.match(rb"\s*\w+\s+(\d+)\s", text)
    try:
        content = bytes.fromhex(text[head.end() :].decode()) if head else b""
    except ValueError:
        content = b""
    if name in (b"exif", b"app1") and content.startswith(EXIF):
        return {"exif": content.removeprefix(EXIF)}
    if content.startswith(XMP):
        return {"xmp": content.removeprefix(XMP)}
    if name == b"xmp" and content:
        return {"xmp": content}
    if name in (b"icc", b"icm") and content:
        return {"icc_profile": content}
    if name in (b"iptc", b"8bim") and content:
        iptc, others = read_photoshop(content)
        notes += others
        return {"iptc": iptc or content}
    notes.append(f"its {keyword.decode('latin-1')} cannot be read and is left out")
    return {}


def _colors(chunks):
    """Return how numbers encode light, where chunks say so and no profile does."""
    if b"cICP" in chunks:
        primaries, transfer, _, _ = chunks[b"cICP"][:4]
        return Light(primaries, transfer).arguments()
    if b"iCCP" in chunks or b"sRGB" in chunks:
        return {}
    gamma = struct.unpack(">I", chunks.get(b"gAMA", struct.pack(">I", SRGB_GAMMA)))[0]
    places = None
    if b"cHRM" in chunks:
        values = [value / 1e5 for value in struct.unpack(">8I", chunks[b"cHRM"])]
        places = [values[i : i + 2] for i in range(0, 8, 2)]
    exponent = None if abs(gamma - SRGB_GAMMA) < 500 or not gamma else 1e5 / gamma
    is_grey = chunks[b"IHDR"][9] in (0, 4)
    profile = profile_of(None if is_grey else places, exponent, is_grey)
    return {"icc_profile": profile} if profile else {}
