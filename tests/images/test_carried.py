"""What a file carries is carried on, changed as the picture changed, or noted.

Small files are put together byte by byte, as phones, scanners and programs write them.
"""

import hashlib
import io
import struct
import time
import zlib

import numpy as np
import pytest
from photos import IPTC, XMP, exif, noise
from PIL import Image, ImageCms

from zero_dce_keras.images import Photograph
from zero_dce_keras.images.containers.jpeg import EXTENSION, read_segments
from zero_dce_keras.images.containers.jpeg import XMP as XMP_HEAD
from zero_dce_keras.images.containers.tiff import dpi_of, resolution_tags
from zero_dce_keras.images.light import HLG, PLACES, PQ, Light, decode_pq, profile_of
from zero_dce_keras.images.metadata import turn_point, upright_exif, upright_xmp
from zero_dce_keras.images.tiff_tags import Tag, pack_block, read_tags, short
from zero_dce_keras.images.tone_curve import read_tone_curve

LITTLE = np.uint8(noise() // 4)


def jpeg(*segments, pixels=LITTLE, end=b"", **options):
    """A JPEG with more segments (marker, data), and bytes behind its end."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95, subsampling=0, **options)
    content = file.getvalue()
    more = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data
        for marker, data in segments
    )
    return content[:2] + more + content[2:] + end


def png(pixels, *chunks):
    """A PNG of 8 or 16 bits with more chunks (kind, data)."""

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    height, width = pixels.shape[:2]
    depth, kind = 8 * pixels.itemsize, {2: 0, 3: 2}[pixels.ndim]
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(height, -1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + b"".join(chunk(*each) for each in chunks)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def tiff(pixels, **options):
    tifffile = pytest.importorskip("tifffile")
    file = io.BytesIO()
    options = {"photometric": "rgb", "metadata": None} | options
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


def written(photograph, file_format):
    """The photograph in a file of a format; what was noted."""
    file = io.BytesIO()
    notes = photograph.write(file, file_format=file_format)
    return file.getvalue(), notes


# Metadata of JPEG


def irb(number, data):
    pad = b"\0" * (len(data) % 2)
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + pad


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF"])
def test_iptc_is_carried(file_format):
    resources = irb(0x03ED, bytes(16)) + irb(0x0404, IPTC) + irb(0x0425, bytes(16))
    photograph = Photograph.read(jpeg((0xED, b"Photoshop 3.0\0" + resources)))
    assert photograph.iptc == IPTC and not photograph.notes
    content, notes = written(photograph, file_format)
    assert Photograph.read(content).iptc == IPTC and not notes


def test_photoshops_own_settings_are_noted():
    resources = irb(0x0404, IPTC) + irb(0x0408, b"guides") + irb(2000, b"a path")
    photograph = Photograph.read(jpeg((0xED, b"Photoshop 3.0\0" + resources)))
    assert photograph.notes == ("2 of Photoshop's own settings are left out",)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_comments_are_carried(file_format):
    words = "Grand-mère au lac, 1961".encode()
    photograph = Photograph.read(jpeg((0xFE, words)))
    content, notes = written(photograph, file_format)
    assert Photograph.read(content).comment == words and not notes
    _, notes = written(photograph, "WEBP")
    assert notes == ["WEBP holds no comment: left out"]


def rdf(inner, attributes=""):
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description '
        f'rdf:about="" {attributes}>{inner}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


@pytest.mark.parametrize("length", [500, 150_000])
def test_extended_xmp_is_carried(length):
    story = "long story " * (length // 11)
    more = rdf(f"<dc:description>{story}</dc:description>")
    guid = hashlib.md5(more, usedforsecurity=False).hexdigest().upper()
    main = rdf("", f'xmp:Rating="5" xmpNote:HasExtendedXMP="{guid}"')
    segments = [(0xE1, XMP_HEAD + main)]
    for start in range(0, len(more), 60_000):
        place = struct.pack(">II", len(more), start)
        data = EXTENSION + guid.encode() + place + more[start : start + 60_000]
        segments.append((0xE1, data))
    photograph = Photograph.read(jpeg(*segments))
    for file_format in ("JPEG", "PNG", "TIFF", "WEBP"):
        content, notes = written(photograph, file_format)
        back = Photograph.read(content)
        assert not notes and not back.notes
        assert story.encode() in back.xmp and b'xmp:Rating="5"' in back.xmp
    segments, _ = read_segments(io.BytesIO(written(photograph, "JPEG")[0]))
    assert all(len(data) < 65_534 for _, data in segments)


def test_extended_xmp_of_which_a_part_is_missing_is_noted():
    guid = b"A" * 32
    data = EXTENSION + guid + struct.pack(">II", 500, 0) + b"<x>" * 50
    main = rdf("", f'xmpNote:HasExtendedXMP="{guid.decode()}"')
    photograph = Photograph.read(jpeg((0xE1, XMP_HEAD + main), (0xE1, data)))
    assert photograph.notes == ("its extended XMP is damaged and left out",)


def test_what_belongs_to_a_second_picture_goes_and_the_rest_stays():
    directory = "<Container:Directory><rdf:Seq>…</rdf:Seq></Container:Directory>"
    creator = "<dc:creator>A. Photographer</dc:creator>"
    attributes = 'xmp:Rating="5" hdrgm:Version="1.0" GCamera:MotionPhoto="1"'
    xmp = rdf(
        directory + creator + "<hdrgm:GainMapMax>2</hdrgm:GainMapMax>", attributes
    )
    assert upright_xmp(xmp) == rdf(creator, 'xmp:Rating="5"')


def test_films_and_other_segments_are_noted():
    film = b"\0\0\0\x18ftypmp42" + bytes(100)
    photograph = Photograph.read(jpeg((0xE1, b"FLIR\0" + bytes(9)), end=film))
    assert photograph.notes == (
        "its thermal picture (FLIR) is left out",
        "its film (motion photo) is left out",
    )
    origin = Photograph.read(jpeg((0xEB, b"JP\0\1" + bytes(9))))
    assert origin.notes == ("its statement of origin (C2PA) is left out",)


def test_a_jpeg_that_lacks_its_end_marker_is_whole():
    content = jpeg(pixels=np.tile(LITTLE, (4, 4, 1)))
    whole = Photograph.read(content)
    photograph = Photograph.read(content[:-2])
    np.testing.assert_array_equal(photograph.pixels, whole.pixels)
    assert photograph.notes == ("its end marker is missing; the picture is whole",)
    with pytest.raises(ValueError, match="truncated"):
        Photograph.read(content[: len(content) * 2 // 3])


@pytest.mark.parametrize("is_grey", [False, True])
def test_a_progressive_jpeg_that_lacks_its_end_marker_is_whole(is_grey):
    """It has all scans, and the last one is whole; else it is torn."""
    pixels = np.tile(
        LITTLE[..., 0] if is_grey else LITTLE, (4, 4) + (1,) * (not is_grey)
    )
    content = jpeg(pixels=pixels, progressive=True)
    whole = Photograph.read(content)
    photograph = Photograph.read(content[:-2])
    np.testing.assert_array_equal(photograph.pixels, whole.pixels)
    assert photograph.notes == ("its end marker is missing; the picture is whole",)
    scans = [
        place
        for place in range(len(content))
        if content[place : place + 2] == b"\xff\xda"
    ]
    assert len(scans) > 4
    for cut in (*scans[1:], scans[-1] + 300, len(content) - 300):
        with pytest.raises(ValueError, match="truncated|cut off|broken|damaged"):
            Photograph.read(content[:cut])


@pytest.mark.parametrize(
    "end, note",
    [
        (
            b"CANON OPTIONAL DATA\0" + bytes(40),
            "Canon's data behind its end are left out",
        ),
        (
            b"SEFH" + bytes(40) + b"\0\0SEFT",
            "Samsung's data behind its end are left out",
        ),
        (b"a program's own", "15 bytes of unknown kind behind its end are left out"),
        (bytes(200), None),
        (b"\xff" * 20, None),
    ],
)
def test_what_follows_the_end_is_noted(end, note):
    for progressive in (False, True):
        notes = Photograph.read(jpeg(end=end, progressive=progressive)).notes
        assert notes == ((note,) if note else ())


def test_what_follows_the_end_of_a_png_is_noted():
    assert Photograph.read(png(LITTLE) + bytes(3)).notes == ()
    photograph = Photograph.read(png(LITTLE) + b"more")
    assert photograph.notes == ("4 bytes behind its end are left out",)


def test_a_second_picture_that_nothing_announces_is_noted():
    photograph = Photograph.read(jpeg(end=jpeg()))
    assert photograph.notes == (
        "its second picture (HDR gain map, depth or view) is left out",
    )


def test_dpi_goes_into_exif_where_the_format_has_no_place():
    photograph = Photograph(LITTLE, dpi=(300.0, 150.0))
    for file_format in ("WEBP", "AVIF"):
        content, notes = written(photograph, file_format)
        assert Photograph.read(content).dpi == (300, 150) and not notes
    named = Photograph(
        LITTLE, dpi=(300.0, 150.0), exif=pack_block({271: Tag(2, 2, b"A\0")})
    )
    back = Photograph.read(written(named, "WEBP")[0])
    assert back.dpi == (300, 150)
    assert read_tags(io.BytesIO(back.exif))[271].value == b"A\0"
    photograph = Photograph(
        LITTLE, dpi=(300.0, 150.0), exif=exif()
    )  # with a maker's note
    content, notes = written(photograph, "WEBP")
    assert notes == ["WEBP holds no dpi: left out"]
    assert b"a note of the maker" in Photograph.read(content).exif


def test_dpi_of_exif_turns_with_the_picture():
    block = pack_block(resolution_tags((300, 150)) | {274: short(6)})
    photograph = Photograph.read(jpeg((0xE1, b"Exif\0\0" + block)))
    assert photograph.dpi == (150, 300)
    tags = read_tags(io.BytesIO(photograph.exif))
    assert dpi_of(tags) == (150, 300)


# What is given in places of the picture


@pytest.mark.parametrize("orientation", range(1, 9))
def test_places_turn_with_the_picture(orientation):
    """The red corner of the stored picture is where the face region then is."""
    pixels = np.full((32, 48, 3), 20, "uint8")
    pixels[:8, :12] = 255, 0, 0
    area = "stArea:x='0.125' stArea:y='0.125' stArea:w='0.25' stArea:h='0.25'"
    face = rdf(
        f"<mwg-rs:AppliedToDimensions stDim:w='48' stDim:h='32'/><mwg-rs:Area {area}/>",
        "MPReg:Rectangle='0, 0, 0.25, 0.25' tiff:ImageWidth='48' tiff:ImageLength='32'",
    )
    block = bytearray(exif(orientation))
    content = jpeg(
        (0xE1, b"Exif\0\0" + bytes(block)),
        (0xE1, XMP_HEAD + face),
        pixels=pixels,
        dpi=(300, 150),
    )
    photograph = Photograph.read(content)
    height, width = photograph.pixels.shape[:2]
    red = photograph.pixels[..., 0] > 128
    rows, columns = (np.flatnonzero(red.any(axis=axis)) for axis in (1, 0))
    x, y = (columns.mean() + 0.5) / width, (rows.mean() + 0.5) / height
    xmp = photograph.xmp.decode()
    assert f"stArea:x='{x:.9g}' stArea:y='{y:.9g}'" in xmp
    left, top = columns[0] / width, rows[0] / height
    assert f"MPReg:Rectangle='{left:.6g}, {top:.6g}, 0.25, 0.25'" in xmp
    assert f"stDim:w='{width}' stDim:h='{height}'" in xmp
    assert f"tiff:ImageWidth='{width}' tiff:ImageLength='{height}'" in xmp
    np.testing.assert_allclose(
        photograph.dpi, (300, 150) if width == 48 else (150, 300), atol=0.1
    )
    assert turn_point(0.125, 0.125, orientation) == (x, y)


def test_the_subject_turns_and_every_orientation_is_set():
    numbers = struct.pack("<4H", 6, 4, 12, 8)  # centre, width and height, of 48×32
    inner = {0x9214: Tag(3, 4, numbers), 274: short(6)}
    block = pack_block({274: short(6), 0x8769: inner})
    tags = read_tags(io.BytesIO(upright_exif(block, 32, 48, orientation=6)))
    assert tags[274].numbers() == tags[0x8769][274].numbers() == [1]
    assert tags[0x8769][0x9214].numbers() == [28, 6, 8, 12]


# PNG


def test_text_of_a_png_is_carried_byte_by_byte():
    text = (
        (b"tEXt", b"Author\0A. Photographer"),
        (b"iTXt", b"Description\0\0\0\0\0" + "Café at night".encode()),
        (b"tIME", struct.pack(">HBBBBB", 2019, 5, 6, 7, 8, 9)),
    )
    for pixels in (LITTLE, LITTLE.astype("uint16") * 257):
        photograph = Photograph.read(png(pixels, *text))
        content, notes = written(photograph, "PNG")
        assert Photograph.read(content).text == text and not notes
    _, notes = written(photograph, "TIFF")
    assert notes == ["TIFF holds no PNG text: left out"]


@pytest.mark.parametrize("kind", ["exif", "APP1"])
def test_imagemagicks_profiles_are_carried(kind):
    block = b"Exif\0\0" + exif(6)
    lines = f"\n{kind}\n{len(block):8}\n{block.hex()}\n".encode()
    name = f"Raw profile type {kind}".encode()
    photograph = Photograph.read(
        png(LITTLE, (b"zTXt", name + b"\0\0" + zlib.compress(lines)))
    )
    np.testing.assert_array_equal(photograph.pixels, np.rot90(LITTLE, -1))
    assert photograph.exif == upright_exif(exif(6), 32, 48, 6)
    assert not photograph.text and not photograph.notes


def test_iptc_in_a_png_is_carried():
    block = irb(0x0404, IPTC)
    lines = f"\niptc\n{len(block):8}\n{block.hex()}\n".encode()
    chunk = b"Raw profile type iptc\0\0" + zlib.compress(lines)
    assert Photograph.read(png(LITTLE, (b"zTXt", chunk))).iptc == IPTC


@pytest.mark.parametrize("pixels", [LITTLE, LITTLE[..., 0]], ids=["colour", "grey"])
def test_one_clear_colour_of_16_bits_is_alpha(pixels):
    deep = pixels.astype("uint16") * 257
    clear = np.atleast_1d(deep[3, 4])
    photograph = Photograph.read(png(deep, (b"tRNS", clear.astype(">u2").tobytes())))
    np.testing.assert_array_equal(photograph.pixels, deep)
    is_clear = (deep.reshape(*deep.shape[:2], -1) == clear).all(axis=-1)
    np.testing.assert_array_equal(photograph.alpha, np.where(is_clear, 0, 65535))


# How numbers encode light


def test_gamma_and_primaries_become_a_profile():
    linear = Photograph.read(png(LITTLE, (b"gAMA", struct.pack(">I", 100_000))))
    np.testing.assert_array_equal(linear.pixels, LITTLE)  # nothing is lost
    assert linear.icc_profile == profile_of(None, 1.0) and not linear.notes
    places = [round(1e5 * value) for pair in PLACES[12] for value in pair]
    chunks = (b"gAMA", struct.pack(">I", 45455)), (b"cHRM", struct.pack(">8I", *places))
    wide = Photograph.read(png(LITTLE, *chunks))
    assert wide.icc_profile == profile_of(PLACES[12])
    assert Photograph.read(png(LITTLE, chunks[0])).icc_profile == b""


def test_profiles_mean_what_they_say():
    """LittleCMS takes Display P3's red and grey to sRGB as the standard does."""
    made = ImageCms.ImageCmsProfile(io.BytesIO(profile_of(PLACES[12])))
    colours = np.uint8([[[255, 0, 0], [128, 128, 128], [200, 160, 120]]])
    srgb = ImageCms.profileToProfile(
        Image.fromarray(colours), made, ImageCms.createProfile("sRGB")
    )
    expected = [[255, 0, 0], [128, 128, 128], [208, 158, 114]]
    np.testing.assert_allclose(np.asarray(srgb)[0].astype(int), expected, atol=2)


@pytest.mark.parametrize("transfer, white", [(PQ, 0.5807), (HLG, 0.75)])
def test_hdr_is_converted(transfer, white):
    """The white of a page (203 nits) is bright, nothing is clipped, order is kept."""
    grey = np.rint(65535 * np.linspace(0, 1, 1000)).astype("uint16")
    photograph = Photograph.read(
        png(np.dstack([grey[None]] * 3), (b"cICP", bytes([9, transfer, 0, 1])))
    )
    assert "HDR is converted to sRGB" in photograph.notes[0]
    row = photograph.pixels[0, :, 1].astype(int)
    assert (np.diff(row) >= 0).all() and row[0] == 0 and row[-1] > 65000
    page = row[round(999 * white)] / 65535
    assert 0.85 < page < 0.97
    assert np.ptp(photograph.pixels[0].astype(int), axis=-1).max() <= 400  # grey


def test_pq_is_that_of_the_standard():
    """BT.2100: 58 % is 203 nits, 75 % is 983 nits."""
    np.testing.assert_allclose(
        203 * decode_pq(np.array([0.5807, 0.75])), [203, 983], rtol=0.01
    )


def test_code_points_of_sdr():
    assert Light(1, 13).arguments() == {} == Light(1, 1).arguments()
    assert Light(12, 13).arguments() == {"icc_profile": profile_of(PLACES[12])}
    assert Light(9, PQ).arguments() == {"light": Light(9, PQ)}


# TIFF


def test_text_of_a_tiff_stays_as_it_is():
    words = "© 2026 José Müller".encode() + b"\0"
    title = "Titel\0".encode("utf-16le")
    tags = {
        33432: Tag(2, len(words), words),
        18246: short(4),  # rating
        40091: Tag(1, len(title), title),
        269: Tag(2, 8, b"Album 7\0"),
        33550: Tag(12, 3, struct.pack("<3d", 1, 1, 0)),  # GeoTIFF
    }
    more = [
        (number, tag.kind, tag.count, tag.value if tag.kind in (1, 2) else None, True)
        for number, tag in tags.items()
    ]
    more[1] = (18246, 3, 1, 4, True)
    more[4] = (33550, 12, 3, (1.0, 1.0, 0.0), True)
    for order in "<>":
        photograph = Photograph.read(tiff(LITTLE, extratags=more, byteorder=order))
        for file_format in ("TIFF", "JPEG"):
            content, notes = written(photograph, file_format)
            back = read_tags(io.BytesIO(Photograph.read(content).exif))
            assert {n: back[n] for n in tags} == tags and not notes


def test_white_as_0_is_white():
    deep = LITTLE[..., 0].astype("uint16") * 257
    for grey in (LITTLE[..., 0], deep):
        content = tiff(np.iinfo(grey.dtype).max - grey, photometric="miniswhite")
        np.testing.assert_array_equal(Photograph.read(content).pixels, grey)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_samples_of_odd_depth_are_scaled(bits):
    pytest.importorskip("imagecodecs")
    grey = np.arange(48 * 32, dtype="uint16").reshape(32, 48) % 2**bits
    grey[0, 0] = 2**bits - 1
    packed = np.unpackbits(
        grey.astype(">u2").view("uint8").reshape(32, -1, 16), axis=-1
    )
    data = np.packbits(
        packed.reshape(32, 48, 16)[..., 16 - bits :].reshape(32, -1), axis=-1
    )
    entries = [
        (256, 48),
        (257, 32),
        (258, bits),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
    ]
    entries += [(278, 32), (279, data.size)]
    block = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", number, 4 if number in (273, 279) else 3, 1, value)
        for number, value in entries
    )
    content = (
        b"II*\0" + struct.pack("<I", 8 + data.size) + data.tobytes() + block + bytes(4)
    )
    photograph = Photograph.read(content)
    expected = np.rint(grey * (65535 / (2**bits - 1)))
    np.testing.assert_array_equal(photograph.pixels, expected)


