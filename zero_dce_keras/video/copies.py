"""Sound, subtitles, data, fonts and covers of a film: copied, converted or left out."""

import contextlib
import functools
import os
import tempfile

import av
from av import FFmpegError
from av.stream import Disposition

SOUND = ("aac", "libopus", "mp2")  # encoders, best first: which the container holds
WORDS = ("mov_text", "subrip", "webvtt")
TEXTS = ("mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text")
BIT_RATE = 96_000  # a channel
GAP = 0.1  # seconds between two frames of sound that are a pause
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
NAMES = {"subrip": "SRT", "webvtt": "WebVTT", "libopus": "Opus", "aac": "AAC"}


class Copies:
    """The streams that a film has beside its pictures, in the container of another.

    Args:
        container: `av.container.OutputContainer`, before its header is written.
        reader: `VideoReader` of the original.

    Attributes:
        notes: list of str, what was converted or left out; complete once all was written.
    """

    def __init__(self, container, reader):
        self.notes = []
        self._container, self._path = container, reader.path
        self._of = {}  # by the original's index
        self._refused = {}
        for stream in reader.copied:
            self._add(stream)
        self._covers = [
            packet
            for stream in reader.covers
            for packet in self._add_cover(stream, reader)
        ]
        for stream in reader.container.streams.attachments:
            self._add_attachment(stream)

    def streams(self):
        """{index of the original: `av.Stream` of this file}."""
        return {index: copy.stream for index, copy in self._of.items()}

    def write_covers(self):
        """Write the pictures that players show of a film."""
        for packet in self._covers:
            self._container.mux(packet)

    def write(self, packet):
        """Write a packet of the original."""
        copy = self._of.get(packet.stream.index)
        if copy is not None:
            self._mux(copy, packet, copy.convert)

    def finish(self):
        """Write what converters still hold."""
        for copy in self._of.values():
            self._mux(copy, None, copy.convert)
        for name, count in self._refused.items():
            self.notes.append(f"{name}: {count} packets could not be written")

    def _mux(self, copy, packet, convert):
        """Write, and count what the container refuses; a full disk is an error."""
        try:
            for each in convert(packet):
                self._container.mux(each)
        except (ValueError, av.error.InvalidDataError):
            self._refused[copy.name] = self._refused.get(copy.name, 0) + 1

    def _add(self, stream):
        for make in _ways(stream):
            if self._holds(stream, make):
                copy = make(self._container, stream)
                copy.stream.metadata.update(stream.metadata)
                copy.stream.disposition = stream.disposition
                self._of[stream.index] = copy
                if copy.became:
                    self.notes.append(f"{copy.name} became {copy.became}")
                return
        self.notes.append(
            f"{_name_of(stream)} left out: {self._container.format.name} does not take "
            "it; try .mkv"
        )

    def _holds(self, stream, make):
        """Return whether such a container can be written with a stream.

        It is tried: header, first packet, end. (Of sound: the first line of
        subtitles may come late.)
        """
        encoder = self._container.streams.video[0].codec_context.name
        name = f"trial{os.path.splitext(self._container.name)[1]}"
        with tempfile.TemporaryDirectory() as directory:
            trial = av.open(f"file:{directory}/{name}", "w")
            try:
                trial.add_stream(encoder, 25)  # some containers want pictures first
                copy = make(trial, stream)
                trial.start_encoding()
                if stream.type == "audio":
                    with _first_packet(self._path, stream.index) as packet:
                        for each in copy.convert(packet):
                            trial.mux(each)
                trial.close()
            except (ValueError, FFmpegError):
                return False
            finally:
                with contextlib.suppress(ValueError, FFmpegError):
                    trial.close()
        return True

    def _add_cover(self, stream, reader):
        """Add an attached picture; return the packets to write of it."""
        with _first_packet(reader.path, stream.index) as packet:
            data = bytes(packet or b"")
        format_name = self._container.format.name
        suffix = {"mjpeg": "jpeg"}.get(
            stream.codec_context.name, stream.codec_context.name
        )
        if data and format_name == "matroska":
            name = stream.metadata.get(
                "filename", f"cover.{suffix}".replace("jpeg", "jpg")
            )
            kind = stream.metadata.get("mimetype", f"image/{suffix}")
            self._container.add_attachment(name, kind, data)
            return []
        try:
            if not data or format_name not in ("mp4", "mov"):
                raise ValueError(f"a {format_name} file takes no cover")
            copy = self._container.add_stream_from_template(stream)
        except ValueError:
            self.notes.append(
                f"cover ({suffix}) left out: {format_name} does not take it"
            )
            return []
        copy.disposition = Disposition.attached_pic
        packet = av.Packet(data)
        packet.stream, packet.pts, packet.dts = copy, 0, 0
        return [packet]

    def _add_attachment(self, stream):
        name, format_name = stream.name or "attachment", self._container.format.name
        if format_name != "matroska":
            self.notes.append(f"{name} left out: {format_name} takes no attachments")
            return
        kind = stream.mimetype or "application/octet-stream"
        copy = self._container.add_attachment(name, kind, stream.data)
        copy.metadata.update(stream.metadata)


