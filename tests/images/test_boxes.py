"""What GIF, JPEG 2000, JPEG XL, HEIC and AVIF carry, and all their bits."""

import io
import struct

import numpy as np
import pytest
from photos import IPTC, exif, noise
from PIL import Image

from zero_dce_keras.images import Photograph, read_image
from zero_dce_keras.images.containers.boxes import read_boxes
from zero_dce_keras.images.containers.jxl import read_header
from zero_dce_keras.images.light import PLACES, PQ, Light, profile_of
from zero_dce_keras.images.open_image import limit_pixels
from zero_dce_keras.images.tiff_tags import pack_block, short

LITTLE = np.uint8(noise() // 4)
DEEP = noise("uint16")
XMP = b"<x:xmpmeta xmp:Rating='5'/>"
PROFILE = profile_of(PLACES[12])


def saved(image, file_format, **options):
    file = io.BytesIO()
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    image.save(file, file_format, **options)
    return file.getvalue()


def box(kind, content):
    return struct.pack(">I4s", 8 + len(content), kind) + content


# GIF


def extension(name, *blocks):
    data = b"".join(bytes([len(block)]) + block for block in blocks)
    return b"!\xff\x0b" + name + data + b"\0"


def gif(*extensions):
    content = saved(Image.fromarray(LITTLE).quantize(16), "GIF")
    place = 13 + 3 * (2 << (content[10] & 7))
    return content[:place] + b"".join(extensions) + content[place:]


def test_xmp_of_a_gif_is_carried():
    pieces = [PROFILE[i : i + 255] for i in range(200, len(PROFILE), 255)]
    magic = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    xmp = b"!\xff\x0bXMP DataXMP" + XMP + magic
    profile = extension(b"ICCRGBG1012", PROFILE[:200], *pieces)
    irb = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(IPTC)) + IPTC + b"\0"
    iptc = extension(b"MGK8BIM0000", irb)
    photograph = Photograph.read(gif(xmp, profile, iptc))
    assert photograph.xmp == XMP and photograph.icc_profile == PROFILE
    assert photograph.iptc == IPTC and photograph.notes == ()
    assert Photograph.read(gif(extension(b"MGKIPTC0000", IPTC))).iptc == IPTC


def test_other_extensions_of_a_gif_are_noted():
    photograph = Photograph.read(gif(extension(b"FRACTINT001", b"abc")))
    assert photograph.notes == ("its application extension FRACTINT is left out",)


# JPEG 2000


def jp2(pixels, *boxes):
    content = saved(pixels, "JPEG2000")
    place = content.index(b"jp2c") - 4
    return content[:place] + b"".join(boxes) + content[place:]


def test_metadata_of_a_jpeg_2000_are_carried():
    boxes = [
        box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + XMP),
        box(b"uuid", b"JpgTiffExif->JP2" + exif()),
        box(b"uuid", bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38") + IPTC),
        box(b"xml ", b"<map/>"),
    ]
    photograph = Photograph.read(jp2(LITTLE, *boxes))
    assert photograph.xmp == XMP and photograph.iptc == IPTC
    assert photograph.exif[:4] == b"MM\0*"
    assert photograph.notes == ("its box xml is left out",)


def test_the_profile_of_a_jpeg_2000_is_carried():
    content = jp2(LITTLE)
    start = content.index(b"colr") - 4
    old = box(b"colr", content[start + 8 : start + 15])
    assert content[start:].startswith(old)
    new = box(b"colr", b"\2\0\0" + PROFILE)
    head = content.index(b"jp2h") - 4
    (size,) = struct.unpack_from(">I", content, head)
    made = content[:head] + struct.pack(">I", size + len(new) - len(old))
    made += content[head + 4 : start] + new + content[start + len(old) :]
    assert Photograph.read(made).icc_profile == PROFILE


# More than 8 bits