def test_infrared_is_noted():
    deep = LITTLE.astype("uint16") * 257
    for pixels in (LITTLE, deep):
        four = np.dstack([pixels, pixels[..., :1]])
        photograph = Photograph.read(tiff(four, extrasamples=["unspecified"]))
        np.testing.assert_array_equal(photograph.pixels, pixels)
        assert photograph.notes == ("its channel of unknown meaning is left out",)


def test_cmyk_of_16_bits_names_the_bits():
    four = np.dstack([255 - LITTLE, 0 * LITTLE[..., :1]]).astype("uint16") * 257
    photograph = Photograph.read(tiff(four, photometric="separated"))
    assert photograph.notes == ("CMYK of 16 bits is converted to sRGB of 8",)


def test_the_whole_iptc_of_a_tiff_is_carried():
    """ImageMagick writes it twice, and cuts the first one short."""
    resources = irb(0x0404, IPTC)
    tags = [(33723, 7, 9, IPTC[:9], True), (34377, 7, len(resources), resources, True)]
    assert Photograph.read(tiff(LITTLE, extratags=tags)).iptc == IPTC


def test_samples_with_a_sign_are_refused():
    with pytest.raises(ValueError, match="have no white"):
        Photograph.read(tiff(LITTLE[..., 0].astype("int16"), photometric="minisblack"))


