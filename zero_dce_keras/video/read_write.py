"""Reading and writing videos: one stream of pictures, and all that goes with it."""

from fractions import Fraction

import av
import numpy as np
from av import FFmpegError
from av.sidedata.sidedata import Type

from zero_dce_keras.video.yuv import Yuv

__all__ = ["CODECS", "FFmpegError", "VideoReader", "VideoWriter"]

COPIED = ("audio", "subtitle")
USUAL_RATE = Fraction(30)  # frames a second where a file does not say
# By codec: the encoder, its constant rate factor at quality 95, and what makes it keep
# up with the enhancer.
CODECS = {
    "h264": ("libx264", 18, {"preset": "ultrafast"}),
    "hevc": ("libx265", 20, {"preset": "ultrafast", "x265-params": "log-level=none"}),
    "vp9": ("libvpx-vp9", 24, {"deadline": "realtime", "cpu-used": "8", "row-mt": "1"}),
}
QUALITY = 95


class VideoReader:
    """The pictures of a video in their order, and the packets of its other streams.

    Args:
        path: the file.

    Attributes:
        stream: the `av.VideoStream` that is decoded.
        copied: list of `av.Stream`, audio and subtitles.
        notes: list of str, what was wrong with the file; complete once it was read.

    Raises:
        OSError, ValueError: if it is not there, not a video, or has no pictures.
    """

    def __init__(self, path):
        self.path = path
        self.notes = []
        self._damages = 0
        try:
            # Of a name that begins so, FFmpeg fetches nothing that a playlist names.
            self._container = av.open(f"file:{path}")
        except ValueError as error:
            raise ValueError(f"{path}: not a video, or cut off at its start") from error
        except OSError as error:
            raise type(error)(error.errno, error.strerror, str(path)) from error
        streams = self._container.streams
        self.stream = streams.best("video")
        if self.stream is None or self.stream.codec_context is None:
            kinds = ", ".join(stream.type for stream in streams) or "nothing"
            self.close()
            raise ValueError(f"{path}: no video stream in it. Found: {kinds}")
        self.stream.thread_type = "AUTO"
        self.copied = [s for s in streams if s.type in COPIED and s.codec_context]
        self.metadata = self._container.metadata
        self.chapters = self._container.chapters()
        self.rate = self.stream.average_rate or USUAL_RATE
        self._seconds = (self._container.duration or 0) / 1e6  # FFmpeg's microseconds
        self._tick = max(1, round(1 / (self.rate * self.stream.time_base)))

    @property
    def num_frames(self):
        """How many pictures there are, as far as the file says; 0 if it does not."""
        return self.stream.frames or round(self._seconds * self.rate)

    def __iter__(self):
        """Pairs of an `av.VideoFrame` and the packets that come before it.

        The last pair has None for a frame.
        """
        packets, last, count = [], None, 0
        for packet in self._packets():
            if packet.stream is not self.stream:
                if packet.dts is not None:
                    packets.append(packet)
                continue
            for frame in self._decode(packet):
                if frame.pts is None or (last is not None and frame.pts <= last):
                    frame.pts = 0 if last is None else last + self._tick
                last = frame.pts
                count += 1
                self._damages += frame.is_corrupt
                yield frame, packets
                packets = []
        if last is None:
            raise ValueError(f"{self.path}: no picture in it could be decoded")
        self._note_what_is_missing(count, float((last + self._tick) * frame.time_base))
        yield None, packets

    def close(self):
        """Close the file."""
        self._container.close()

    def _packets(self):
        packets = self._container.demux(self.stream, *self.copied)
        try:
            yield from packets
        except FFmpegError as error:
            self.notes.append(f"the rest cannot be read: {error.strerror}")

    def _decode(self, packet):
        try:
            return packet.decode()
        except FFmpegError:
            self._damages += 1
            return []

    def _note_what_is_missing(self, count, end):
        if self._damages:
            self.notes.append(
                f"damaged in {self._damages} places; {count} frames could be decoded"
            )
        seconds = self._seconds
        if end < min(seconds - 0.5, 0.95 * seconds):
            self.notes.append(f"the pictures end after {end:.1f} of {seconds:.1f} s")


