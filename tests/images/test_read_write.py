import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from zero_dce_keras.images import (
    IMAGE_SUFFIXES,
    Photograph,
    format_of_path,
    read_image,
    upright_rgb,
    write_image,
)

HEIGHT, WIDTH = 32, 48

# One file format that can hold each mode.
FORMATS = {
    "1": "PNG",
    "L": "JPEG",
    "LA": "PNG",
    "P": "PNG",
    "PA": "TIFF",
    "RGB": "PNG",
    "RGBA": "WEBP",
    "RGBX": "TIFF",
    "CMYK": "TIFF",
    "YCbCr": "JPEG",
    "I": "TIFF",
    "I;16": "PNG",
    "I;16B": "TIFF",
}


def photograph(height=HEIGHT, width=WIDTH):
    """A smooth picture whose corners and channels all differ."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [
        255 * y / height,
        255 * x / width,
        200 - 100 * (x + y) / (height + width),
    ]
    return np.stack(channels, axis=-1).astype("uint8")


def save(path, image, **options):
    image.save(path, **options)
    return path


def in_mode(color, mode):
    """A PIL image of one colour in any mode, and the RGB that is to be read."""
    grey = round(sum(color) / 3)
    size = (WIDTH, HEIGHT)
    if mode.startswith("I"):
        dtype = {"I": "<i4", "I;16": "<u2", "I;16B": ">u2"}[mode]
        pixels = np.full((HEIGHT, WIDTH), grey * 257, dtype)
        image = Image.frombytes(mode, size, pixels.tobytes())
        return image, (grey,) * 3
    if mode == "1":
        return Image.new("1", size, int(grey > 127)), (255 * int(grey > 127),) * 3
    if mode in ("L", "LA"):
        return Image.new("L", size, grey).convert(mode), (grey,) * 3
    if mode in ("P", "PA"):
        image = Image.new("P", size, 1)
        image.putpalette([0, 0, 0, *color])
        return image.convert(mode), color
    return Image.new("RGB", size, color).convert(mode), color


@pytest.mark.parametrize("mode", FORMATS)
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(color=st.tuples(*[st.integers(0, 255)] * 3))
def test_every_mode_is_read_as_rgb(mode, color, tmp_path):
    image, expected = in_mode(color, mode)
    # The name says nothing about the type; it is found from the content.
    path = save(tmp_path / "image.bmp", image, format=FORMATS[mode])
    array = read_image(path)
    assert array.dtype == np.uint8 and array.shape == (HEIGHT, WIDTH, 3)
    tolerance = 8 if FORMATS[mode] in ("JPEG", "WEBP") else 0
    assert np.abs(array.astype(int) - expected).max() <= tolerance


def test_sixteen_bits_are_scaled_and_rounded(tmp_path):
    values = np.array([[0, 128, 129, 257, 32768, 65406, 65407, 65535]], "uint16")
    path = save(tmp_path / "deep.png", Image.fromarray(values))
    expected = [0, 0, 1, 1, 128, 254, 255, 255]
    np.testing.assert_array_equal(read_image(path)[0, :, 0], expected)


def test_alpha_is_dropped_not_composited(tmp_path):
    color = photograph()
    rgba = np.dstack([color, np.zeros((HEIGHT, WIDTH), "uint8")])
    path = save(tmp_path / "clear.png", Image.fromarray(rgba))
    np.testing.assert_array_equal(read_image(path), color)


@pytest.mark.filterwarnings("error")
def test_transparent_palette_keeps_its_colors(tmp_path):
    image = Image.new("P", (WIDTH, HEIGHT), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    path = save(tmp_path / "palette.png", image, transparency=b"\x80\x00")
    np.testing.assert_array_equal(read_image(path)[0, 0], [200, 100, 50])


def test_upright_rgb_of_an_image_in_memory():
    """Its orientation may come with it; 16 bits are scaled, not clipped."""
    image = Image.fromarray(photograph())
    image.getexif()[ExifTags.Base.Orientation] = 6  # to be turned clockwise
    np.testing.assert_array_equal(upright_rgb(image), np.rot90(photograph(), -1))
    grey, expected = in_mode((100, 100, 100), "I;16")
    np.testing.assert_array_equal(upright_rgb(grey)[0, 0], expected)
    with pytest.raises(ValueError, match="float samples"):
        upright_rgb(Image.new("F", (WIDTH, HEIGHT)))
    with pytest.raises(ValueError, match="65536, more than 16 bits"):
        upright_rgb(Image.new("I", (WIDTH, HEIGHT), 65536))


def test_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (WIDTH, HEIGHT), color) for color in ("red", "blue")]
    path = tmp_path / "two.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read_image(path)[0, 0], [255, 0, 0])


def damaged_files(directory):
    whole = {}
    for suffix in IMAGE_SUFFIXES:
        path = directory / f"whole{suffix}"
        write_image(path, photograph())
        whole[suffix] = path.read_bytes()
    yield "empty.png", b""
    yield "text.jpg", b"<html>404 Not Found</html>"
    for suffix, content in whole.items():
        yield f"truncated{suffix}", content[: len(content) // 2]
    flipped = bytearray(whole[".png"])
    flipped[len(flipped) // 2] ^= 0xFF
    yield "flipped.png", bytes(flipped)


def test_damaged_files_are_named_in_one_line(tmp_path):
    for name, content in damaged_files(tmp_path):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ValueError) as caught:
            read_image(path)
        message = str(caught.value)
        assert str(path) in message and "\n" not in message, message
        assert "Give a" in message or "Save it again" in message, message


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    suffix=st.sampled_from(IMAGE_SUFFIXES),
    place=st.floats(0, 1),
    junk=st.binary(min_size=1, max_size=8),
)
@pytest.mark.filterwarnings("ignore")
def test_junk_inside_a_file_gives_an_image_or_a_value_error(
    tmp_path, suffix, place, junk
):
    path = tmp_path / f"image{suffix}"
    write_image(path, photograph())
    content = path.read_bytes()
    at = int(place * len(content))
    path.write_bytes(content[:at] + junk + content[at + len(junk) :])
    try:
        assert read_image(path).dtype == np.uint8
    except ValueError as error:
        assert str(path) in str(error)


def test_decompression_bomb(tmp_path, monkeypatch):
    path = save(tmp_path / "bomb.png", Image.new("L", (WIDTH, HEIGHT)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ValueError, match="bomb.png.*MAX_IMAGE_PIXELS"):
        read_image(path)


def test_float_samples_have_a_white_in_0_to_1_alone(tmp_path):
    path = save(tmp_path / "float.tif", Image.new("F", (WIDTH, HEIGHT), 0.5))
    photograph = Photograph.read(path)
    assert photograph.pixels.dtype == np.uint16
    assert set(photograph.pixels.ravel()) == {32768}
    assert photograph.notes == (
        "its floats of 32 bits are read as 16 bits, 1 as white",
    )
    path = save(tmp_path / "hdr.tif", Image.new("F", (WIDTH, HEIGHT), 7.5))
    with pytest.raises(ValueError, match="defined white"):
        Photograph.read(path)
    with pytest.raises(ValueError, match="no defined white"):
        read_image(path)


def test_missing_file_and_directory(tmp_path):
    with pytest.raises(
        FileNotFoundError, match="none.png': No such file.*Check the path"
    ):
        read_image(tmp_path / "none.png")
    with pytest.raises(OSError, match="Cannot read .*Check the path"):
        read_image(tmp_path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)
def test_unreadable_file(tmp_path):
    path = save(tmp_path / "secret.png", Image.new("L", (WIDTH, HEIGHT)))
    path.chmod(0)
    with pytest.raises(PermissionError, match="secret.png': Permission denied"):
        read_image(path)


@pytest.mark.parametrize("suffix", IMAGE_SUFFIXES)
def test_write_then_read(tmp_path, suffix):
    path = tmp_path / "new" / "folder" / f"image{suffix.upper()}"
    write_image(path, photograph())
    tolerance = 12 if format_of_path(path).has_quality else 0
    difference = read_image(path).astype(int) - photograph()
    assert np.abs(difference).max() <= tolerance
    assert os.listdir(path.parent) == [path.name]


def test_jpeg_keeps_full_chroma(tmp_path):
    path = tmp_path / "image.jpg"
    write_image(path, photograph())
    with Image.open(path) as image:
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3
        assert image.quantization[0][0] == 2  # 16 · (200 - 2 · 95) / 100, rounded


def test_write_grey_and_pil(tmp_path):
    grey = photograph()[..., 0]
    write_image(tmp_path / "grey.png", grey)
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png")[..., 1], grey)
    rgba = Image.fromarray(photograph()).convert("RGBA")
    for name, mode in (("a.png", "RGBA"), ("a.jpg", "RGB"), ("a.bmp", "RGB")):
        write_image(tmp_path / name, rgba)
        with Image.open(tmp_path / name) as image:
            assert image.mode == mode
    write_image(tmp_path / "cmyk.png", rgba.convert("RGB").convert("CMYK"))
    assert read_image(tmp_path / "cmyk.png").shape == (HEIGHT, WIDTH, 3)


def test_written_file_has_usual_permissions(tmp_path):
    (tmp_path / "plain").touch()
    write_image(tmp_path / "image.png", photograph())
    modes = {(tmp_path / name).stat().st_mode for name in ("plain", "image.png")}
    assert len(modes) == 1


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path, monkeypatch, error
):
    path = tmp_path / "image.png"
    path.write_bytes(b"old")

    def torn_write(self, content):
        with open(self, "wb") as file:
            file.write(content[: len(content) // 2])
        raise error

    monkeypatch.setattr(Path, "write_bytes", torn_write)
    with pytest.raises(type(error)):
        write_image(path, photograph())
    assert os.listdir(tmp_path) == ["image.png"] and path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("name", "image", "message"),
    [
        ("image.png", np.zeros((4, 6, 3), "float32"), "to_uint8.*float32"),
        ("image.png", np.zeros((4, 6, 4), "uint8"), r"\(H, W, 3\).*\(4, 6, 4\)"),
        ("image.png", np.zeros((1, 4, 6, 3), "uint8"), "Received: .1, 4, 6, 3"),
        ("image.png", np.zeros((0, 6, 3), "uint8"), "Received: .0, 6, 3"),
        ("image.xyz", np.zeros((4, 6, 3), "uint8"), "image.xyz.*end in one of .png"),
        ("image", np.zeros((4, 6, 3), "uint8"), "end in one of"),
    ],
)
def test_write_refuses(tmp_path, name, image, message):
    with pytest.raises(ValueError, match=message):
        write_image(tmp_path / name, image)
    assert os.listdir(tmp_path) == []
