"""What Pillow would reduce to 8 bits comes whole, or not at all."""

import importlib.util
import struct
import zlib

import numpy as np
import pytest
from photos import noise, split_alpha

from zero_dce_keras.images import Photograph


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
    color, alpha = split_alpha(pixels)
    np.testing.assert_array_equal(photograph.pixels, color)
    assert alpha is None or np.array_equal(photograph.alpha, alpha)


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


def test_planes_are_read(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    planes = np.moveaxis(noise("uint16"), -1, 0)
    path = tmp_path / "photo.tif"
    tifffile.imwrite(path, planes, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(Photograph.read(path).pixels, noise("uint16"))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colours_are_no_longer_multiplied_by_their_alpha(tmp_path, dtype):
    tifffile = pytest.importorskip("tifffile")
    white = np.iinfo(dtype).max
    alpha = noise(dtype, 1) | (white // 2)
    straight = noise(dtype)
    multiplied = np.rint(straight * (alpha[..., None] / white)).astype(dtype)
    path = tmp_path / "photo.tif"
    pixels = np.dstack([multiplied, alpha])
    tifffile.imwrite(path, pixels, photometric="rgb", extrasamples=["assocalpha"])
    photograph = Photograph.read(path)
    np.testing.assert_array_equal(photograph.alpha, alpha)
    np.testing.assert_allclose(photograph.pixels.astype(int), straight, atol=2)


def test_without_its_reader_a_rare_tiff_names_the_extra(tmp_path, monkeypatch):
    tifffile = pytest.importorskip("tifffile")
    path = tmp_path / "photo.tif"
    tifffile.imwrite(path, noise("uint16").astype("uint32"), photometric="rgb")
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name == "tifffile" else find(name),
    )
    with pytest.raises(ValueError, match=r"photo.tif.*pip install '.\[tiff\]'"):
        Photograph.read(path)