def test_a_photoshop_file_of_16_bits_is_refused_by_name():
    with pytest.raises(
        ValueError, match="of Photoshop's files those of 8 bits are read"
    ):
        Photograph.read(b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 32, 48, 16, 3))


# Others


def test_the_profile_of_a_bmp_is_read():
    profile = profile_of(PLACES[12])
    rows = LITTLE[::-1, :, ::-1].tobytes()
    header = struct.pack("<IiiHHIIiiII", 124, 48, 32, 1, 24, 0, len(rows), 0, 0, 0, 0)
    header += (
        bytes(16)
        + b"DEBM"
        + bytes(48)
        + struct.pack("<4I", 4, 124 + len(rows), len(profile), 0)
    )
    start = 14 + len(header)
    content = (
        b"BM"
        + struct.pack("<IHHI", start + len(rows), 0, 0, start)
        + header
        + rows
        + profile
    )
    photograph = Photograph.read(content)
    np.testing.assert_array_equal(photograph.pixels, LITTLE)
    assert photograph.icc_profile == profile


def test_a_profile_that_does_not_fit_is_noted():
    file = io.BytesIO()
    Image.fromarray(LITTLE[..., 0]).save(
        file, "JPEG", icc_profile=profile_of(None, 2.2)
    )
    photograph = Photograph.read(file.getvalue())
    assert photograph.notes == ("its ICC profile is for other pixels and left out",)


