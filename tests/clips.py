"""Small films, and what is in them: streams, packets, times."""

import contextlib

import av
import numpy as np

HEIGHT, WIDTH, RATE = 48, 64, 25


def pictures(count=10):
    """Dark RGB frames of soft shapes that brighten a little from frame to frame."""
    cells = np.random.default_rng(0).random((6, 8, 3)) * 60
    picture = np.kron(cells, np.ones((HEIGHT // 6, WIDTH // 8, 1)))
    return [(picture + 2 * i).astype("uint8") for i in range(count)]


def write_film(path, frames=None, sound="aac", seconds=None, words=None, **options):
    """Write a film: H.264, a sine, subtitles of (start, end, text) in milliseconds.

    Args:
        path: its suffix says which container.
        frames: RGB arrays or `av.VideoFrame`, one a 25th of a second.
        sound: encoder, or None.
        seconds: of sound. Default: those of the pictures.
        words: list of lines.
        options: of the container, such as output_ts_offset; `encoder` of the pictures,
            `settings` of it, and `prepare`, called with the container before its header.
    """
    frames = pictures() if frames is None else frames
    encoder, settings = options.pop("encoder", "libx264"), options.pop("settings", {})
    prepare = options.pop("prepare", lambda container: None)
    with av.open(str(path), "w", container_options=options) as container:
        video = container.add_stream(encoder, RATE, {"crf": "1", **settings})
        first = frames[0]
        is_array = isinstance(first, np.ndarray)
        size = first.shape[1::-1] if is_array else (first.width, first.height)
        context = video.codec_context
        context.width, context.height = size
        context.max_b_frames = 0
        if not is_array:
            context.pix_fmt = first.format.name
        audio = container.add_stream(sound, 48000) if sound else None
        subtitles = container.add_stream("ass") if words else None
        if subtitles:
            subtitles.codec_context.subtitle_header = HEADER
        prepare(container)
        container.start_encoding()
        for pts, picture in enumerate(frames):
            frame = picture
            if is_array:
                frame = av.VideoFrame.from_ndarray(picture).reformat(format="yuv420p")
            frame.pts, frame.time_base = pts, 1 / video.codec_context.framerate
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio:
            _write_sine(container, audio, seconds or len(frames) / RATE)
        for i, (start, end, text) in enumerate(words or []):
            packet = av.Packet(f"{i},0,Default,,0,0,0,,{text}".encode())
            packet.stream, packet.time_base = subtitles, subtitles.time_base
            packet.pts = packet.dts = start
            packet.duration = end - start
            container.mux(packet)
    return path


HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, \
BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, \
BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def _write_sine(container, stream, seconds):
    context = stream.codec_context
    resampler = av.AudioResampler(
        context.format, context.layout, context.sample_rate, context.frame_size or 1024
    )
    wave = np.sin(np.arange(int(seconds * 48000)) * 440 * 2 * np.pi / 48000) / 2
    frame = av.AudioFrame.from_ndarray(np.float32([wave, wave]), "fltp", "stereo")
    frame.sample_rate, frame.pts = 48000, 0
    for each in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(each))
    container.mux(stream.encode(None))


def streams(path):
    """List of (type, codec) of a film."""
    with av.open(str(path)) as container:
        return [(s.type, _codec_of(s)) for s in container.streams]


def _codec_of(stream):
    if stream.codec_context:
        return stream.codec_context.codec.canonical_name
    return getattr(stream, "name", None)


def times(path, kind="video"):
    """Sorted times of a stream's packets, in seconds."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        packets = [p for p in container.demux(stream) if p.pts is not None]
        return sorted(float(p.pts * p.time_base) for p in packets)


def packets(path, kind="audio"):
    """The bytes of a stream's packets."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def samples(path):
    """The left channel of sound, a float32 array."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "stereo", 48000)
        frames = [f for a in container.decode(audio=0) for f in resampler.resample(a)]
        return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def decoded(path):
    """The frames of a film."""
    with contextlib.closing(av.open(str(path))) as container:
        return list(container.decode(video=0))
