"""A stream of a film for another container: copied, or written in another way."""

import functools

import av

SOUND = ("aac", "libopus", "mp2")  # encoders, best first: which the container holds
WORDS = ("mov_text", "subrip", "webvtt")
TEXTS = ("mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text")
EXACT_AS_PCM = ("pcm_", "adpcm_")  # decoded, they are samples of 16 or 24 bits
BIT_RATE = 96_000  # a channel
GAP = 0.1  # seconds between two frames of sound that are a pause
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
NAMES = {"subrip": "SRT", "webvtt": "WebVTT", "libopus": "Opus", "aac": "AAC"}


class Copied:
    """A stream that is copied packet by packet."""

    became = None

    def __init__(self, container, stream):
        self.name = name_of(stream)
        self.stream = container.add_stream_from_template(stream)
        if stream.type == "audio":  # MP4 wants a layout that has a name
            self.stream.codec_context.layout = _layout_of(stream.codec_context)

    def convert(self, packet):
        """Return the packets to write for one of the original; for None, the last ones."""
        if packet is None:
            return []
        packet.stream = self.stream
        return [packet]


class Sound:
    """Sound that is encoded anew, because the container does not take it as it is."""

    def __init__(self, container, stream, encoder):
        self.name = name_of(stream)
        original = stream.codec_context
        rate = 48000 if encoder == "libopus" else original.sample_rate
        self.stream = container.add_stream(encoder, rate)
        context = self.stream.codec_context
        context.layout = _layout_of(original)
        is_pcm = encoder.startswith("pcm_")
        if not is_pcm:
            context.bit_rate = BIT_RATE * original.layout.nb_channels
        self.became = NAMES.get(encoder, encoder)
        self._resampler = self._next = None

    def convert(self, packet):
        """As of `Copied`."""
        frames = [None] if packet is None else packet.decode()
        for frame in frames:
            for each in self._resampled(frame):
                yield from self.stream.encode(each)
        if packet is None:
            yield from self.stream.encode(None)

    def _resampled(self, frame):
        context = self.stream.codec_context
        if self._resampler is None:
            if frame is None:
                return
            self._resampler = av.AudioResampler(
                context.format, context.layout, context.sample_rate, context.frame_size
            )
        for each in self._resampler.resample(frame):
            # Samples follow one another, except after a gap: containers round times.
            if (
                self._next is not None
                and each.pts < self._next + GAP * each.sample_rate
            ):
                each.pts = self._next
            self._next = each.pts + each.samples
            yield each


class Words:
    """Subtitles that are written in another way, line by line; styles are lost."""

    def __init__(self, container, stream, encoder):
        self.name = name_of(stream)
        self.stream = container.add_stream(encoder)
        self.stream.time_base = stream.time_base
        stream.codec_context.open(strict=False)
        self.stream.codec_context.subtitle_header = stream.codec_context.subtitle_header
        self.became = NAMES.get(encoder, encoder)

    def convert(self, packet):
        """As of `Copied`."""
        lines = packet and packet.size and packet.stream.codec_context.decode2(packet)
        if not lines or not len(lines):
            return
        new = self.stream.codec_context.encode_subtitle(lines)
        new.stream, new.time_base = self.stream, packet.time_base
        new.pts = new.dts = packet.pts
        new.duration = packet.duration
        yield new


def ways(stream):
    """Yield callables that add a stream to a container, the best first."""
    yield Copied
    if stream.type == "audio":
        original = stream.codec_context
        if original.name.startswith(EXACT_AS_PCM):
            yield functools.partial(Sound, encoder=_pcm_for(original))
        for encoder in SOUND:
            yield functools.partial(Sound, encoder=encoder)
    elif stream.type == "subtitle" and stream.codec_context.name in TEXTS:
        for encoder in WORDS:
            yield functools.partial(Words, encoder=encoder)


def _pcm_for(context):
    return "pcm_s16le" if context.format.bytes <= 2 else "pcm_s24le"


def _layout_of(context):
    layout = context.layout
    is_named = not layout.name.endswith("channels")
    return layout if is_named else LAYOUTS.get(layout.nb_channels, layout)


def name_of(stream):
    """Return a stream's kind and codec, as notes say them."""
    codec = stream.codec_context and stream.codec_context.codec
    name = codec.canonical_name if codec else stream.name
    return f"{stream.type} ({name or 'unknown'})"