def test_heic_without_exif_is_no_alarm():
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    file = io.BytesIO()
    Image.fromarray(LITTLE).save(file, "HEIF")
    photograph = Photograph.read(file.getvalue())
    assert photograph.notes == () and photograph.file_format == "HEIF"
    assert written(photograph, None)[0][:3] == b"\xff\xd8\xff"  # a JPEG, as by name


def test_avif_comes_back():
    features = pytest.importorskip("PIL.features")
    if not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    photograph = Photograph(LITTLE, exif=exif(), xmp=upright_xmp(XMP))
    content, notes = written(photograph, "AVIF")
    back = Photograph.read(content)
    assert back.file_format == "AVIF" and not notes
    assert np.abs(back.pixels.astype(int) - LITTLE).mean() < 4


def test_jpeg_xl_is_read():
    pytest.importorskip("pillow_jxl")
    file = io.BytesIO()
    Image.fromarray(LITTLE).save(file, "JXL", lossless=True, exif=exif())
    photograph = Photograph.read(file.getvalue())
    np.testing.assert_array_equal(photograph.pixels, LITTLE)
    assert photograph.file_format == "JXL"
    assert written(photograph, None)[0][:3] == b"\xff\xd8\xff"


def test_damaged_tags_are_noted_and_the_picture_is_read():
    file = io.BytesIO()
    Image.fromarray(LITTLE).save(file, "TIFF")
    content = bytearray(file.getvalue())
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    place = start + 2 + 12 * (count - 1)  # the last tag's values lie beyond the end
    struct.pack_into("<HHII", content, place, 65000, 4, 1000, len(content) - 8)
    photograph = Photograph.read(bytes(content))
    np.testing.assert_array_equal(photograph.pixels, LITTLE)
    assert photograph.notes == ("1 damaged tags are left out",)