class Copied:
    """A stream that is copied packet by packet."""

    became = None

    def __init__(self, container, stream):
        self.name = _name_of(stream)
        self.stream = container.add_stream_from_template(stream)
        if stream.type == "audio":  # MP4 wants a layout that has a name
            self.stream.codec_context.layout = _layout_of(stream.codec_context)
        self._last = None
        may_repeat = av.format.Flags.ts_nonstrict.value
        self._is_strict = not container.format.flags & may_repeat

    def convert(self, packet):
        """Return the packets to write for one of the original; for None, the last ones."""
        if packet is None:
            return []
        packet.stream = self.stream
        _rescale(packet, self.stream.time_base)
        if self._is_strict and self._last is not None and packet.dts <= self._last:
            packet.dts = self._last + 1  # a coarser clock gave two packets one time
            packet.pts = max(packet.pts or 0, packet.dts)
        self._last = packet.dts
        return [packet]


class Sound:
    """Sound that is encoded anew, because the container does not take it as it is."""

    def __init__(self, container, stream, encoder):
        self.name = _name_of(stream)
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
        self.name = _name_of(stream)
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


def _ways(stream):
    """Yield callables that add a stream to a container, the best first."""
    yield Copied
    if stream.type == "audio":
        original = stream.codec_context
        if original.name.startswith("pcm_"):
            yield functools.partial(Sound, encoder=_pcm_for(original))
        for encoder in SOUND:
            yield functools.partial(Sound, encoder=encoder)
    elif stream.type == "subtitle" and stream.codec_context.name in TEXTS:
        for encoder in WORDS:
            yield functools.partial(Words, encoder=encoder)


def _pcm_for(context):
    return "pcm_s16le" if context.format.bytes <= 2 else "pcm_s24le"


def _rescale(packet, time_base):
    """Count the times of a packet in other ticks."""
    factor = packet.time_base / time_base
    packet.pts = None if packet.pts is None else round(packet.pts * factor)
    packet.dts = round(packet.dts * factor)
    packet.duration = round((packet.duration or 0) * factor)
    packet.time_base = time_base


def _layout_of(context):
    layout = context.layout
    is_named = not layout.name.endswith("channels")
    return layout if is_named else LAYOUTS.get(layout.nb_channels, layout)


def _name_of(stream):
    codec = stream.codec_context and stream.codec_context.codec
    name = codec.canonical_name if codec else stream.name
    return f"{stream.type} ({name or 'unknown'})"


@contextlib.contextmanager
def _first_packet(path, index):
    """Give the first packet of a stream, or None; the file is open meanwhile."""
    with av.open(f"file:{path}") as container:
        yield next(container.demux(container.streams[index]), None)