class VideoWriter:
    """A video file of pictures to encode and packets to copy.

    What the original has is kept: its time base, so that a variable frame rate stays
    one; rotation, pixel aspect ratio and colour tags; metadata and chapters.

    Args:
        path: the file; its suffix says which container.
        reader: `VideoReader` of the original.
        frame: its first `av.VideoFrame`.
        codec: key of `CODECS`. Default: what suits the container.
        quality: int from 1 to 100. Default: 95.

    Attributes:
        size: pair of ints, width and height, both even.
        notes: list of str, what could not be kept.

    Raises:
        ValueError: if the container is unknown, or does not take the codec.
    """

    def __init__(self, path, reader, frame, codec=None, quality=None):
        self.notes = []
        self._yuv = Yuv.of(frame)
        self._container = _open_to_write(path)
        try:
            self._stream = self._add_video(codec, quality or QUALITY, reader.rate)
            self._copies = self._add_copies(reader.copied)
        except BaseException:
            self.close()
            raise
        width, height = frame.width, frame.height
        self.size = width + width % 2, height + height % 2
        if self.size != (width, height):
            self.notes.append(
                f"{width}×{height} became {self.size[0]}×{self.size[1]}: 4:2:0 video "
                "has even sides"
            )
        bits = frame.format.components[0].bits
        if bits > 8:
            self.notes.append(f"{bits} bits a channel became 8")
        self._describe(reader, frame)

    def _add_video(self, codec, quality, rate):
        container = self._container.format.name
        codec = codec or ("vp9" if container == "webm" else "h264")
        if codec not in CODECS:
            raise ValueError(f"codec must be one of {[*CODECS]}. Received: {codec}")
        encoder, crf, options = CODECS[codec]
        crf = min(crf + round((QUALITY - quality) / 3), 51)
        options = {**options, "crf": str(crf)}
        try:
            stream = self._container.add_stream(encoder, rate, options)
        except ValueError as error:
            raise ValueError(
                f"a {container} file takes no {codec} video; .mkv takes all"
            ) from error
        if codec == "hevc" and container in ("mp4", "mov"):
            stream.codec_context.codec_tag = "hvc1"  # what Apple's players take
        return stream

    def _add_copies(self, streams):
        """{stream: its copy in this file}."""
        copies = {}
        for stream in streams:
            try:
                copy = self._container.add_stream_from_template(stream)
            except ValueError:
                self.notes.append(
                    f"{stream.type} ({stream.codec_context.name}) left out: "
                    f"{self._container.format.name} does not take it; try .mkv"
                )
                continue
            copy.metadata.update(stream.metadata)
            copy.disposition = stream.disposition
            copies[stream] = copy
        return copies

    def _describe(self, reader, frame):
        """Say of the pictures what the original says."""
        encoder = self._stream.codec_context
        encoder.width, encoder.height = self.size
        encoder.time_base = reader.stream.time_base
        for name, value in self._yuv.tags.items():
            setattr(encoder, name, value)
        if reader.stream.sample_aspect_ratio:
            encoder.sample_aspect_ratio = reader.stream.sample_aspect_ratio
        rotation = frame.side_data.get(Type.DISPLAYMATRIX)
        if rotation is not None:
            self._stream.set_display_matrix(np.frombuffer(rotation, np.int32))
        self._stream.metadata.update(reader.stream.metadata)
        self._container.metadata.update(reader.metadata)
        self._container.set_chapters(reader.chapters)

    def write(self, rgb, frame, packets):
        """Encode a picture after the packets that come before it.

        Args:
            rgb: uint8 array `(H, W, 3)`; None for packets alone.
            frame: the `av.VideoFrame` that says when it is shown.
            packets: list of `av.Packet` of the original.
        """
        for packet in packets:
            if packet.stream in self._copies:
                packet.stream = self._copies[packet.stream]
                self._container.mux(packet)
        if rgb is not None:
            picture = self._yuv.to_frame(rgb)
            picture.pts, picture.time_base = frame.pts, frame.time_base
            # One of another size (it changes within some files) is scaled by PyAV.
            self._container.mux(self._stream.encode(picture))

    def finish(self):
        """Write what the encoder still holds, and the end of the file."""
        self._container.mux(self._stream.encode())
        self.close()

    def close(self):
        """Close the file, finished or not."""
        self._container.close()


def _open_to_write(path):
    try:
        return av.open(f"file:{path}", "w")
    except ValueError as error:
        raise ValueError(
            f"no video container has the suffix '{path.suffix}'; use .mp4, .mov, .mkv "
            "or .webm"
        ) from error
