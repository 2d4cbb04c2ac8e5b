"""PQ and HLG films: what light becomes which level, and what is said of it."""

import numpy as np
import pytest

av = pytest.importorskip("av")
pytest.importorskip("numba")

from av.sidedata.sidedata import Type
from clips import decoded, write_film

from zero_dce_keras import Enhancer
from zero_dce_keras.video import enhance_video
from zero_dce_keras.video.hdr import HLG, PQ, Hdr, KeptHdr, colours_of
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


def drawn_down(nits):
    """BT.2390-11, 5.4.1: from a screen of 1000 nits to one of 203, in nits."""
    scale = pq_code(1000)
    e1, most = pq_code(nits) / scale, pq_code(203) / scale
    start = 1.5 * most - 0.5
    t = (e1 - start) / (1 - start)
    spline = (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * (1 - start)
    spline += (-2 * t**3 + 3 * t**2) * most
    e2 = scale * np.where(e1 < start, e1, spline)
    y = e2 ** (1 / 78.84375)
    light = np.maximum(y - 0.8359375, 0) / (18.8515625 - 18.6875 * y)
    return np.where(nits > 0, 10000 * light ** (1 / 0.1593017578125), 0)


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
    expected = 255 * (drawn_down(nits) / 203) ** (1 / 2.4)
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


SCREEN = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"


def write_hdr(path, frames, transfer):
    """Write a film of HEVC as cameras do: tags, and of PQ the side data."""

    def prepare(container):
        context = container.streams.video[0].codec_context
        context.color_trc, context.color_primaries = transfer, 9
        context.colorspace, context.color_range = 9, 1

    parameters = "log-level=none"
    if transfer == PQ:
        parameters += f":hdr10=1:master-display={SCREEN}:max-cll=900,100"
    settings = {"preset": "ultrafast", "x265-params": parameters}
    options = {"encoder": "libx265", "settings": settings, "prepare": prepare}
    return write_film(path, frames, sound=None, **options)


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_film_may_stay_hdr(tmp_path, transfer, suffix):
    codes = {PQ: [0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.95], HLG: np.linspace(0, 1, 8)}
    frames = [patches(codes[transfer], transfer) for _ in range(3)]
    clip = write_hdr(tmp_path / "a.mkv", frames, transfer)
    enhancer = Enhancer.from_preset("zero_dce_general")
    target = tmp_path / f"b{suffix}"
    done = enhance_video(enhancer, clip, target, keep_hdr=True)
    before, after = decoded(clip)[1], decoded(target)[1]
    assert after.format.name == "yuv420p10le"
    assert [int(getattr(after, tag)) for tag in TAGS] == [1, 9, 9, transfer]
    if transfer == PQ:
        for kind in (Type.MASTERING_DISPLAY_METADATA, Type.CONTENT_LIGHT_LEVEL):
            assert bytes(after.side_data.get(kind)) == bytes(before.side_data.get(kind))
        assert ["MaxFALL" in note for note in done.notes] == [True]
    luma = [
        f.to_ndarray()[HEIGHT // 2, PATCH // 2 : WIDTH : PATCH] for f in (before, after)
    ]
    old, new = (each.astype(int) for each in luma)
    assert abs(new[0] - 64) <= 1  # black stays
    np.testing.assert_allclose(new[-1], old[-1], atol=4)  # and so do lamps
    assert (np.diff(new) > 0).all()
    assert (new[1:5] > old[1:5] + 10).all()  # the rest is brighter


def test_hdr_that_is_kept_is_as_bright_as_what_is_not():
    """In the light of SDR: the enhancer sees the same picture."""
    nits = np.array([0, 0.5, 2, 5, 20, 100, 400, 3000])
    original = patches(pq_code(nits), PQ)
    kept = KeptHdr(original)
    seen = kept.to_rgb(original)
    np.testing.assert_allclose(
        levels(seen) / 257, levels(Hdr(PQ).to_rgb(original)), atol=1
    )
    lifted = np.uint16(65535 * (seen / 65535) ** 0.6)
    shown = levels(Hdr(PQ).to_rgb(kept.to_frame(lifted, original)))
    # Drawn down again, bright light loses a little; what was dark is what was asked for.
    np.testing.assert_allclose(shown[:4], levels(lifted)[:4] / 257, atol=2)
    again = kept.to_frame(seen, original).to_ndarray()
    assert np.abs(again.astype(int) - original.to_ndarray()).max() <= 1


def test_hdr_is_kept_by_hevc_alone(tmp_path):
    clip = write_hdr(tmp_path / "a.mkv", [patches([0.1] * 8, PQ)] * 2, PQ)
    enhancer = Enhancer.from_preset("zero_dce_general")
    with pytest.raises(ValueError, match="only hevc keeps HDR. Received: h264"):
        enhance_video(enhancer, clip, tmp_path / "b.mp4", codec="h264", keep_hdr=True)
    with pytest.raises(ValueError, match="takes no hevc video"):
        enhance_video(enhancer, clip, tmp_path / "b.webm", keep_hdr=True)
    assert not (tmp_path / "b.mp4").exists()
