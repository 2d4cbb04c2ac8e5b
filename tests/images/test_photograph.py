"""What a file says goes from one file to the next; nothing loses depth by itself."""

import io

import numpy as np
import pytest
from photos import HEIGHT, SRGB, WIDTH, XMP, exif, noise, split_alpha, tags
from PIL import ExifTags, Image

from zero_dce_keras.images import Photograph
from zero_dce_keras.images.metadata import upright_xmp


@pytest.mark.parametrize("height", [1, HEIGHT, 130])  # one strip of a TIFF, and three
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_every_bit_comes_back(tmp_path, ending, dtype, channels, height):
    color, alpha = split_alpha(noise(dtype, channels, height))
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


def test_the_thumbnail_of_the_dark_photograph_goes(tmp_path):
    path = tmp_path / "photo.jpg"
    block = b"Exif\0\0" + exif(thumbnail=b"THUMBNAIL")
    Image.fromarray(noise()).save(path, exif=block)
    assert b"THUMBNAIL" in path.read_bytes()
    photograph = Photograph.read(path)
    assert b"THUMBNAIL" not in photograph.exif
    assert not tags(photograph.exif).get_ifd(ExifTags.IFD.IFD1)
    assert tags(photograph.exif)[ExifTags.Base.Make] == "Nikon"


def test_damaged_metadata_are_left_out_with_a_note(tmp_path):
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
    assert photograph.file_format == "JPEG"
    note = "its second picture (HDR gain map, depth or view) is left out"
    assert photograph.notes == (note,)
    assert photograph.pixels.shape == (HEIGHT, WIDTH, 3)
    with_map = XMP.replace(b' xmp:Rating="5"', b' hdrgm:Version="1.0" xmp:Rating="5"')
    assert upright_xmp(with_map) == upright_xmp(XMP)


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
    with pytest.raises(ValueError, match="more pixels than the limit, 1,400"):
        Photograph.read(file.getvalue())


def test_what_a_format_cannot_hold_is_noted():
    pixels = noise("uint16", 4)
    photograph = Photograph(pixels[..., :3], pixels[..., 3], exif(), SRGB)
    assert photograph.write(io.BytesIO(), file_format="BMP") == [
        "BMP holds no alpha: it is left out",
        "BMP holds 8 bits of its 16",
        "BMP holds no EXIF, ICC profile: left out",
    ]
    damaged = Photograph(noise(), exif=b"damaged")
    file = io.BytesIO()
    notes = damaged.write(file, file_format="TIFF")
    assert notes == ["its EXIF is damaged and left out"]
    np.testing.assert_array_equal(Photograph.read(file.getvalue()).pixels, noise())


def test_sixteen_bits_are_rounded_to_eight():
    file = io.BytesIO()
    values = np.array([[0, 128, 129, 65406, 65407, 65535]], "uint16")
    Photograph(values).write(file, file_format="BMP")
    pixels = Photograph.read(file.getvalue()).pixels
    assert pixels.tolist() == [[0, 0, 1, 254, 255, 255]]


def test_write_errors_name_the_target(tmp_path):
    with pytest.raises(ValueError, match="photo.xyz': its name must end in one of"):
        Photograph(noise()).write(tmp_path / "photo.xyz")
    with pytest.raises(ValueError, match="wide.webp': "):
        Photograph(np.zeros((1, 20_000), "uint8")).write(tmp_path / "wide.webp")
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Cannot write '.*photo.png': "):
        Photograph(noise()).write(tmp_path / "file" / "photo.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("error", [SystemError, OverflowError])
def test_whatever_an_encoder_raises_is_a_value_error(tmp_path, monkeypatch, error):
    def save(*args, **options):
        raise error("too\nlarge")

    monkeypatch.setattr(Image.Image, "save", save)
    with pytest.raises(ValueError, match="Cannot write '.*photo.jpg': too large"):
        Photograph(noise()).write(tmp_path / "photo.jpg")


def test_colors_under_a_clear_alpha_stay():
    """WebP's encoder replaces them by what takes the fewest bytes, if it may."""
    shades = np.broadcast_to(np.arange(0, 240, 5, "uint8")[:, None], (32, 48, 3))
    for file_format in ("PNG", "WEBP", "TIFF"):
        file = io.BytesIO()
        photograph = Photograph(shades, np.zeros((32, 48), "uint8"))
        photograph.write(file, file_format=file_format)
        pixels = Photograph.read(file.getvalue()).pixels
        np.testing.assert_allclose(pixels, shades, atol=5)


def test_a_resolution_of_zero_is_none():
    file = io.BytesIO()
    Image.new("RGB", (48, 32)).save(file, "PNG", dpi=(0, 0))
    assert Photograph.read(file.getvalue()).dpi is None
