"""Enhancing videos, frame by frame: decoding, network and encoding overlap."""

import contextlib
import dataclasses
import time
from pathlib import Path

from zero_dce_keras.files import replacing
from zero_dce_keras.inference.ahead import ahead, side_by_side
from zero_dce_keras.inference.flicker import SteadyGains
from zero_dce_keras.progress import ProgressLine, in_words


@dataclasses.dataclass(frozen=True)
class EnhancedVideo:
    """What became of a video.

    Args:
        num_frames: int, frames written.
        size: pair of ints, width and height in pixels.
        notes: tuple of str, what could not be kept as it was.
    """

    num_frames: int
    size: tuple
    notes: tuple = ()


def enhance_video(
    enhancer,
    source,
    target,
    *,
    iterations=None,
    strength=1.0,
    denoise=None,
    fast=None,
    codec=None,
    quality=None,
    overwrite=False,
    progress=None,
):
    """Enhance a video; sound, subtitles, timing, rotation and colour tags stay.

    Brightness does not flicker: see `SteadyGains`. `target` is written whole or not at
    all. Frames have 8 bits a channel and 4:2:0 chroma; an odd width or height grows by
    one, by the last column or row once more.

    Args:
        enhancer: `Enhancer`.
        source: path of the video.
        target: path to write to; its suffix says which container: .mp4, .mov, .mkv, …
        iterations, strength, denoise: as of an `Enhancer`.
        fast: whether to use the fast path, `Enhancer.fast`; without it a frame takes
            seconds. By default, where the enhancer has companion weights.
        codec: "h264" (default), "hevc" or "vp9" (default in .webm).
        quality: int from 1 to 100, as of JPEG; 95 (default) is a constant rate factor
            of 18 for H.264, 80 one of 23.
        overwrite: whether to replace `target`.
        progress: callable that is given, after each frame, how many are done and how
            many there are (0 if the file does not say); `FrameProgress`, say.

    Returns:
        `EnhancedVideo`.

    Raises:
        ImportError: if PyAV or Numba is not installed.
        OSError: if a file cannot be read or written, or `target` is there already.
        ValueError: if the source is no video, or the target's container does not take
            it; the line names the file.
    """
    _check(source, target, iterations, strength, quality, overwrite)
    video = _import_video()
    adjust = {"iterations": iterations, "strength": strength}
    if denoise is not None:
        adjust["denoise"] = denoise
    encode = {"codec": codec, "quality": quality}
    reader = video.VideoReader(source)
    if fast is None:
        fast = enhancer.can_be_fast
        if not fast:
            reader.notes.append(
                "no companion weights for the fast path: a frame may take seconds"
            )
    with contextlib.closing(reader), replacing(target) as temporary:
        stages = _enhanced(enhancer, fast, _decoded(reader), adjust)
        with contextlib.closing(ahead(stages)) as frames:
            try:
                num_frames, writer = _write(temporary, reader, frames, encode, progress)
            except video.FFmpegError as error:
                line = error.strerror
                raise OSError(error.errno, line, str(target)) from error
    return EnhancedVideo(num_frames, writer.size, (*reader.notes, *writer.notes))


def _decoded(reader):
    """(RGB array or None, frame or None, packets before it)."""
    from zero_dce_keras.images.yuv import Yuv

    yuv = None
    for frame, packets in reader:
        if frame is None:
            yield None, None, packets
        else:
            yuv = yuv or Yuv.of(frame)
            yield yuv.to_rgb(frame), frame, packets


def _enhanced(enhancer, fast, decoded, adjust):
    """As `decoded`, with enhanced arrays."""
    enhance = enhancer.fast if fast else enhancer  # both have `gains`
    if adjust["iterations"] == 0 or adjust["strength"] == 0:
        yield from decoded
        return

    def work(item):
        rgb, gains, frame, packets = item
        if frame is not None:
            rgb = enhance(rgb, gains=gains, **adjust)
        return rgb, frame, packets

    with contextlib.closing(_measured(enhance, decoded)) as measured:
        workers = enhance.workers if fast else 1
        if workers == 1:
            yield from map(work, measured)
            return
        # One core for each frame: to share one, they would wait for each other often.
        # For this thread too, which is one of `ahead` and ends with the video.
        one_core = enhance.use_one_core
        one_core()
        pool = side_by_side(work, measured, workers, start=one_core)
        with contextlib.closing(pool) as frames:
            yield from frames


def _measured(enhance, decoded):
    """(RGB array or None, gains or None, frame or None, packets before it)."""
    steady, last = SteadyGains(), None
    with contextlib.closing(ahead(decoded)) as frames:
        for rgb, frame, packets in frames:
            gains = None
            if frame is not None:
                seconds = 0 if last is None else frame.time - last
                last = frame.time
                gains = enhance.gains(rgb)
                if gains is not None:  # the model looks at the brightness
                    gains = steady(gains, rgb, seconds)
            yield rgb, gains, frame, packets


def _write(path, reader, enhanced, encode, progress):
    """Write what comes; the number of frames, and the `VideoWriter`."""
    from zero_dce_keras.images.video import VideoWriter

    count, writer = 0, None
    try:
        for rgb, frame, packets in enhanced:
            writer = writer or VideoWriter(path, reader, frame, **encode)
            writer.write(rgb, frame, packets)
            if frame is not None:
                count += 1
                if progress is not None:
                    progress(count, reader.num_frames)
        assert writer is not None  # no picture: the reader has raised
        writer.finish()
    finally:
        if writer is not None:
            writer.close()
    return count, writer


def _check(source, target, iterations, strength, quality, overwrite):
    if iterations is not None and iterations < 0:
        raise ValueError(f"iterations must be at least 0. Received: {iterations}")
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be in [0, 1]. Received: {strength}")
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality must be from 1 to 100. Received: {quality}")
    if Path(source).resolve() == Path(target).resolve():
        raise ValueError(f"{target}: the input would be overwritten")
    if not overwrite and Path(target).exists():
        raise FileExistsError(f"{target} is there already")


def _import_video():
    try:
        from zero_dce_keras.images import video
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{error.name} is not installed: pip install 'zero_dce_keras[video]' brings "
            "what videos need"
        ) from error
    return video


class FrameProgress:
    """Tells on stderr how far a video is, with frames a second and the time left.

    Args:
        name: what the line begins with.
    """

    def __init__(self, name):
        self.name = name
        self._line = ProgressLine()
        self._start = None  # when the first frame was done: before it, all is compiled

    def __call__(self, done, expected):
        now = time.monotonic()
        if self._start is None:
            self._start = now
            return
        rate = (done - 1) / max(now - self._start, 1e-9)
        text = f"{self.name}: {done} frames, {rate:.1f} a second"
        if expected > done:
            text = (
                f"{self.name}: {done} of {expected} frames, {rate:.1f} a second, "
                f"{in_words((expected - done) / rate)} left"
            )
        self._line.show(text)
