"""PQ and HLG films: what light becomes which level, and what is said of it."""

import numpy as np
import pytest

av = pytest.importorskip("av")
pytest.importorskip("numba")

from clips import decoded, write_film

from zero_dce_keras import Enhancer
from zero_dce_keras.video import enhance_video
from zero_dce_keras.video.hdr import HLG, PQ, Hdr, colours_of
from zero_dce_keras.video.yuv import TAGS

HEIGHT, WIDTH, PATCH = 32, 128, 16


def pq_code(nits):
    """BT.2100's inverse of the PQ curve."""
    y = (np.asarray(nits) / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def hlg_code(nits):
    """BT.2100's HLG curve, of grey light on a screen of 1000 nits."""
    scene = (np.asarray(nits) / 1000) ** (1 / 1.2)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def patches(codes, transfer):
    """A 10-bit frame of grey patches."""
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p10le")
    luma = np.repeat(64 + 876 * np.asarray(codes), PATCH).round().astype("uint16")
    for plane, row in zip(frame.planes, (luma, None, None), strict=True):
        samples = np.frombuffer(plane, "uint16").reshape(-1, plane.line_size // 2)
        if row is None:
            samples[:] = 512
        else:
            samples[:, : len(row)] = row
    frame.color_trc, frame.color_primaries = transfer, 9
    frame.colorspace, frame.color_range = 9, 1
    return frame


def levels(rgb):
    return rgb[HEIGHT // 2, PATCH // 2 :: PATCH].astype(float)


@pytest.mark.parametrize("transfer, code_of", [(PQ, pq_code), (HLG, hlg_code)])
def test_levels_are_those_of_the_formula(transfer, code_of):
    nits = np.array([0, 0.1, 1, 10, 50, 203, 500, 1000])
    rgb = levels(
        colours_of(patches(code_of(nits), transfer)).to_rgb(
            patches(code_of(nits), transfer)
        )
    )
    light, peak = nits / 203, 1000 / 203
    shown = light * (1 + light / peak**2) / (1 + light)  # Reinhard, eq. 4
    expected = 255 * shown ** (1 / 2.4)
    np.testing.assert_allclose(rgb, np.repeat(expected[:, None], 3, axis=1), atol=2)
    assert np.ptp(rgb, axis=1).max() <= 1  # grey stays grey


def test_more_light_is_never_a_lower_level():
    for transfer in (PQ, HLG):
        for codes in np.linspace(0, 1, 256).reshape(32, 8):
            found = levels(Hdr(transfer).to_rgb(patches(codes, transfer)))
            assert np.diff(found, axis=0).min() >= 0


@pytest.mark.parametrize("transfer, name", [(PQ, "PQ"), (HLG, "HLG")])
def test_a_film_is_tagged_as_what_it_became(tmp_path, transfer, name):
    def prepare(container):
        context = container.streams.video[0].codec_context
        context.color_trc, context.color_primaries = transfer, 9
        context.colorspace, context.color_range = 9, 1

    frames = [patches(np.linspace(0, 0.5, 8), transfer) for _ in range(3)]
    clip = write_film(tmp_path / "a.mkv", frames, sound=None, prepare=prepare)
    assert int(decoded(clip)[0].color_trc) == transfer
    enhancer = Enhancer.from_preset("zero_dce_general")
    done = enhance_video(enhancer, clip, tmp_path / "b.mp4")
    assert done.notes == (
        f"HDR ({name}) was tone-mapped to BT.709",
        "10 bits a channel became 8",
    )
    for frame in decoded(tmp_path / "b.mp4"):
        assert [int(getattr(frame, tag)) for tag in TAGS] == [1, 1, 1, 1]
        assert frame.format.name == "yuv420p"
