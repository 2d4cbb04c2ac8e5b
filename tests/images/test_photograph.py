"""What a file says goes from one file to the next; nothing loses depth by itself."""

import io
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, TiffImagePlugin

from zero_dce_keras.images import Photograph
from zero_dce_keras.images.metadata import upright_xmp
from zero_dce_keras.images.orientation import TRANSPOSITIONS, turn_upright

HEIGHT, WIDTH = 32, 48
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6" xmp:Rating="5"/></x:xmpmeta>'


def noise(dtype="uint8", channels=3, height=HEIGHT):
    shape = (height, WIDTH, channels)[: 2 if channels == 1 else 3]
    white = np.iinfo(dtype).max
    return np.random.default_rng(0).integers(0, white + 1, shape).astype(dtype)


def exif(orientation=1, thumbnail=b""):
    """An EXIF block as cameras write it: big-endian, with a maker's note."""
    block = Image.Exif()
    block.endian = ">"
    block[ExifTags.Base.Make] = "Nikon"
    block[ExifTags.Base.Orientation] = orientation
    block[ExifTags.IFD.Exif] = {
        ExifTags.Base.ExposureTime: 0.5,
        ExifTags.Base.ExifImageWidth: 1,
        ExifTags.Base.MakerNote: b"a note of the maker",
    }
    block[ExifTags.IFD.GPSInfo] = {1: "N"}
    content = bytearray(block.tobytes()[6:])
    if thumbnail:
        # A second directory: where the thumbnail lies, and how long it is.
        (first,) = struct.unpack_from(">I", content, 4)
        (count,) = struct.unpack_from(">H", content, first)
        struct.pack_into(">I", content, first + 2 + 12 * count, len(content))
        place = len(content) + 2 + 24 + 4
        content += struct.pack(">HHHIIHHIII", 2, 0x201, 4, 1, place, 0x202, 4, 1, 9, 0)
        content += thumbnail
    return bytes(content)


def tags(block):
    loaded = Image.Exif()
    loaded.load(block)
    return loaded


def shapes_of(pixels):
    """Colour and alpha of an array (H, W) or (H, W, 2 to 4)."""
    if pixels.ndim == 3 and pixels.shape[-1] in (2, 4):
        color, alpha = pixels[..., :-1], pixels[..., -1]
        return color[..., 0] if color.shape[-1] == 1 else color, alpha
    return pixels, None


@pytest.mark.parametrize("height", [1, HEIGHT, 130])  # one strip of a TIFF, and three
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_every_bit_comes_back(tmp_path, ending, dtype, channels, height):
    color, alpha = shapes_of(noise(dtype, channels, height))
    path = tmp_path / f"photo.{ending}"
    notes = Photograph(color, alpha).write(path)
    if (ending, channels) == ("tif", 2):
        color = np.dstack([color] * 3)
        assert len(notes) == 1 and "RGB with alpha" in notes[0]
    photograph = Photograph.read(path)
    assert photograph.pixels.dtype == dtype
    np.testing.assert_array_equal(photograph.pixels, color)
    if alpha is None:
        assert photograph.alpha is None
    else:
        np.testing.assert_array_equal(photograph.alpha, alpha)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_sixteen_bits_of_another_writer(tmp_path, compression, order, channels):
    tifffile = pytest.importorskip("tifffile")
    pixels = noise("uint16", channels)
    photometric = "minisblack" if channels == 1 else "rgb"
    extra = ["unassalpha"] if channels == 4 else None
    tifffile.imwrite(
        tmp_path / "photo.tif",
        pixels,
        byteorder=order,
        compression=compression,
        photometric=photometric,
        extrasamples=extra,
    )
    photograph = Photograph.read(tmp_path / "photo.tif")
    color, alpha = shapes_of(pixels)
    np.testing.assert_array_equal(photograph.pixels, color)
    assert alpha is None or np.array_equal(photograph.alpha, alpha)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_another_reader_finds_the_same(tmp_path, ending):
    """That we read what we write says little: libpng, or tifffile, must read it too."""
    pixels = noise("uint16", height=130)
    path = tmp_path / f"photo.{ending}"
    Photograph(pixels).write(path)
    if ending == "png":
        tensorflow = pytest.importorskip("tensorflow")
        read = tensorflow.io.decode_png(path.read_bytes(), dtype="uint16").numpy()
    else:
        read = pytest.importorskip("tifffile").imread(path)
    np.testing.assert_array_equal(read, pixels)


