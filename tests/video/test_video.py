"""Videos of 64×48 pixels, with all that surrounds the pictures."""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from fractions import Fraction
from types import SimpleNamespace
from unittest import mock

import keras
import numpy as np
import pytest

av = pytest.importorskip("av")
pytest.importorskip("numba")

from zero_dce_keras import BilateralDCE, Enhancer, ZeroDCE
from zero_dce_keras.video import FrameProgress, enhance_video
from zero_dce_keras.video.prefetch import parallel_map, prefetch
from zero_dce_keras.video.smoothing import SmoothedGains
from zero_dce_keras.video.yuv import BT601, BT709, TAGS, Yuv

HEIGHT, WIDTH, FRAMES = 48, 64, 20
TICK = Fraction(1, 600)
LOSSLESS = {"crf": "1", "preset": "ultrafast"}


@pytest.fixture(scope="module")
def enhancer():
    """A real model, small and untrained, that brightens by three to five."""
    keras.utils.set_random_seed(0)
    model = BilateralDCE(num_iterations=3, filters=4, miniature_size=16)
    curves = model.network.get_layer("curves")
    kernel, bias = curves.get_weights()
    curves.set_weights([10 * kernel, bias - 0.6])
    return Enhancer(model)


def scene(seed=0, brightness=40, height=HEIGHT, width=WIDTH):
    """A dark picture of soft shapes, float (H, W, 3)."""
    cells = np.random.default_rng(seed).random((6, 8, 3)) * brightness
    return np.kron(cells, np.ones((height // 6 + 1, width // 8 + 1, 1)))[
        :height, :width
    ]


def with_noise(picture, sigma=3, count=FRAMES):
    rng = np.random.default_rng(1)
    return [
        np.clip(picture + rng.normal(0, sigma, picture.shape), 0, 255).astype("uint8")
        for _ in range(count)
    ]


def write_clip(path, frames, times=None, sound=True, rotation=None, yuv=None, **stream):
    """Write a video of RGB arrays, with a sine of a second."""
    yuv = yuv or Yuv(BT709, False, dict.fromkeys(TAGS, 1))
    height, width, _ = frames[0].shape
    stream = {"width": width, "height": height, "pix_fmt": "yuv420p", **stream}
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "night"
        video = container.add_stream("libx264", 30, LOSSLESS, **stream)
        video.codec_context.time_base = TICK
        for name, value in yuv.tags.items():
            setattr(video.codec_context, name, value)
        if rotation is not None:
            video.set_display_rotation(rotation)
        audio = container.add_stream("aac", 44100) if sound else None
        for rgb, pts in zip(frames, times or itertools.count(0, 20), strict=False):
            if stream["pix_fmt"] == "yuv420p":
                frame = yuv.to_frame(rgb)
            else:
                frame = av.VideoFrame.from_ndarray(rgb).reformat(
                    format=stream["pix_fmt"],
                    dst_colorspace=yuv.tags["colorspace"],
                    dst_color_range=yuv.tags["color_range"],
                )
            frame.pts, frame.time_base = pts, TICK
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio:
            wave = np.sin(np.arange(44100) * 440 * 2 * np.pi / 44100) / 2
            for start in range(0, 44032, 1024):
                planes = np.float32([wave[start : start + 1024]] * 2)
                frame = av.AudioFrame.from_ndarray(planes, "fltp", "stereo")
                frame.sample_rate, frame.pts = 44100, start
                container.mux(audio.encode(frame))
            container.mux(audio.encode())
    return path


def read_clip(path):
    """(frames as RGB, their times, packets of sound, facts about the pictures)."""
    frames, times, sound, facts = [], [], [], {}
    with av.open(str(path)) as container:
        facts["title"] = container.metadata.get("title")
        for packet in container.demux():
            if packet.stream.type == "audio" and packet.size:
                sound.append((round(packet.pts * packet.time_base, 3), bytes(packet)))
            if packet.stream.type != "video":
                continue
            for frame in packet.decode():
                frames.append(Yuv.of(frame).to_rgb(frame))
                times.append(frame.time)
                facts["rotation"] = frame.rotation
                facts["tags"] = [int(getattr(frame, name)) for name in TAGS]
                facts["codec"] = packet.stream.codec_context.name
                facts["size"] = frame.width, frame.height
    return frames, times, sound, facts


def luma(frames):
    return np.array([frame.mean() for frame in frames])


@pytest.fixture
def clip(tmp_path):
    """A video, ordinary but for its frame rate."""
    times = [0, 20, 30, 70, *range(80, 80 + 20 * (FRAMES - 4), 20)]
    return write_clip(tmp_path / "clip.mp4", with_noise(scene()), times)


def test_frames_sound_and_timing(enhancer, clip, tmp_path):
    target = tmp_path / "new" / "bright.mp4"
    seen = []
    done = enhance_video(
        enhancer, clip, target, progress=lambda *numbers: seen.append(numbers)
    )
    assert (done.num_frames, done.size, done.notes) == (FRAMES, (WIDTH, HEIGHT), ())
    assert seen == [(i + 1, FRAMES) for i in range(FRAMES)]
    before, times_before, sound_before, facts_before = read_clip(clip)
    after, times, sound, facts = read_clip(target)
    assert times == pytest.approx(times_before, abs=1e-4)
    assert len(sound) > 40 and sound == sound_before
    assert facts == facts_before and facts["title"] == "night"
    # What is in the file is what the enhancer gives, but for the gains and the codec.
    alone = enhancer.compiled(before[5])
    assert alone.mean() > 2 * before[5].mean()
    assert np.abs(after[5].astype(int) - alone).mean() < 6
    assert list(target.parent.iterdir()) == [target]


def test_mkv_hevc_and_quality(enhancer, clip, tmp_path):
    sizes = {}
    for quality in (40, 95):
        target = tmp_path / f"{quality}.mkv"
        enhance_video(enhancer, clip, target, codec="hevc", quality=quality)
        frames, _, sound, facts = read_clip(target)
        assert len(frames) == FRAMES and facts["codec"] == "hevc" and sound
        sizes[quality] = target.stat().st_size - sum(len(data) for _, data in sound)
    assert sizes[95] > 1.3 * sizes[40]


def test_subtitles_are_copied(enhancer, clip, tmp_path):
    (tmp_path / "words.srt").write_text("1\n00:00:00,100 --> 00:00:00,500\nnight\n")
    with (
        av.open(str(clip)) as video,
        av.open(str(tmp_path / "words.srt")) as words,
        av.open(str(tmp_path / "a.mkv"), "w") as both,
    ):
        streams = video.streams.video[0], words.streams.subtitles[0]
        copies = [both.add_stream_from_template(one, opaque=True) for one in streams]
        copies[1].metadata["language"] = "ger"
        for stream, copy in zip(streams, copies, strict=True):
            for packet in stream.container.demux(stream):
                if packet.dts is not None:
                    packet.stream = copy
                    both.mux(packet)
    done = enhance_video(enhancer, tmp_path / "a.mkv", tmp_path / "b.mkv")
    assert done.notes == ()
    with av.open(str(tmp_path / "b.mkv")) as container:
        (stream,) = container.streams.subtitles
        (packet,) = (p for p in container.demux(stream) if p.size)
        assert b"night" in bytes(packet) and stream.metadata["language"] == "ger"
        assert float(packet.pts * packet.time_base) == pytest.approx(0.1, abs=0.01)


def test_what_a_container_does_not_take_is_named(enhancer, clip, tmp_path):
    done = enhance_video(enhancer, clip, tmp_path / "a.webm")
    assert done.notes == ("audio (aac) became Opus",)
    assert read_clip(tmp_path / "a.webm")[3]["codec"] == "vp9"
    with pytest.raises(ValueError, match="webm file takes no h264"):
        enhance_video(enhancer, clip, tmp_path / "b.webm", codec="h264")
    with pytest.raises(ValueError, match="use .mp4"):
        enhance_video(enhancer, clip, tmp_path / "b.doc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.webm", "clip.mp4"]


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_rotation(enhancer, tmp_path, rotation):
    clip = write_clip(
        tmp_path / "a.mp4", with_noise(scene(), count=2), rotation=rotation
    )
    enhance_video(enhancer, clip, tmp_path / "b.mp4")
    expected = read_clip(clip)[3]
    assert abs(expected["rotation"]) == abs(rotation)
    assert read_clip(tmp_path / "b.mp4")[3] == expected


@pytest.mark.parametrize("matrix", [BT709, BT601])
@pytest.mark.parametrize("full_range", [False, True])
def test_colours_and_their_tags(enhancer, tmp_path, matrix, full_range):
    tags = [1 + full_range, matrix, matrix, matrix]
    yuv = Yuv(matrix, full_range, dict(zip(TAGS, tags, strict=True)))
    picture = np.full((HEIGHT, WIDTH, 3), (60, 20, 35), "uint8")
    clip = write_clip(tmp_path / "a.mp4", [picture] * 3, yuv=yuv)
    enhance_video(enhancer, clip, tmp_path / "b.mp4", iterations=0)
    frames, _, _, facts = read_clip(tmp_path / "b.mp4")
    assert facts["tags"] == tags
    assert np.abs(frames[1].astype(int) - picture).max() <= 3


@pytest.mark.parametrize("matrix", [BT709, BT601, 9])
@pytest.mark.parametrize("full_range", [False, True])
def test_conversion_is_that_of_the_standard(matrix, full_range):
    red, blue = {BT709: (0.2126, 0.0722), BT601: (0.299, 0.114), 9: (0.2627, 0.0593)}[
        matrix
    ]
    rng = np.random.default_rng(0)
    yuv, errors = Yuv(matrix, full_range), []
    for colour in rng.integers(0, 256, (50, 3)):
        frame = yuv.to_frame(np.full((2, 2, 3), colour, "uint8"))
        r, g, b = colour / 255
        y = red * r + (1 - red - blue) * g + blue * b
        expected = [y, (b - y) / (2 - 2 * blue), (r - y) / (2 - 2 * red)]
        scale = [255, 255, 255] if full_range else [219, 224, 224]
        expected = np.multiply(expected, scale) + [0 if full_range else 16, 128, 128]
        actual = [bytes(plane)[0] for plane in frame.planes]
        assert actual == pytest.approx(expected, abs=0.51)
        errors.append(yuv.to_rgb(frame)[1, 1].astype(int) - colour)
    assert np.abs(errors).max() <= 2
    assert np.abs(np.mean(errors, axis=0)).max() < 0.3


def test_chroma_survives_an_identity():
    rgb = with_noise(scene(brightness=150) + 50, count=1)[0]
    yuv = Yuv(BT709, False)
    frame = yuv.to_frame(rgb)
    again = yuv.to_frame(yuv.to_rgb(frame))
    for before, after in zip(frame.planes, again.planes, strict=True):
        change = np.frombuffer(after, "int8") - np.frombuffer(before, "int8")
        assert np.abs(change).max() <= 1 and abs(change.mean()) < 0.02


@pytest.mark.parametrize("pix_fmt", ["yuv444p", "yuv422p10le", "yuv420p10le", "gray"])
def test_other_pixel_formats(enhancer, tmp_path, pix_fmt):
    picture = np.full((HEIGHT, WIDTH, 3), (60, 30, 45), "uint8")
    if pix_fmt == "gray":
        picture[:] = 38
    yuv = Yuv(BT709, True, dict.fromkeys(TAGS, BT709) | {"color_range": 2})
    clip = write_clip(tmp_path / "a.mkv", [picture] * 2, yuv=yuv, pix_fmt=pix_fmt)
    done = enhance_video(enhancer, clip, tmp_path / "b.mkv", iterations=0)
    assert any("became 8" in note for note in done.notes) == ("10" in pix_fmt)
    frames = read_clip(tmp_path / "b.mkv")[0]
    assert np.abs(frames[0].astype(int) - picture).max() <= 3


@pytest.mark.parametrize("height, width", [(47, 63), (48, 63), (47, 64)])
def test_odd_sides_grow_by_one(enhancer, tmp_path, height, width):
    frames = with_noise(scene(height=height, width=width), count=3)
    clip = write_clip(tmp_path / "a.mkv", frames, sound=False, pix_fmt="yuv444p")
    done = enhance_video(enhancer, clip, tmp_path / "b.mp4")
    assert done.size == (64, 48)
    assert f"{width}×{height} became 64×48" in done.notes[0]
    assert read_clip(tmp_path / "b.mp4")[3]["size"] == (64, 48)


def test_a_core_for_each_frame(enhancer, clip, tmp_path):
    """What one core does for all frames, several do for one each, in their order."""
    threads, compiled = set(), enhancer.compiled

    def enhance(*arguments, **options):
        threads.add(threading.get_ident())
        time.sleep(0.01)  # so that no thread is done before the next begins
        return type(compiled).__call__(compiled, *arguments, **options)

    wrapped = mock.MagicMock(wraps=compiled, side_effect=enhance, gains=compiled.gains)
    proxy = SimpleNamespace(compiled=wrapped)
    results = []
    for workers in (1, 3):
        threads.clear()
        proxy.compiled.workers = workers
        enhance_video(proxy, clip, tmp_path / f"{workers}.mp4")
        assert len(threads) == workers
        with av.open(str(tmp_path / f"{workers}.mp4")) as container:
            results.append([f.to_ndarray() for f in container.decode(video=0)])
    np.testing.assert_array_equal(*results)


def test_an_error_of_the_enhancer_leaves_nothing(enhancer, clip, tmp_path):
    calls = itertools.count()

    def enhance(rgb, options):
        if next(calls) == 7:
            raise MemoryError("out of memory: frame 7")
        return rgb

    gains = enhancer.compiled.gains
    compiled = mock.MagicMock(side_effect=enhance, gains=gains, workers=3)
    proxy = SimpleNamespace(compiled=compiled)
    threads = threading.active_count()
    with pytest.raises(MemoryError, match="frame 7"):
        enhance_video(proxy, clip, tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == [clip]
    assert threading.active_count() == threads


def test_the_keras_form(enhancer, tmp_path):
    clip = write_clip(tmp_path / "a.mp4", with_noise(scene(), count=3))
    for compiled in (True, False):
        target = tmp_path / f"{compiled}.mp4"
        done = enhance_video(enhancer, clip, target, compiled=compiled)
        assert not any("no compiled form" in note for note in done.notes)
    lumas = [luma(read_clip(tmp_path / f"{f}.mp4")[0]) for f in (True, False)]
    assert lumas[1] == pytest.approx(lumas[0], abs=2)


def test_weights_without_a_compiled_form(tmp_path):
    slow = Enhancer(ZeroDCE(num_iterations=2, filters=4, num_layers=3))
    clip = write_clip(tmp_path / "a.mp4", with_noise(scene(), count=2))
    done = enhance_video(slow, clip, tmp_path / "b.mp4")
    assert any("no compiled form" in note for note in done.notes)


def test_brightness_does_not_pump(enhancer, tmp_path):
    """A lamp that flickers in the centre takes its surroundings along but a little."""
    rng, frames = np.random.default_rng(2), with_noise(scene(), count=40)
    for frame in frames:
        frame[24:32, 28:36] = rng.integers(150, 250)
    clip = write_clip(tmp_path / "a.mp4", frames)
    enhance_video(enhancer, clip, tmp_path / "b.mp4")
    before, after = (
        luma(frame[:16] for frame in read_clip(path)[0])
        for path in (clip, tmp_path / "b.mp4")
    )
    assert after.mean() > 2 * before.mean()
    assert after.std() < 0.03 * after.mean()  # each frame by itself, it would be 0.06
    assert after[0] == pytest.approx(after[-10:].mean(), rel=0.1)


def test_a_cut_adapts_at_once(enhancer, tmp_path):
    scenes = scene(1, brightness=12), scene(2, brightness=90)
    frames = [frame for s in scenes for frame in with_noise(s, sigma=1)]
    clip = write_clip(tmp_path / "a.mp4", frames)
    enhance_video(enhancer, clip, tmp_path / "b.mp4")
    after = luma(read_clip(tmp_path / "b.mp4")[0])
    for frames in (after[:FRAMES], after[FRAMES:]):
        assert frames == pytest.approx(np.full(FRAMES, frames.mean()), rel=0.03)


def test_a_ramp_is_followed_and_a_lamp_is_no_cut():
    smooth = SmoothedGains()
    frame = with_noise(scene(), count=1)[0]
    factors = np.exp(np.linspace(0, 1.5, 60))
    gains = [np.float32([k, k, k, 1, 0, 0, 0, 0.6]) for k in factors]
    outputs = [float(smooth(g, frame, 1 / 30)[0]) for g in gains]
    assert np.all(np.diff(outputs) > 0) and np.diff(outputs).max() < 0.15
    assert outputs[-1] > 0.6 * factors[-1]
    lamp = frame.copy()
    lamp[:12, :16] = 255
    before = smooth(gains[-1], frame, 1 / 30)
    assert smooth(gains[-1], lamp, 1 / 30) == pytest.approx(before, rel=0.06)
    other = with_noise(scene(7, brightness=200), count=1)[0]
    assert smooth(gains[0], other, 1 / 30) == pytest.approx(gains[0])


def test_broken_files_say_so_in_one_line(enhancer, clip, tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "half.mp4").write_bytes(clip.read_bytes()[:4000])
    (tmp_path / "text.mp4").write_text("#EXTM3U\n#EXTINF:1,\nclip.mp4\n")
    sound = tmp_path / "sound.m4a"
    write_clip(sound.with_suffix(".mp4"), with_noise(scene(), count=1))
    with av.open(str(sound), "w") as container, av.open(str(clip)) as source:
        copy = container.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = copy
                container.mux(packet)
    for name, line in {
        "empty.mp4": "not a video",
        "half.mp4": "not a video",
        "text.mp4": "not a video",
        "sound.m4a": "no video stream in it. Found: audio",
    }.items():
        with pytest.raises(ValueError, match=line) as caught:
            enhance_video(enhancer, tmp_path / name, tmp_path / "out.mp4")
        assert str(caught.value).startswith(str(tmp_path / name))
        assert "\n" not in str(caught.value)
    with pytest.raises(FileNotFoundError, match="nowhere.mp4"):
        enhance_video(enhancer, tmp_path / "nowhere.mp4", tmp_path / "out.mp4")
    assert not [*tmp_path.glob("out*"), *tmp_path.glob(".*")]


@pytest.mark.parametrize("suffix", [".ts", ".mp4"])
def test_a_damaged_middle(enhancer, tmp_path, suffix):
    frames = with_noise(scene(), count=60)
    clip = write_clip(tmp_path / f"a{suffix}", frames, sound=False)
    content = bytearray(clip.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20000] = bytes(20000)
    clip.write_bytes(content)
    done = enhance_video(enhancer, clip, tmp_path / "b.mp4")
    assert 40 < done.num_frames < 60
    (note,) = done.notes
    assert f"; {done.num_frames} frames could be decoded" in note
    places = int(note.split()[2])
    assert places == 1 if suffix == ".ts" else places > 5  # packets of MP4 stand alone
    frames, times, _, _ = read_clip(tmp_path / "b.mp4")
    assert len(frames) == done.num_frames and times[-1] > 1.9


@pytest.mark.parametrize("suffix", [".ts", ".mkv"])
def test_a_lost_end(enhancer, tmp_path, suffix):
    frames = with_noise(scene(), count=60)
    clip = write_clip(tmp_path / f"a{suffix}", frames, sound=False)
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    done = enhance_video(enhancer, clip, tmp_path / "b.mp4")
    assert 20 < done.num_frames < 35
    assert ("damaged" if suffix == ".ts" else "the pictures end after") in done.notes[0]
    assert len(read_clip(tmp_path / "b.mp4")[0]) == done.num_frames


def test_a_playlist_fetches_nothing(enhancer, tmp_path):
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        (tmp_path / "list.m3u8").write_text(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n"
        )

        def accept():
            with contextlib.suppress(TimeoutError):
                server.accept()[0].close()
                asked.append(url)

        thread = threading.Thread(target=accept)
        thread.start()
        with pytest.raises(ValueError, match="list.m3u8"):
            enhance_video(enhancer, tmp_path / "list.m3u8", tmp_path / "out.mp4")
        thread.join()
    assert asked == []


def test_a_size_that_changes_and_frames_without_times(enhancer, tmp_path):
    content = b""
    for size in (HEIGHT, WIDTH), (32, 32):
        frames = with_noise(scene(height=size[0], width=size[1]), count=5)
        content += write_clip(tmp_path / "a.h264", frames, sound=False).read_bytes()
    (tmp_path / "a.h264").write_bytes(content)
    done = enhance_video(enhancer, tmp_path / "a.h264", tmp_path / "b.mp4")
    frames, times, _, facts = read_clip(tmp_path / "b.mp4")
    assert len(frames) == done.num_frames == 10 and facts["size"] == (WIDTH, HEIGHT)
    assert np.diff(times).min() > 0


def test_a_name_that_is_not_utf8(enhancer, clip, tmp_path):
    source, target = (
        tmp_path / os.fsdecode(name) for name in (b"a\xff.mp4", b"\xfe.mp4")
    )
    clip.rename(source)
    enhance_video(enhancer, source, target)
    assert target.stat().st_size > 1000


@pytest.mark.skipif(sys.platform == "win32", reason="files have no limits there")
def test_a_full_disk_is_named(enhancer, clip, tmp_path):
    import resource

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    try:
        with pytest.raises(OSError, match="out.mp4"):
            enhance_video(enhancer, clip, tmp_path / "out.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == [clip]


def test_an_interrupted_run_leaves_nothing(enhancer, clip, tmp_path):
    def interrupt(done, expected):
        if done == 5:
            raise KeyboardInterrupt

    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        enhance_video(enhancer, clip, tmp_path / "out.mp4", progress=interrupt)
    assert list(tmp_path.iterdir()) == [clip]
    assert threading.active_count() == threads


def test_nothing_is_overwritten(enhancer, clip, tmp_path):
    content = clip.read_bytes()
    with pytest.raises(ValueError, match="the input would be overwritten"):
        enhance_video(enhancer, clip, clip, overwrite=True)
    (tmp_path / "out.mp4").write_text("mine")
    with pytest.raises(FileExistsError, match="there already"):
        enhance_video(enhancer, clip, tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_text() == "mine"
    assert clip.read_bytes() == content


@pytest.mark.parametrize(
    "options", [{"iterations": -1}, {"strength": 1.1}, {"quality": 0}, {"codec": "mp3"}]
)
def test_wrong_arguments_are_named(enhancer, clip, tmp_path, options):
    (name,) = options
    with pytest.raises(ValueError, match=f"^{name} must be"):
        enhance_video(enhancer, clip, tmp_path / "out.mp4", **options)


def test_progress_tells_the_rate(caplog, monkeypatch):
    caplog.set_level("DEBUG", "zero_dce_keras")
    progress = FrameProgress("clip.mp4")
    progress(1, 100)
    first = "clip.mp4: 1 of 100 frames"
    assert caplog.messages == [first]
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 20)
    progress(51, 100)
    line = "clip.mp4: 51 of 100 frames, 2.5 a second, 20 s left"
    assert caplog.messages == [first, line]


def test_prefetch_keeps_the_order_and_passes_errors_on():
    def items():
        yield from range(5)
        raise OSError("disk")

    seen = []
    with pytest.raises(OSError, match="disk"):
        seen.extend(prefetch(items()))
    assert seen == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "start",
    [
        lambda items: prefetch(items, size=2),
        lambda items: parallel_map(lambda i: i, items, workers=2),
    ],
    ids=["prefetch", "parallel_map"],
)
def test_work_is_bounded_and_ends_with_its_user(start):
    made, closed = [], threading.Event()

    def items():
        try:
            for i in itertools.count():
                made.append(i)
                yield i
        finally:
            closed.set()

    results = start(items())
    assert next(results) == 0
    time.sleep(0.2)
    assert len(made) <= 5
    results.close()
    assert closed.is_set()


def test_parallel_map_works_at_once_and_keeps_the_order():
    together = threading.Barrier(3)  # breaks unless three items are worked on at once

    def work(i):
        together.wait(timeout=20)
        time.sleep(0.01 * (3 - i % 3))
        return i

    items = (i for i in range(9))
    assert list(parallel_map(work, items, workers=3)) == list(range(9))


def test_parallel_map_passes_errors_on_in_their_turn():
    def items():
        yield from range(5)
        raise OSError("disk")

    def work(i):
        if i == 3:
            raise ValueError("item")
        return i

    for function, message, expected in (
        (work, "item", [0, 1, 2]),
        (lambda i: i, "disk", [0, 1, 2, 3, 4]),
    ):
        seen = []
        with pytest.raises((OSError, ValueError), match=message):
            seen.extend(parallel_map(function, items(), workers=2))
        assert seen == expected


def test_numba_without_openmp(clip, tmp_path):
    """Its own pool of threads ends the process when two threads use it at once."""
    command = [sys.executable, "-m", "zero_dce_keras.enhance", clip, "-o"]
    subprocess.run(
        [*command, tmp_path / "out.mp4"],
        check=True,
        env={**os.environ, "NUMBA_THREADING_LAYER": "workqueue"},
    )
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == FRAMES
