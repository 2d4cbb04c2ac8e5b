"""Formats that need more than Pillow."""

import sys

import numpy as np
import pytest
from photos import exif, noise, tags
from PIL import ExifTags, Image, TiffImagePlugin

from zero_dce_keras.images import Photograph


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
    by_pipe = Photograph.read((tmp_path / "photo.dng").read_bytes())
    np.testing.assert_array_equal(by_pipe.pixels, photograph.pixels)
    assert by_pipe.exif == photograph.exif and by_pipe.file_format == "RAW"
    (tmp_path / "torn.nef").write_bytes((tmp_path / "photo.dng").read_bytes()[:99])
    with pytest.raises(ValueError, match="torn.nef': it is damaged or no RAW"):
        Photograph.read(tmp_path / "torn.nef")


@pytest.mark.parametrize(
    "name, begins, module, extra",
    [
        ("photo.heic", b"\0\0\0\x18ftypheic", "pillow_heif", "heic"),
        ("photo.CR2", b"II*\0\x10\0\0\0CR", "rawpy", "raw"),
        ("photo.jxl", b"\xff\x0a", "pillow_jxl", "jxl"),
    ],
)
def test_absent_extras_are_named(tmp_path, monkeypatch, name, begins, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(begins + bytes(20))
    with pytest.raises(ValueError, match=rf"{name}.*pip install '.*\[{extra}\]'"):
        Photograph.read(tmp_path / name)
