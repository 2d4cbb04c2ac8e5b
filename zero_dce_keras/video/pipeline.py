"""Enhancing videos, frame by frame: decoding, network and encoding overlap."""

import contextlib
import dataclasses
import logging
import time
from pathlib import Path

from zero_dce_keras.files import check_not_the_input, replacing
from zero_dce_keras.images.arrays import to_uint8
from zero_dce_keras.inference.options import EnhanceOptions
from zero_dce_keras.progress import ProgressLog, format_duration
from zero_dce_keras.video.hdr import colours_of
from zero_dce_keras.video.prefetch import parallel_map, prefetch
from zero_dce_keras.video.reader import FFmpegError, VideoReader
from zero_dce_keras.video.smoothing import smoothing_of
from zero_dce_keras.video.writer import VideoWriter

log = logging.getLogger(__name__)


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
    codec=None,
    quality=None,
    overwrite=False,
    keep_interlaced=False,
    keep_hdr=False,
    progress=None,
    **options,
):
    """Enhance a video; sound, subtitles, timing, rotation and colour tags stay.

    Brightness does not flicker: see `SmoothedCurves`. `target` is written whole or not at
    all. Frames have 8 bits a channel and 4:2:0 chroma; an odd width or height grows by
    one, by the last column or row once more. HDR (PQ, HLG) is tone-mapped to BT.709, or
    kept in 10 bits.
    What the container does not hold is converted or left out, with a note.

    Args:
        enhancer: `Enhancer`.
        source: path of the video.
        target: path to write to; its suffix says which container: .mp4, .mov, .mkv, …
        codec: "h264" (default), "hevc" or "vp9" (default in .webm).
        quality: int from 1 to 100, as of JPEG; 95 (default) is a constant rate factor
            of 18 for H.264, 80 one of 23.
        overwrite: whether to replace `target`.
        keep_interlaced: whether frames of two fields stay so; only H.264 holds them.
            Default: each becomes one whole frame.
        keep_hdr: whether a PQ or HLG film stays one, as HEVC of 10 bits with its side
            data. Default: it is tone-mapped to BT.709, 8 bits.
        progress: callable that is given, after each frame, how many are done and how
            many there are (0 if the file does not say), such as `FrameProgress`.
        **options: see `EnhanceOptions`. `tile` is always the default, and `gains` are
            those of the frames.

    Returns:
        `EnhancedVideo`.

    Raises:
        ImportError: if PyAV or Numba is not installed.
        OSError: if a file cannot be read or written, or `target` is there already.
        ValueError: if the source is no video, or the target's container does not take
            it; the line names the file.
    """
    chosen = EnhanceOptions(**{**options, "tile": None})
    _check(source, target, quality, overwrite)
    reader = VideoReader(source, keep_interlaced)
    compiled = enhancer.compiled if chosen.compiled else None
    if enhancer.compiled is None:
        reader.notes.append(
            "these weights have no compiled form: a frame may take seconds"
        )
    encode = {"codec": codec, "quality": quality, "keep_hdr": keep_hdr}
    with contextlib.closing(reader), replacing(target) as temporary:
        stages = _enhanced(enhancer, compiled, _decoded(reader, keep_hdr), chosen)
        with contextlib.closing(prefetch(stages)) as frames:
            try:
                num_frames, writer = _write(temporary, reader, frames, encode, progress)
            except FFmpegError as error:
                line = error.strerror
                raise OSError(error.errno, line, str(target)) from error
    return EnhancedVideo(num_frames, writer.size, (*reader.notes, *writer.notes))


def _decoded(reader, keep_hdr):
    """Yield (RGB array or None, frame or None, packets before it)."""
    yuv = None
    for frame, packets in reader:
        if frame is None:
            yield None, None, packets
        else:
            yuv = yuv or colours_of(frame, keep_hdr)
            yield yuv.to_rgb(frame), frame, packets


def _enhanced(enhancer, compiled, decoded, options):
    """Yield what `_decoded` yields, with enhanced arrays."""
    if options.changes_nothing:
        yield from decoded
        return
    if compiled is not None:
        enhance, measure = compiled, compiled.gains
    else:
        enhance, measure = enhancer.enhance_array, enhancer.gains

    def work(item):
        rgb, gains, frame, packets = item
        if frame is not None:
            rgb = enhance(rgb, options.replace(gains=gains))
        return rgb, frame, packets

    with contextlib.closing(
        _measured(measure, smoothing_of(enhance), decoded)
    ) as measured:
        workers = 1 if compiled is None else compiled.workers
        if workers == 1:
            yield from map(work, measured)
            return
        # One core for each frame: to share one, they would wait for each other often.
        # For this thread too, which is one of `prefetch` and ends with the video.
        compiled.use_one_core()
        pool = parallel_map(work, measured, workers, start=compiled.use_one_core)
        with contextlib.closing(pool) as frames:
            yield from frames


def _measured(measure, smooth, decoded):
    """Yield (RGB array or None, gains or None, frame or None, packets before it)."""
    last = None
    with contextlib.closing(prefetch(decoded)) as frames:
        for rgb, frame, packets in frames:
            gains = None
            if frame is not None:
                seconds = 0 if last is None else frame.time - last
                last = frame.time
                gains = measure(rgb)
                if gains is not None:  # the model looks at the brightness
                    gains = smooth(gains, to_uint8(rgb), seconds)
            yield rgb, gains, frame, packets


def _write(path, reader, enhanced, encode, progress):
    """Write what comes; return the number of frames, and the `VideoWriter`."""
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


def _check(source, target, quality, overwrite):
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality must be from 1 to 100. Received: {quality}")
    check_not_the_input(source, target)
    if not overwrite and Path(target).exists():
        raise FileExistsError(f"{target} is there already")


class FrameProgress:
    """Logs how far a video is, with frames a second and the time left.

    Args:
        name: what the line begins with.
    """

    def __init__(self, name):
        self.name = name
        self._progress = ProgressLog(log)
        self._start = None  # when the first frame was done: before it, all is compiled

    def __call__(self, done, expected):
        """Log that so many frames are done, of so many (0: unknown)."""
        now = time.monotonic()
        self._start = self._start or now
        text = f"{self.name}: {done}{f' of {expected}' if expected else ''} frames"
        if done > 1:
            rate = (done - 1) / max(now - self._start, 1e-9)
            text += f", {rate:.1f} a second"
            if expected > done:
                text += f", {format_duration((expected - done) / rate)} left"
        self._progress.show(text)
