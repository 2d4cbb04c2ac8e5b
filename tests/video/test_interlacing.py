"""Frames of two fields become whole frames, with the same times."""

import numpy as np
import pytest

av = pytest.importorskip("av")
pytest.importorskip("numba")

from clips import HEIGHT, RATE, WIDTH, decoded, packets, times, write_film

from zero_dce_keras import Enhancer
from zero_dce_keras.video import enhance_video


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
    assert not any(frame.interlaced_frame for frame in after)
    assert comb(after) < comb(before) / 4
    assert times(tmp_path / "b.mkv") == times(clip)
    assert np.diff(times(clip)) == pytest.approx(1 / RATE, abs=0.002)
    assert packets(tmp_path / "b.mkv") == packets(clip)
