"""Frames of two fields become whole frames, with the same times."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

av = pytest.importorskip("av")
pytest.importorskip("numba")

from clips import HEIGHT, RATE, WIDTH, decoded, packets, times, write_film

from zero_dce_keras import Enhancer
from zero_dce_keras.video import enhance_video
from zero_dce_keras.video.yuv import BT709, Yuv


def moving_bar(field):
    """A grey bar that moves 4 pixels from field to field, on a dark picture."""
    picture = np.full((HEIGHT, WIDTH, 3), 30, "uint8")
    picture[:, 4 * field % WIDTH :][:, :12] = 120
    return picture


def interlaced(count=10):
    frames = []
    for i in range(count):
        frame = moving_bar(2 * i)
        frame[1::2] = moving_bar(2 * i + 1)[1::2]
        frames.append(frame)
    return frames


def comb(frames):
    """How much rows differ from the mean of their neighbours, in levels."""
    lumas = [f.to_ndarray(format="gray").astype(float) for f in frames]
    return np.mean([np.abs(y[1:-1] - (y[:-2] + y[2:]) / 2).mean() for y in lumas])


@pytest.fixture
def clip(tmp_path):
    settings = {"x264-params": "tff=1"}
    return write_film(tmp_path / "a.mkv", interlaced(), settings=settings)


@pytest.fixture(scope="module")
def enhancer():
    return Enhancer.from_preset("zero_dce_general")


def test_frames_become_whole(enhancer, clip, tmp_path):
    before = decoded(clip)
    assert before[0].interlaced_frame and comb(before) > 10
    done = enhance_video(enhancer, clip, tmp_path / "b.mkv", strength=0.0)
    assert done.num_frames == 10
    assert done.notes == ("it was deinterlaced; --keep-interlaced keeps the fields",)
    after = decoded(tmp_path / "b.mkv")
    assert {f.duration * f.time_base for f in after} == {Fraction(1, RATE)}
    assert not any(frame.interlaced_frame for frame in after)
    assert comb(after) < comb(before) / 4
    assert times(tmp_path / "b.mkv") == times(clip)
    assert np.diff(times(clip)) == pytest.approx(1 / RATE, abs=0.002)
    assert packets(tmp_path / "b.mkv") == packets(clip)


@pytest.mark.parametrize("first", ["tff", "bff"])
def test_fields_are_kept(enhancer, tmp_path, first):
    settings = {"x264-params": f"{first}=1"}
    clip = write_film(tmp_path / "a.mkv", interlaced(), settings=settings)
    done = enhance_video(
        enhancer, clip, tmp_path / "b.mp4", strength=0.0, keep_interlaced=True
    )
    assert done.notes == ()
    after, orders = decoded(tmp_path / "b.mp4"), []
    assert all(frame.interlaced_frame for frame in after)
    for old, new in zip(decoded(clip), after, strict=True):
        for before, now in zip(old.planes[0:1], new.planes[0:1], strict=True):
            change = np.frombuffer(now, "uint8").astype(int) - np.frombuffer(
                before, "uint8"
            )
            assert np.abs(change).mean() < 2
    for path in (clip, tmp_path / "b.mp4"):
        with av.open(str(path)) as container:
            next(container.decode(video=0))
            orders.append(container.streams.video[0].codec_context.field_order)
    assert orders[0] == orders[1] == {"tff": 2, "bff": 3}[first]
    with pytest.raises(ValueError, match="only h264 keeps interlaced frames"):
        enhance_video(
            enhancer, clip, tmp_path / "c.mp4", codec="hevc", keep_interlaced=True
        )


def test_chroma_belongs_to_fields():
    """Red in one field, green in the other: neither mixes with the other."""
    rgb = np.zeros((8, 8, 3), "uint8")
    rgb[0::2], rgb[1::2] = (150, 20, 20), (20, 110, 20)
    yuv = Yuv(BT709, False)
    made = yuv.to_frame(rgb, is_interlaced=True)
    frame = SimpleNamespace(
        format=made.format, planes=made.planes, width=8, height=8, interlaced_frame=True
    )
    assert np.abs(yuv.to_rgb(frame).astype(int) - rgb).max() <= 3
    mixed = yuv.to_rgb(yuv.to_frame(rgb))
    assert np.abs(mixed.astype(int) - rgb).max() > 30
