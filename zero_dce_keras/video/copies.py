"""Sound, subtitles, data, fonts and covers of a film: copied, converted or left out."""

import contextlib
import itertools
import os
import tempfile

import av
from av import FFmpegError
from av.stream import Disposition

from zero_dce_keras.video.converters import Copied, name_of, ways

ENOUGH = 200  # packets of sound after which an encoder has given some


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
        self._last = {}  # time stamp written, by stream
        self._refused = {}  # how many packets, by name
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
                self._put_in_order(each)
                self._container.mux(each)
        except (ValueError, av.error.InvalidDataError):
            self._refused[copy.name] = self._refused.get(copy.name, 0) + 1

    def _put_in_order(self, packet):
        """Count a packet in the container's ticks; no two are at the same one."""
        stream = packet.stream
        factor = packet.time_base / stream.time_base
        packet.pts = None if packet.pts is None else round(packet.pts * factor)
        packet.dts = round(packet.dts * factor)
        packet.duration = round((packet.duration or 0) * factor)
        packet.time_base = stream.time_base
        last = self._last.get(stream.index)
        may_repeat = self._container.format.flags & av.format.Flags.ts_nonstrict.value
        if last is not None and packet.dts <= last and not may_repeat:
            packet.dts = last + 1  # its clock is coarser than the original's
            packet.pts = max(packet.pts or 0, packet.dts)
        self._last[stream.index] = packet.dts

    def _add(self, stream):
        for make in ways(stream):
            if self._holds(stream, make):
                copy = make(self._container, stream)
                copy.stream.metadata.update(stream.metadata)
                copy.stream.disposition = stream.disposition
                self._of[stream.index] = copy
                if copy.became:
                    self.notes.append(f"{copy.name} became {copy.became}")
                return
        container = self._container.format.name
        hint = "" if stream.type == "data" or container == "matroska" else "; try .mkv"
        self.notes.append(
            f"{name_of(stream)} left out: {container} does not take it{hint}"
        )

    def _holds(self, stream, make):
        """Return whether such a container can be written with a stream.

        It is tried: header, first sound, end, and read again. (The first line of
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
                    self._write_some(trial, copy, stream.index)
                trial.close()
                return stream.type != "audio" or _has_sound(f"file:{directory}/{name}")
            except (ValueError, FFmpegError):
                return False
            finally:
                self._last.clear()
                with contextlib.suppress(ValueError, FFmpegError):
                    trial.close()

    def _write_some(self, trial, copy, index):
        """Write the first sound of a stream."""
        with av.open(f"file:{self._path}") as container:
            packets, first, last = container.demux(container.streams[index]), None, 0
            for packet in itertools.islice(packets, ENOUGH):
                if not packet.size or packet.dts is None:
                    break
                first = packet.dts if first is None else first
                if packet.dts - first < last:
                    break  # a clock that begins anew
                packet.pts = packet.dts = last = packet.dts - first
                for each in copy.convert(packet):
                    self._put_in_order(each)
                    trial.mux(each)

    def _add_cover(self, stream, reader):
        """Add an attached picture; return the packets to write of it."""
        data = _first_data(reader.path, stream.index)
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
        is_shown = format_name in ("mp4", "mov") and self._holds(stream, Copied)
        if not data or not is_shown:
            self.notes.append(
                f"cover ({suffix}) left out: {format_name} does not take it"
            )
            return []
        copy = self._container.add_stream_from_template(stream, opaque=True)
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


def _has_sound(path):
    with av.open(path) as container:
        return any(stream.type == "audio" for stream in container.streams)


def _first_data(path, index):
    with av.open(f"file:{path}") as container:
        return bytes(next(container.demux(container.streams[index]), b""))