def test_all_bits_of_a_ppm_are_read():
    content = b"P6\n# a word\n48 32\n65535\n" + DEEP.astype(">u2").tobytes()
    photograph = Photograph.read(content)
    np.testing.assert_array_equal(photograph.pixels, DEEP)
    content = b"P6 48 32 1000\n" + (DEEP % 1001).astype(">u2").tobytes()
    expected = np.rint((DEEP % 1001) * 65.535)
    np.testing.assert_array_equal(Photograph.read(content).pixels, expected)


def test_all_bits_of_a_jpeg_2000_are_read():
    codecs = pytest.importorskip("imagecodecs")
    content = codecs.jpeg2k_encode(DEEP, codecformat="jp2", level=0)
    photograph = Photograph.read(content)
    np.testing.assert_array_equal(photograph.pixels, DEEP)
    assert photograph.notes == ()


def test_all_bits_of_an_avif_are_read():
    codecs = pytest.importorskip("imagecodecs")
    smooth = np.rint(np.mgrid[:32, :48].sum(0)[..., None] * [4, 8, 12]).astype("uint16")
    content = codecs.avif_encode(smooth, level=100, bitspersample=10)
    photograph = Photograph.read(content)
    assert photograph.pixels.dtype == np.uint16 and photograph.notes == ()
    np.testing.assert_array_equal(photograph.pixels, np.rint(smooth * (65535 / 1023)))


@pytest.mark.parametrize("mode", ["RGB;16", "L;16"])
def test_all_bits_of_a_heic_are_read(mode):
    heif = pytest.importorskip("pillow_heif")
    smooth = np.rint(np.mgrid[:64, :96].sum(0)[..., None] * [64, 256, 400])
    smooth = np.ascontiguousarray(smooth if mode[0] == "R" else smooth[..., 1])
    smooth = smooth.astype("uint16")
    file, white = io.BytesIO(), np.full_like(smooth, 65535)
    heif.from_bytes(mode, (96, 64), smooth.tobytes()).save(file, quality=-1, chroma=444)
    photograph = Photograph.read(file.getvalue())
    assert photograph.pixels.dtype == np.uint16 and photograph.notes == ()
    off = photograph.pixels.astype(int) - smooth
    assert np.abs(off).mean() < 70  # half a step of 10 bits is 32
    file = io.BytesIO()
    heif.from_bytes(mode, (96, 64), white.tobytes()).save(file, quality=-1)
    assert Photograph.read(file.getvalue()).pixels.min() == 65535


def test_bits_that_are_not_read_are_noted(monkeypatch):
    codecs = pytest.importorskip("imagecodecs")
    content = codecs.jpeg2k_encode(DEEP, codecformat="jp2", level=0)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (note,) = Photograph.read(content).notes
    assert note.startswith("of its 16 bits 8 are read; pip install '.[tiff]'")


# HEIC


def test_second_pictures_of_a_heic_are_noted():
    heif = pytest.importorskip("pillow_heif")
    two = heif.from_pillow(Image.fromarray(LITTLE))
    two.add_from_pillow(Image.fromarray(LITTLE[::-1]))
    file = io.BytesIO()
    two.save(file)
    photograph = Photograph.read(file.getvalue())
    assert photograph.notes == ("of its 2 pictures the main one is taken",)
    clear = Image.fromarray(np.dstack([LITTLE, LITTLE[..., :1]]))
    heif.register_heif_opener()
    photograph = Photograph.read(saved(clear, "HEIF"))
    assert photograph.alpha is not None and photograph.notes == ()


def test_other_boxes_of_a_heic_are_noted():
    heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    heif.from_pillow(Image.fromarray(LITTLE)).save(file)
    origin = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
    more = box(b"mpvd", b"a film") + box(b"uuid", origin) + box(b"abcd", b"")
    assert Photograph.read(file.getvalue() + more).notes == (
        "its film (motion photo) is left out",
        "its statement of origin (C2PA) is left out",
        "its box abcd is left out",
    )


# JPEG XL