# Files that are not quite right


def test_a_subject_of_a_picture_before_it_was_made_smaller_stays():
    inner = {
        0x9214: Tag(3, 2, struct.pack("<2H", 2000, 1500)),
        0x9003: Tag(2, 4, b"now\0"),
    }
    block = pack_block({274: short(6), 0x8769: inner})
    photograph = Photograph.read(jpeg((0xE1, b"Exif\0\0" + block)))
    tags = read_tags(io.BytesIO(photograph.exif))
    assert tags[0x8769][0x9214].numbers() == [2000, 1500] and not photograph.notes
    assert tags[0x8769][0x9003].value == b"now\0"


def test_a_bad_thumbnail_directory_does_not_cost_the_rest():
    block = bytearray(exif())
    (first,) = struct.unpack_from(">I", block, 4)
    (count,) = struct.unpack_from(">H", block, first)
    struct.pack_into(">I", block, first + 2 + 12 * count, 10**6)
    photograph = Photograph.read(jpeg((0xE1, b"Exif\0\0" + bytes(block))))
    assert read_tags(io.BytesIO(photograph.exif))[271].value == b"Nikon\0"
    assert not photograph.notes


@pytest.mark.parametrize("quote", ["'", '"'])
def test_orientation_of_xmp_alone_turns_the_picture(quote):
    xmp = rdf("", f"tiff:Orientation={quote}6{quote}")
    photograph = Photograph.read(jpeg((0xE1, XMP_HEAD + xmp)))
    assert photograph.pixels.shape == (48, 32, 3)
    assert f"tiff:Orientation={quote}1{quote}".encode() in photograph.xmp