def test_interlaced_sixteen_bits():
    """Adam7 of one pixel is the pixel; its flag goes another way through Pillow."""
    row = b"\0" + struct.pack(">3H", 1, 258, 65535)

    def chunk(kind, data):
        content = kind + data
        return (
            struct.pack(">I", len(data))
            + content
            + struct.pack(">I", zlib.crc32(content))
        )

    content = b"\x89PNG\r\n\x1a\n"
    content += chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 1))
    content += chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")
    assert Photograph.read(content).pixels.tolist() == [[[1, 258, 65535]]]


@pytest.mark.parametrize("arrangement", ["planes", "premultiplied"])
def test_sixteen_bits_that_would_be_lost_are_refused(tmp_path, arrangement):
    tifffile = pytest.importorskip("tifffile")
    path = tmp_path / "photo.tif"
    if arrangement == "planes":
        planes = np.moveaxis(noise("uint16"), -1, 0)
        tifffile.imwrite(path, planes, photometric="rgb", planarconfig="separate")
    else:
        pixels = noise("uint16", 4)
        tifffile.imwrite(path, pixels, photometric="rgb", extrasamples=["assocalpha"])
    with pytest.raises(ValueError, match="photo.tif.*(apart|premultiplied); save it"):
        Photograph.read(path)


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_metadata_survive(tmp_path, ending, dtype):
    first, second = tmp_path / "a.png", tmp_path / f"b.{ending}"
    original = Photograph(noise(dtype), None, exif(), SRGB, XMP, (300.0, 300.0))
    original.write(first)
    Photograph.read(first).write(second)
    photograph = Photograph.read(second)
    assert tags(photograph.exif)[ExifTags.Base.Make] == "Nikon"
    camera = tags(photograph.exif).get_ifd(ExifTags.IFD.Exif)
    assert camera[ExifTags.Base.ExposureTime] == 0.5
    assert camera[ExifTags.Base.MakerNote] == b"a note of the maker"
    assert tags(photograph.exif).get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"
    assert photograph.icc_profile == SRGB
    assert photograph.xmp == XMP.replace(b'"6"', b'"1"')
    if ending != "webp":  # which has no place for it
        np.testing.assert_allclose(photograph.dpi, 300, atol=0.01)


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", [1, *TRANSPOSITIONS])
def test_orientation_is_applied_and_reset(tmp_path, ending, orientation):
    upright = np.repeat(np.repeat(noise(height=4)[:, :6], 8, 0), 8, 1)
    options = {"lossless": True} if ending == "webp" else {"quality": 100}
    block = exif(orientation)
    path = tmp_path / f"photo.{ending}"
    Image.fromarray(upright).save(path, exif=b"Exif\0\0" + block, **options)
    with Image.open(path) as image:
        stored = np.asarray(image) if ending != "tif" else upright
    photograph = Photograph.read(path)
    expected = np.asarray(Image.fromarray(stored))
    if orientation > 1:
        expected = Image.fromarray(stored).transpose(TRANSPOSITIONS[orientation])
    np.testing.assert_array_equal(photograph.pixels, expected)
    loaded = tags(photograph.exif)
    assert loaded.get(ExifTags.Base.Orientation, 1) == 1
    if ending != "tif":
        width = loaded.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExifImageWidth]
        assert width == photograph.pixels.shape[1]
        assert len(photograph.exif) == len(block)  # every byte in its place


@pytest.mark.parametrize("orientation", TRANSPOSITIONS)
def test_arrays_turn_as_images_do(orientation):
    pixels = noise()
    expected = Image.fromarray(pixels).transpose(TRANSPOSITIONS[orientation])
    np.testing.assert_array_equal(turn_upright(pixels, orientation), expected)


def test_the_thumbnail_of_the_dark_photograph_goes(tmp_path):
    path = tmp_path / "photo.jpg"
    block = b"Exif\0\0" + exif(thumbnail=b"THUMBNAIL")
    Image.fromarray(noise()).save(path, exif=block)
    assert b"THUMBNAIL" in path.read_bytes()
    photograph = Photograph.read(path)
    assert b"THUMBNAIL" not in photograph.exif
    assert not tags(photograph.exif).get_ifd(ExifTags.IFD.IFD1)
    assert tags(photograph.exif)[ExifTags.Base.Make] == "Nikon"