SIZES = [(48, 32), (40, 40), (1, 1), (513, 3), (8200, 1), (19, 256), (48, 40), (40, 30)]
SIZES += [(45, 30), (32, 18), (50, 40), (64, 32), (600, 500), (261, 1)]


@pytest.mark.parametrize("width, height", SIZES)
def test_the_size_of_a_jpeg_xl_is_known_before_it_is_decoded(width, height):
    pytest.importorskip("pillow_jxl")
    for options in ({}, {"use_container": True}):
        content = saved(Image.new("RGB", (width, height)), "JXL", effort=1, **options)
        header = read_header(io.BytesIO(content))
        assert header == (width, height, 8, False)


def test_a_large_jpeg_xl_is_not_decoded(monkeypatch, tmp_path):
    plugin = pytest.importorskip("pillow_jxl")
    content = saved(Image.new("RGB", (1200, 900)), "JXL", effort=1)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    limit_pixels(1_000_000)
    monkeypatch.setattr(plugin, "Decoder", None)
    (tmp_path / "large.jxl").write_bytes(content)
    for read in (Photograph.read, read_image):
        with pytest.raises(ValueError, match="more pixels than the limit"):
            read(tmp_path / "large.jxl")


@pytest.mark.parametrize("bits, dtype", [(10, "uint16"), (16, "uint16")])
def test_all_bits_of_a_jpeg_xl_are_read(bits, dtype):
    pytest.importorskip("pillow_jxl")
    codecs = pytest.importorskip("imagecodecs")
    samples = (DEEP >> (16 - bits)).astype(dtype)
    content = codecs.jpegxl_encode(samples, lossless=True, bitspersample=bits)
    assert read_header(io.BytesIO(content)) == (48, 32, bits, False)
    photograph = Photograph.read(content)
    expected = np.rint(samples * (65535 / (2**bits - 1)))
    np.testing.assert_array_equal(photograph.pixels, expected)


@pytest.mark.parametrize("is_packed", [False, True])
def test_metadata_of_a_jpeg_xl_are_carried(is_packed):
    pytest.importorskip("pillow_jxl")
    if is_packed:
        pytest.importorskip("imagecodecs")
    more = {
        "xmp": XMP,
        "exif": pack_block({274: short(6)}),
        "compress_metadata": is_packed,
    }
    content = saved(LITTLE, "JXL", lossless=True, **more)
    content += box(b"jumb", b"abc") + box(b"abcd", b"")
    photograph = Photograph.read(content)
    # The codestream has an orientation of its own, which EXIF only repeats.
    np.testing.assert_array_equal(photograph.pixels, LITTLE)
    assert photograph.xmp == XMP and photograph.exif == pack_block({274: short(1)})
    assert photograph.notes == (
        "its statement of origin (C2PA) is left out",
        "its box abcd is left out",
    )


def test_a_jpeg_inside_a_jpeg_xl_is_that_jpeg(tmp_path):
    pytest.importorskip("pillow_jxl")
    options = {
        "comment": b"at the lake",
        "exif": b"Exif\0\0" + pack_block({274: short(6)}),
    }
    (tmp_path / "1.jpg").write_bytes(saved(LITTLE, "JPEG", **options))
    with Image.open(tmp_path / "1.jpg") as image:
        content = saved(image, "JXL", lossless_jpeg=True)
    photograph = Photograph.read(content)
    original = Photograph.read(tmp_path / "1.jpg")
    np.testing.assert_array_equal(photograph.pixels, original.pixels)
    assert photograph.pixels.shape == (48, 32, 3) and photograph.file_format == "JXL"
    assert photograph.comment == b"at the lake"
    assert photograph.jpeg_tables == original.jpeg_tables


def test_an_animated_jpeg_xl_is_refused():
    pytest.importorskip("pillow_jxl")
    codecs = pytest.importorskip("imagecodecs")
    content = codecs.jpegxl_encode(np.stack([LITTLE] * 2), lossless=True)
    with pytest.raises(ValueError, match="animated"):
        Photograph.read(content)