def test_numbers_of_xmp_that_are_none_stay():
    xmp = rdf(
        "<mwg-rs:Area stArea:x='-' stArea:y='.5'/>", "MPReg:Rectangle='0.1.2, 1, 1, 1'"
    )
    assert upright_xmp(xmp, 32, 48, 6) == xmp


def test_long_xmp_takes_no_long_time():
    start = time.process_time()
    for piece in (b"<xmp:Thumbnails>", b"<mwg-rs:Area ", b" hdrgm:a='", b"<hdrgm:a>"):
        upright_xmp(piece * 50_000, 32, 48, 6)
    assert time.process_time() - start < 5


def test_tags_that_share_their_bytes_take_no_memory():
    """1,000 tags that point at the same megabyte."""
    count, size = 1000, 2**20
    entries = b"".join(
        struct.pack("<HHII", 40000 + number, 7, size, 8) for number in range(count)
    )
    start = 8 + size
    content = b"II*\0" + struct.pack("<I", start) + bytes(size)
    content += struct.pack("<H", count) + entries + bytes(4)
    damaged = []
    tags = read_tags(io.BytesIO(content), damaged)
    assert len(tags) == 64 and len(damaged) == count - 64


def test_a_profile_beside_code_points_is_not_used():
    profile = b"x\0\0" + zlib.compress(profile_of(None, 1.8))
    chunks = (b"cICP", bytes([12, 13, 0, 1])), (b"iCCP", profile)
    assert Photograph.read(png(LITTLE, *chunks)).icc_profile == profile_of(PLACES[12])
    chunks = (b"cICP", bytes([9, PQ, 0, 1])), (b"iCCP", profile)
    assert Photograph.read(png(LITTLE, *chunks)).icc_profile == b""


