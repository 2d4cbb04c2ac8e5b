"""Times: films begin at 0, parts follow one another, the last picture lasts."""

import contextlib

import numpy as np
import pytest

av = pytest.importorskip("av")
pytest.importorskip("numba")

from clips import RATE, decoded, packets, pictures, times, write_film

from zero_dce_keras import Enhancer
from zero_dce_keras.video import VideoReader, enhance_video


@pytest.fixture(scope="module")
def enhancer():
    return Enhancer.from_preset("zero_dce_general")


@pytest.mark.parametrize("suffix", [".ts", ".mkv"])
def test_a_film_that_starts_at_an_hour_starts_at_0(enhancer, tmp_path, suffix):
    clip = write_film(tmp_path / f"a{suffix}", output_ts_offset="3600")
    shift = times(clip)[0] - times(clip, "audio")[0]
    assert times(clip)[0] >= 3600
    done = enhance_video(enhancer, clip, tmp_path / "b.mp4", strength=0.0)
    assert done.notes == ()
    pair = times(tmp_path / "b.mp4"), times(tmp_path / "b.mp4", "audio")
    assert min(pair[0][0], pair[1][0]) == pytest.approx(
        0, abs=0.022
    )  # AAC's first packet
    assert pair[0][0] - pair[1][0] == pytest.approx(shift, abs=0.001)
    np.testing.assert_allclose(np.diff(pair[0]), 1 / RATE, atol=1e-4)
    assert packets(tmp_path / "b.mp4") == [p[7:] for p in packets(clip)] or (
        packets(tmp_path / "b.mp4") == packets(clip)
    )


def test_a_clock_that_restarts(enhancer, tmp_path):
    clip = write_film(tmp_path / "a.ts", pictures(25))
    clip.write_bytes(2 * clip.read_bytes())
    done = enhance_video(enhancer, clip, tmp_path / "b.mp4", strength=0.0)
    assert done.num_frames == 50
    (note,) = done.notes
    assert "clock begins anew (× 1)" in note
    film, sound = times(tmp_path / "b.mp4"), times(tmp_path / "b.mp4", "audio")
    steps = np.diff(film)
    np.testing.assert_allclose(np.delete(steps, 24), 1 / RATE, atol=1e-4)
    assert 0 < steps[24] < 0.2
    # The second part's sound stays with its pictures.
    half = len(sound) // 2
    assert sound[half] - film[25] == pytest.approx(sound[0] - film[0], abs=0.03)
    assert np.diff(sound).max() < 0.1


@pytest.mark.parametrize("last", [1, 30])
def test_the_last_picture_keeps_its_duration(enhancer, tmp_path, last):
    clip, target = tmp_path / "a.mp4", tmp_path / "b.mp4"
    write_film(tmp_path / "c.mp4", sound=None)
    with av.open(str(tmp_path / "c.mp4")) as old, av.open(str(clip), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        found = [packet for packet in old.demux(video=0) if packet.size]
        for packet in found:
            if packet is found[-1]:
                packet.duration *= last
            packet.stream = stream
            new.mux(packet)
    enhance_video(enhancer, clip, target, strength=0.0)
    for path in (clip, target):
        with av.open(str(path)) as container:
            film = container.streams.video[0]
            seconds = float(film.duration * film.time_base)
            assert seconds == pytest.approx((9 + last) / RATE, abs=1e-3)


def test_an_avi_has_the_rate_of_the_film(enhancer, tmp_path):
    clip = write_film(tmp_path / "a.mp4")
    enhance_video(enhancer, clip, tmp_path / "b.avi", strength=0.0)
    with av.open(str(tmp_path / "b.avi")) as container:
        film = container.streams.video[0]
        assert film.average_rate == RATE and film.duration == 10
    assert len(decoded(tmp_path / "b.avi")) == 10


def test_sound_does_not_wait_in_memory(enhancer, tmp_path):
    # More pictures than the decoder's threads hold back.
    clip = write_film(tmp_path / "a.mkv", pictures(40), sound="pcm_s16le", seconds=50)
    sizes, frames = [], 0
    with contextlib.closing(VideoReader(clip)) as reader:
        for frame, found in reader:
            frames += frame is not None
            sizes.append(sum(packet.size for packet in found))
    assert frames == 40
    assert sum(sizes) == 50 * 48000 * 4 and max(sizes) < 1_100_000
    enhance_video(enhancer, clip, tmp_path / "b.mkv", strength=0.0)
    assert packets(tmp_path / "b.mkv") == packets(clip)
