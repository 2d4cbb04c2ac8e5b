"""Photographs are turned as their EXIF orientation says."""

import numpy as np
import pytest
from photos import exif, noise, tags
from PIL import ExifTags, Image, ImageOps

from zero_dce_keras.images import Photograph, read_image
from zero_dce_keras.images.orientation import turn_upright


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_reset(tmp_path, ending, orientation):
    block = exif(orientation)
    path = tmp_path / f"photo.{ending}"
    Image.fromarray(noise()).save(path, exif=b"Exif\0\0" + block)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert expected.shape == ((32, 48, 3) if orientation < 5 else (48, 32, 3))
    np.testing.assert_array_equal(read_image(path), expected)
    photograph = Photograph.read(path)
    np.testing.assert_array_equal(photograph.pixels, expected)
    loaded = tags(photograph.exif)
    assert loaded.get(ExifTags.Base.Orientation, 1) == 1
    if ending != "tif":
        width = loaded.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExifImageWidth]
        assert width == photograph.pixels.shape[1]
        assert len(photograph.exif) == len(block)  # every byte in its place


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_are_turned_too(tmp_path, ending):
    path = tmp_path / f"photo.{ending}"
    if ending == "png":
        Photograph(noise("uint16"), exif=exif(6)).write(path)
    else:
        tifffile = pytest.importorskip("tifffile")
        tag = (int(ExifTags.Base.Orientation), "H", 1, 6, True)
        tifffile.imwrite(path, noise("uint16"), photometric="rgb", extratags=[tag])
    expected = np.rot90(noise("uint16"), -1)
    np.testing.assert_array_equal(Photograph.read(path).pixels, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_arrays_turn_as_images_do(orientation):
    image = Image.fromarray(noise())
    image.getexif()[ExifTags.Base.Orientation] = orientation
    expected = ImageOps.exif_transpose(image)
    np.testing.assert_array_equal(turn_upright(noise(), orientation), expected)