def test_hdr_of_grey_is_converted_whole():
    grey = np.full((32, 48), 33000, "uint16")
    photograph = Photograph.read(png(grey, (b"cICP", bytes([9, PQ, 0, 1]))))
    assert photograph.pixels.shape == (32, 48) and np.ptp(photograph.pixels) == 0


def test_gamma_of_grey_is_a_profile_of_grey():
    photograph = Photograph.read(
        png(LITTLE[..., 0], (b"gAMA", struct.pack(">I", 100_000)))
    )
    assert photograph.icc_profile[16:20] == b"GRAY" and not photograph.notes
    profile = ImageCms.ImageCmsProfile(io.BytesIO(photograph.icc_profile))
    assert profile.profile.xcolor_space.strip() == "GRAY"
    light = read_tone_curve(photograph.icc_profile)
    np.testing.assert_allclose(light, np.linspace(0, 1, 65536), atol=1e-3)


def test_a_photoshop_file_is_read_with_its_iptc():
    resources = irb(0x0404, IPTC) + irb(
        0x03ED, struct.pack(">IHHIHH", 300 << 16, 1, 1, 150 << 16, 1, 1)
    )
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 32, 48, 8, 3)
    content = (
        head + struct.pack(">I", 0) + struct.pack(">I", len(resources)) + resources
    )
    content += struct.pack(">IH", 0, 0) + np.moveaxis(LITTLE, -1, 0).tobytes()
    photograph = Photograph.read(content)
    np.testing.assert_array_equal(photograph.pixels, LITTLE)
    assert photograph.iptc == IPTC and photograph.dpi == (300, 150)