# WebP, TGA


def test_other_chunks_of_a_webp_are_noted():
    content = saved(LITTLE, "WEBP", lossless=True, exif=exif())
    content += struct.pack("<4sI", b"C2PA", 3) + b"abc\0"
    content += struct.pack("<4sI", b"odd ", 0)
    content = content[:4] + struct.pack("<I", len(content) - 8) + content[8:]
    assert Photograph.read(content).notes == (
        "its statement of origin (C2PA) is left out",
        "its chunk odd is left out",
    )


def test_texts_of_a_tga_and_a_ppm_are_comments():
    content = saved(LITTLE, "TGA", id_section=b"a name")
    content = content.removesuffix(content[-26:])
    lines = b"".join(line.ljust(81, b"\0") for line in (b"one", b"two", b"", b""))
    area = struct.pack("<H41s", 495, b"J. Smith") + lines + bytes(128)
    content += area + struct.pack("<II18s", len(content), 0, b"TRUEVISION-XFILE.\0")
    photograph = Photograph.read(content)
    assert photograph.comment == b"a name\nJ. Smith\none\ntwo"
    np.testing.assert_array_equal(photograph.pixels, LITTLE)
    content = b"P6\n# at the lake\n48 32\n# 1961\n255\n" + LITTLE.tobytes()
    assert Photograph.read(content).comment == b"at the lake\n1961"
    assert Photograph.read(b"P6 48 32 255\n" + LITTLE.tobytes()).comment == b""


def test_a_pcx_and_an_sgi_are_read():
    np.testing.assert_array_equal(Photograph.read(saved(LITTLE, "PCX")).pixels, LITTLE)
    content = saved(LITTLE, "SGI")
    photograph = Photograph.read(
        content[:24] + b"lake".ljust(80, b"\0") + content[104:]
    )
    np.testing.assert_array_equal(photograph.pixels, LITTLE)
    assert photograph.comment == b"lake" and photograph.notes == ()
    planes = np.moveaxis(DEEP[::-1], -1, 0).astype(">u2").tobytes()
    deep = content[:3] + b"\2" + content[4:512] + planes
    photograph = Photograph.read(deep)
    np.testing.assert_array_equal(photograph.pixels, DEEP >> 8)
    assert photograph.notes == ("of its 16 bits 8 are read",)


# Others


def test_boxes_that_are_cut_off():
    content = box(b"ftyp", b"abcd") + box(b"mdat", bytes(50))
    assert read_boxes(content) == [(b"ftyp", b"abcd"), (b"mdat", bytes(50))]
    assert read_boxes(content[:-1]) == [(b"ftyp", b"abcd")]
    assert read_boxes(content, (b"mdat",))[1] == (b"mdat", b"")
    assert read_boxes(struct.pack(">I4s", 0, b"meta") + b"to the end") == [
        (b"meta", b"to the end")
    ]
    assert read_boxes(struct.pack(">I4sQ", 1, b"meta", 2**63) + b"a") == []
    assert read_boxes(struct.pack(">I4s", 3, b"meta")) == []


def test_hdr_of_a_profile_is_converted():
    profile = bytearray(profile_of(PLACES[9], 2.2))
    (count,) = struct.unpack_from(">I", profile, 128)
    names = [bytes(profile[132 + 12 * i : 136 + 12 * i]) for i in range(count)]
    place = 132 + 12 * names.index(b"cprt")
    struct.pack_into(">4sII", profile, place, b"cicp", len(profile), 12)
    profile += b"cicp\0\0\0\0" + bytes([9, PQ, 0, 1])
    struct.pack_into(">I", profile, 0, len(profile))
    assert Light.of_profile(bytes(profile)) == Light(9, PQ)
    photograph = Photograph.read(saved(LITTLE, "PNG", icc_profile=bytes(profile)))
    assert "HDR is converted" in photograph.notes[0] and not photograph.icc_profile
