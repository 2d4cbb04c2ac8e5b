import struct

import numpy as np
import pytest
from PIL import ImageCms

from zero_dce_keras.images import srgb_to_linear
from zero_dce_keras.images.tone_curve import read_tone_curve, tables_to_srgb

X = np.linspace(0, 1, 65536)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def profile(curve, *others):
    """What counts of an ICC profile: the curves of red, green and blue."""
    curves = [curve, *others] + [curve] * (2 - len(others))
    start = 132 + 36
    tags = b""
    for name, tag in zip((b"rTRC", b"gTRC", b"bTRC"), curves, strict=True):
        tags += struct.pack(">4sII", name, start, len(tag))
        start += len(tag)
    return (
        bytes(16)
        + b"RGB "
        + bytes(108)
        + struct.pack(">I", 3)
        + tags
        + b"".join(curves)
    )


def table(*values):
    return b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *values)


def parameters(kind, *values):
    values = [round(65536 * value) for value in values]
    return b"para\0\0\0\0" + struct.pack(f">HH{len(values)}i", kind, 0, *values)


ADOBE_RGB = profile(table(563))  # 563 / 256
CURVES = [
    (table(), X),
    (table(563), X ** (563 / 256)),
    (table(0, 16384, 65535), np.interp(X, [0, 0.5, 1], [0, 16384 / 65535, 1])),
    (parameters(0, 1.8), X**1.8),
    (
        parameters(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
        srgb_to_linear(X),
    ),
]


@pytest.mark.parametrize("curve, expected", CURVES)
def test_curves(curve, expected):
    np.testing.assert_allclose(read_tone_curve(profile(curve)), expected, atol=1e-4)


def test_another_writers_srgb():
    np.testing.assert_allclose(read_tone_curve(SRGB), srgb_to_linear(X), atol=1e-4)
    assert tables_to_srgb(SRGB, np.uint8) is None  # nothing to do


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("curve", [table(563), parameters(0, 1.8), table()])
def test_there_and_back(curve, dtype):
    there, back = tables_to_srgb(profile(curve), dtype)
    white = np.iinfo(dtype).max
    values = np.arange(white + 1)
    assert len(there) == white + 1 and len(back) == 65536 and back.dtype == dtype
    moved = np.abs(back[there] - values.astype(float))
    assert moved.max() <= white / 255
    assert moved[values > white / 50].max() <= (0 if white == 255 else 20)
    light = read_tone_curve(profile(curve))[:: 65535 // white]
    np.testing.assert_allclose(srgb_to_linear(there / 65535), light, atol=1e-4)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(200),
        SRGB[:200],
        profile(table(0)),  # everything white
        profile(table(65535, 0)),  # a negative
        profile(table(563), table(460)),  # not one curve
        profile(parameters(2, 1.0, 1.0, 0.0)),
        profile(parameters(7)),
        profile(b"curv\0\0\0\0" + struct.pack(">I", 2**31)),
        profile(b"mft2" + bytes(20)),
    ],
)
def test_what_is_not_known_is_left_alone(content):
    assert tables_to_srgb(content, np.uint8) is None