def test_damaged_metadata_are_left_out_aloud(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.fromarray(noise()).save(path, exif=b"Exif\0\0" + exif()[:20])
    photograph = Photograph.read(path)
    assert photograph.exif == b"" and "EXIF is damaged" in photograph.notes[0]


def test_profiles_go_where_they_fit():
    """An RGB profile says nothing about grey pixels."""
    file = io.BytesIO()
    Image.fromarray(noise(channels=1)).save(file, "PNG", icc_profile=SRGB)
    assert Photograph.read(file.getvalue()).icc_profile == b""


def test_grey_stays_grey_and_palettes_become_color(tmp_path):
    modes = {"1": (2, False), "L": (2, False), "LA": (2, True), "P": (3, False)}
    for mode, (dimensions, has_alpha) in modes.items():
        file = io.BytesIO()
        Image.fromarray(noise()).convert("L").convert(mode).save(file, "PNG")
        photograph = Photograph.read(file.getvalue())
        assert photograph.pixels.ndim == dimensions
        assert (photograph.alpha is not None) == has_alpha
    image = Image.new("P", (WIDTH, HEIGHT), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    image.save(tmp_path / "clear.png", transparency=b"\x80\x40")
    photograph = Photograph.read(tmp_path / "clear.png")
    assert photograph.pixels[0, 0].tolist() == [200, 100, 50]
    assert photograph.alpha[0, 0] == 0x40


def test_cmyk_is_converted_with_a_note():
    file = io.BytesIO()
    image = Image.new("CMYK", (WIDTH, HEIGHT), (0, 255, 255, 0))
    image.save(file, "TIFF", icc_profile=SRGB)  # not one of CMYK: of no use
    photograph = Photograph.read(file.getvalue())
    assert photograph.pixels[0, 0].tolist() == [255, 0, 0]
    assert photograph.icc_profile == b"" and "CMYK" in photograph.notes[0]


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP"])
def test_animations_are_refused(file_format):
    frames = [Image.fromarray(noise()), Image.fromarray(255 - noise())]
    file = io.BytesIO()
    frames[0].save(file, file_format, save_all=True, append_images=frames[1:])
    with pytest.raises(ValueError, match="standard input: it is animated .2 frames"):
        Photograph.read(file.getvalue())
    file = io.BytesIO()
    frames[0].save(file, file_format)
    assert Photograph.read(file.getvalue()).pixels.shape == (HEIGHT, WIDTH, 3)


def test_of_many_pages_the_first():
    pages = [Image.fromarray(noise()), Image.fromarray(255 - noise())]
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    photograph = Photograph.read(file.getvalue())
    np.testing.assert_array_equal(photograph.pixels, noise())
    assert photograph.notes == ("of its 2 pages the first is taken",)


def test_a_phones_jpeg_with_a_gain_map():
    """MPO: the photograph, and a second picture that belongs to the dark one."""
    file = io.BytesIO()
    gain_map = Image.fromarray(noise(channels=1))
    first = Image.fromarray(noise())
    first.save(file, "MPO", save_all=True, append_images=[gain_map])
    with Image.open(file) as image:
        assert image.format == "MPO" and image.n_frames == 2
    photograph = Photograph.read(file.getvalue())
    assert photograph.file_format == "JPEG" and not photograph.notes
    assert photograph.pixels.shape == (HEIGHT, WIDTH, 3)
    assert upright_xmp(XMP + b"hdrgm:Version='1.0'") == b""


def test_no_reader_starts_programs():
    """Pillow hands EPS to Ghostscript."""
    file = io.BytesIO()
    Image.fromarray(noise()).save(file, "EPS")
    with pytest.raises(ValueError, match="not an image"):
        Photograph.read(file.getvalue())


def test_decompression_bombs_are_refused_with_the_limit(monkeypatch):
    file = io.BytesIO()
    Image.fromarray(noise()).save(file, "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 700)
    with pytest.raises(ValueError, match="more pixels than Pillow's limit, 1,400"):
        Photograph.read(file.getvalue())


def test_what_a_format_cannot_hold_is_said():
    deep, clear = noise("uint16", 4)[..., :3], noise("uint16", 4)[..., 3]
    photograph = Photograph(deep, clear, exif(), SRGB)
    file = io.BytesIO()
    notes = photograph.write(file, file_format="JPEG")
    assert len(notes) == 2 and "alpha" in notes[0] and "8 bits" in notes[1]
    assert len(photograph.write(io.BytesIO(), file_format="BMP")) == 3
    long = Photograph(noise(), None, exif() + bytes(70_000), b"", bytes(70_000))
    notes = long.write(io.BytesIO(), file_format="JPEG")
    assert ["EXIF" in notes[0], "XMP" in notes[1]] == [True, True]


def test_sixteen_bits_are_rounded_to_eight():
    file = io.BytesIO()
    values = np.array([[0, 128, 129, 65406, 65407, 65535]], "uint16")
    Photograph(values).write(file, file_format="BMP")
    assert Photograph.read(file.getvalue()).pixels.tolist() == [
        [0, 0, 1, 254, 255, 255]
    ]


def test_quality():
    sizes = []
    for quality in (20, 95):
        file = io.BytesIO()
        Photograph(noise()).write(file, quality, "JPEG")
        sizes.append(len(file.getvalue()))
    assert sizes[0] < sizes[1] / 2


def test_write_errors_name_the_target(tmp_path):
    with pytest.raises(ValueError, match="photo.xyz': its name must end in one of"):
        Photograph(noise()).write(tmp_path / "photo.xyz")
    with pytest.raises(ValueError, match="wide.webp': "):
        Photograph(np.zeros((1, 20_000), "uint8")).write(tmp_path / "wide.webp")
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Cannot write '.*photo.png': "):
        Photograph(noise()).write(tmp_path / "file" / "photo.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# Extras


@pytest.mark.parametrize("orientation", [1, 6])
def test_heic(tmp_path, orientation):
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    smooth = np.zeros((64, 96, 3), "uint8")
    smooth[:32], smooth[32:] = 40, 200
    block = b"Exif\0\0" + exif(orientation)
    Image.fromarray(smooth).save(tmp_path / "photo.heic", exif=block, quality=95)
    photograph = Photograph.read(tmp_path / "photo.heic")
    turned = smooth if orientation == 1 else np.rot90(smooth, -1)
    assert np.abs(photograph.pixels.astype(int) - turned).max() < 12
    assert tags(photograph.exif)[ExifTags.Base.Orientation] == 1
    assert tags(photograph.exif)[ExifTags.Base.Make] == "Nikon"


XYZ_TO_SRGB = (3.24, -1.54, -0.5, -0.97, 1.88, 0.04, 0.06, -0.2, 1.06)


def write_dng(path):
    """A tiny camera RAW: a mosaic of 12 bits, red brighter than green and blue."""
    mosaic = np.full((64, 96), 300, "<u2")
    mosaic[::2, ::2] = 2000
    directory = TiffImagePlugin.ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    kinds = {256: 4, 257: 4, 258: 3, 259: 3, 262: 3, 277: 3, 278: 4, 33421: 3, 33422: 1}
    kinds |= {254: 4, 273: 4, 279: 4, 50706: 1, 50714: 3, 50717: 3, 50721: 10, 50728: 5}
    kinds |= {271: 2, 272: 2, 274: 3, 50708: 2, 50778: 3}
    values = {254: 0, 256: 96, 257: 64, 258: 16, 259: 1, 262: 32803, 277: 1, 278: 64}
    values |= {271: "Test", 272: "Camera", 274: 1, 50708: "Test Camera", 50778: 21}
    values |= {33421: (2, 2), 33422: b"\0\1\1\2", 50706: b"\1\4\0\0", 50714: 0}
    values |= {50717: 4095, 50721: XYZ_TO_SRGB, 50728: (1, 1, 1)}
    values |= {273: 0, 279: mosaic.nbytes}
    for tag, value in values.items():
        directory.tagtype[tag] = kinds[tag]
        directory[tag] = value
    path.write_bytes(b"II*\0\x08\0\0\0" + directory.tobytes(8) + mosaic.tobytes())


def test_raw(tmp_path):
    pytest.importorskip("rawpy")
    write_dng(tmp_path / "photo.dng")
    photograph = Photograph.read(tmp_path / "photo.dng")
    assert photograph.pixels.shape == (64, 96, 3)
    assert photograph.pixels.dtype == np.uint16
    red, green, blue = photograph.pixels[16:-16, 16:-16].mean(axis=(0, 1))
    assert red > green > 0 and red > blue
    assert tags(photograph.exif)[ExifTags.Base.Model] == "Camera"
    (tmp_path / "torn.nef").write_bytes((tmp_path / "photo.dng").read_bytes()[:99])
    with pytest.raises(ValueError, match="torn.nef': it is damaged or no RAW"):
        Photograph.read(tmp_path / "torn.nef")


@pytest.mark.parametrize(
    "name, module, extra",
    [("photo.heic", "pillow_heif", "heic"), ("photo.CR2", "rawpy", "raw")],
)
def test_absent_extras_are_named(tmp_path, monkeypatch, name, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic" + bytes(20))
    with pytest.raises(ValueError, match=rf"{name}.*pip install '.*\[{extra}\]'"):
        Photograph.read(tmp_path / name)