def test_iptc_behind_another_programs_resources():
    other = irb(1, b"abc").replace(b"8BIM", b"MeSa")
    content = jpeg((0xED, b"Photoshop 3.0\0" + other + irb(0x0404, IPTC)))
    assert Photograph.read(content).iptc == IPTC


def test_a_rare_tiff_keeps_its_xmp_and_resolution():
    photograph = Photograph.read(
        tiff(
            LITTLE.astype("float32") / 255,
            extratags=[(700, 7, len(XMP), XMP, True)],
            resolution=(300, 150),
            resolutionunit="INCH",
        )
    )
    assert b'xmp:Rating="5"' in photograph.xmp
    np.testing.assert_allclose(photograph.dpi, (300, 150))


def test_alpha_of_white_as_0_stays():
    grey, alpha = LITTLE[..., 0], LITTLE[..., 1]
    for scale in (1, 257):
        pixels = np.dstack([255 - grey, alpha]).astype(
            "uint8" if scale == 1 else "uint16"
        )
        content = tiff(
            pixels * scale, photometric="miniswhite", extrasamples=["unassalpha"]
        )
        photograph = Photograph.read(content)
        np.testing.assert_array_equal(photograph.alpha, alpha * np.uint16(scale))
        np.testing.assert_array_equal(photograph.pixels, grey * np.uint16(scale))


def test_previews_are_no_second_picture():
    """What Sony and Nikon write: the same picture, smaller."""
    entries = struct.pack(">IIIHH", 0x030000, 9, 0, 0, 0)
    entries += struct.pack(">IIIHH", 0x010001, 9, 9, 0, 0)
    block = b"MM\0*" + struct.pack(">IHHHII", 8, 1, 0xB002, 7, len(entries), 26)
    content = jpeg((0xE2, b"MPF\0" + block + bytes(4) + entries))
    assert Photograph.read(content).notes == ()


def test_a_comment_of_another_encoding_is_carried():
    photograph = Photograph.read(jpeg((0xFE, "Müller".encode("latin-1"))))
    content, _ = written(photograph, "PNG")
    assert Photograph.read(content).comment.decode() == "Müller"
    long = bytes(range(32, 127)) * 2000
    photograph = Photograph(LITTLE, comment=long)
    assert Photograph.read(written(photograph, "JPEG")[0]).comment == long
