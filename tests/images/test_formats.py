"""What a row of the table says of a format is what its files hold."""

import dataclasses
import io

import numpy as np
import pytest
from photos import IPTC, SRGB, XMP, exif, noise
from PIL import Image

from zero_dce_keras.images import (
    IMAGE_SUFFIXES,
    PHOTOGRAPH_SUFFIXES,
    WRITTEN_FORMATS,
    Photograph,
)
from zero_dce_keras.images.formats import FORMATS, format_of_path, written_format

METADATA = {
    "exif": exif(),
    "icc_profile": SRGB,
    "xmp": XMP,
    "dpi": (300.0, 300.0),
    "iptc": IPTC,
    "comment": "Grand-mère au lac".encode(),
    "text": ((b"tEXt", b"Author\0A. Photographer"),),
}


def content_of(photograph, **options):
    file = io.BytesIO()
    notes = photograph.write(file, **options)
    return file.getvalue(), notes


@pytest.mark.parametrize("row", WRITTEN_FORMATS, ids=lambda row: row.name)
def test_a_row_tells_what_comes_back(row):
    pixels = noise("uint16", 4)
    photograph = Photograph(pixels[..., :3], pixels[..., 3], **METADATA)
    content, notes = content_of(photograph, file_format=row.name)
    back = Photograph.read(content)
    assert back.file_format == row.name
    assert 8 * back.pixels.itemsize == row.bits
    assert (back.alpha is not None) == row.has_alpha
    kept = {name for name in METADATA if getattr(back, name)}
    assert kept == set(row.metadata)
    lost = METADATA.keys() - kept
    others = row.name == "TIFF"  # where the maker's note has another place
    assert len(notes) == (row.bits < 16) + (not row.has_alpha) + bool(lost) + others


@pytest.mark.parametrize("row", WRITTEN_FORMATS, ids=lambda row: row.name)
def test_quality_counts_where_the_row_says_so(row):
    photograph = Photograph(noise())
    small, _ = content_of(photograph, quality=20, file_format=row.name)
    large, _ = content_of(photograph, quality=95, file_format=row.name)
    assert (len(small) < len(large) / 2) == row.has_quality
    exact = (Photograph.read(large).pixels == noise()).all()
    assert exact != row.has_quality


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("quality, written", [(50, 85), (92, 92), (98, 98)])
def test_a_jpeg_stays_as_fine_as_it_was(mode, quality, written):
    """Not coarser than quality 85, where brightening would show the blocks."""

    def jpeg(mode, quality):
        file = io.BytesIO()
        Image.fromarray(noise()).convert(mode).save(file, "JPEG", quality=quality)
        return file.getvalue()

    def tables(content):
        with Image.open(io.BytesIO(content)) as image:
            return list(image.quantization.values())

    photograph = Photograph.read(jpeg(mode, quality))
    content, _ = content_of(photograph)
    assert tables(content) == tables(jpeg(mode, written))
    chosen, _ = content_of(photograph, quality=30)
    assert tables(chosen)[0] == tables(jpeg("RGB", 30))[0]
    png = dataclasses.replace(photograph, jpeg_tables=())
    assert tables(content_of(png)[0])[0] == tables(jpeg("RGB", 95))[0]


@pytest.mark.parametrize(
    "row, name",
    [(row, name) for row in WRITTEN_FORMATS for name in row.longest],
    ids=lambda value: getattr(value, "name", value),
)
def test_metadata_that_are_too_long_are_left_out_with_a_note(row, name):
    block = exif() if name == "exif" else b""
    fits = block.ljust(row.longest[name], b" ")
    for value, is_kept in ((fits, True), (fits + b" ", False)):
        photograph = Photograph(noise(), **{name: value})
        content, notes = content_of(photograph, file_format=row.name)
        assert (len(notes), bool(getattr(Photograph.read(content), name))) == (
            (0, True) if is_kept else (1, False)
        )


@pytest.mark.parametrize("name", ["GIF", "HEIF", "RAW", "MPO"])
def test_what_is_not_written_is_written_as_something_else(name):
    """To a binary file, which has no suffix: the command's standard output."""
    content, _ = content_of(Photograph(noise(), file_format=name))
    expected = {"GIF": "PNG", "HEIF": "JPEG", "RAW": "TIFF", "MPO": "JPEG"}[name]
    assert Photograph.read(content).file_format == expected


@pytest.mark.parametrize("name", ["", "EPS"])
def test_unknown_formats(name):
    with pytest.raises(ValueError, match=f"one of PNG, .* Received: '{name}'"):
        content_of(Photograph(noise(), file_format=name))


def test_the_table_is_consistent():
    assert len(set(PHOTOGRAPH_SUFFIXES)) == len(PHOTOGRAPH_SUFFIXES)
    assert set(IMAGE_SUFFIXES) < set(PHOTOGRAPH_SUFFIXES)
    for row in FORMATS:
        assert written_format(row) in WRITTEN_FORMATS
        for suffix in row.suffixes:
            assert suffix == suffix.lower() and suffix[0] == "."
            assert format_of_path(f"night.d/1{suffix.upper()}") is row


def test_suffixes_choose_the_format(tmp_path):
    for suffix in IMAGE_SUFFIXES:
        path = tmp_path / f"1{suffix}"
        Photograph(noise()).write(path)
        expected = format_of_path(path).name
        assert Photograph.read(path.read_bytes()).file_format == expected
    assert np.array_equal(Photograph.read(tmp_path / "1.png").pixels, noise())
