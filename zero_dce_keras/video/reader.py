"""Reading films: one stream of pictures, and the packets of all that goes with it."""

from fractions import Fraction

import av
from av import FFmpegError
from av.sidedata.sidedata import Type
from av.stream import Disposition

from zero_dce_keras.video.clock import Clock
from zero_dce_keras.video.interlacing import Deinterlacer

USUAL_RATE = Fraction(30)  # frames a second where a file does not say
WAITING = 1_000_000  # bytes of packets that wait for the next picture
LOWER_FIRST = (3, 4)  # FFmpeg's field orders: the lower field is shown first
NOT_CARRIED = {  # what lies in the pictures of some films, and no encoder here takes
    Type.A53_CC: "closed captions",
    Type.SPHERICAL: "360° projection",
    Type.STEREO3D: "stereo 3D",
    Type.DYNAMIC_HDR_PLUS: "HDR10+ of scenes",
    Type.DYNAMIC_HDR_VIVID: "HDR Vivid of scenes",
    Type.DOVI_METADATA: "Dolby Vision of scenes",
    Type.AMBIENT_VIEWING_ENVIRONMENT: "ambient viewing environment",
    Type.S12M_TIMECODE: "time code of the pictures",
}


class VideoReader:
    """The pictures of a video in their order, and the packets of its other streams.

    The film begins at 0: see `Clock`. Frames of two fields become whole ones.

    Args:
        path: the file.
        keep_interlaced: whether frames of two fields stay as they are.

    Attributes:
        container: the `av.container.InputContainer`.
        stream: the `av.VideoStream` that is decoded.
        copied: list of `av.Stream` whose packets come with the pictures: sound,
            subtitles, data.
        covers: list of `av.Stream`, attached pictures.
        notes: list of str, what was wrong with the file or is left out; complete once
            it was read.

    Raises:
        OSError, ValueError: if it is not there, not a video, or has no pictures.
    """

    def __init__(self, path, keep_interlaced=False):
        self.path = path
        self.notes = []
        self._damages = 0
        self._deinterlace = None if keep_interlaced else Deinterlacer()
        self._in_pictures = set()
        self.container = _open(path)
        streams = self.container.streams
        self.stream = streams.best("video")
        if self.stream is None or self.stream.codec_context is None:
            kinds = ", ".join(stream.type for stream in streams) or "nothing"
            self.close()
            raise ValueError(f"{path}: no video stream in it. Found: {kinds}")
        self.stream.thread_type = "AUTO"
        self.covers, self.copied = [], []
        for stream in streams:
            if stream.index != self.stream.index:
                self._sort(stream)
        self.rate = self.stream.average_rate or USUAL_RATE
        self._seconds = float((self.stream.duration or 0) * self.stream.time_base)
        # Of the whole file, in FFmpeg's microseconds, where the stream does not say.
        self._seconds = self._seconds or _duration(self.container) / 1e6
        self._tick = max(1, round(1 / (self.rate * self.stream.time_base)))
        self._clock = Clock(self.container)
        self._first = self._end = None  # in ticks of the pictures
        if self.stream.duration and not self._clock.may_restart:
            start = (self.stream.start_time or 0) + self.stream.duration
            self._end = start + self._clock.ticks(self.stream.time_base)

    def _sort(self, stream):
        name = stream.codec_context and stream.codec_context.name
        if stream.type == "data":
            if not self._is_carried_by_itself(stream):
                self.copied.append(stream)
        elif stream.type == "attachment":
            pass  # the writer takes them from the container
        elif stream.type not in ("audio", "subtitle", "video") or not name:
            self.notes.append(f"a stream of an unknown kind left out ({stream.type})")
        elif stream.disposition & Disposition.attached_pic:
            self.covers.append(stream)
        elif stream.type == "video":
            size = f"{stream.codec_context.width}×{stream.codec_context.height}"
            self.notes.append(f"a second video stream left out ({name}, {size})")
        else:
            self.copied.append(stream)

    def _is_carried_by_itself(self, stream):
        """Whether a stream says what tags or chapters say, of which writers make it."""
        is_chapters = stream.name == "bin_data" and self.container.chapters()
        return "timecode" in stream.metadata or is_chapters

    @property
    def num_frames(self):
        """How many pictures there are, as far as the file says; 0 if it does not."""
        return self.stream.frames or round(self._seconds * self.rate)

    def fields_of(self, frame):
        """Return which field of a frame comes first, "tff" or "bff"; None: no fields."""
        if not frame.interlaced_frame:
            return None
        context = self.stream.codec_context
        is_lower = context.field_order in LOWER_FIRST or context.name == "dvvideo"
        return "bff" if is_lower else "tff"

    def __iter__(self):
        """Pairs of an `av.VideoFrame` and the packets that come before it.

        The first pair has a frame. A later one has None where many packets come before
        the next picture, and so has the last one.
        """
        packets, size, last, count = [], 0, None, 0
        for packet in self._packets():
            if packet.stream is not self.stream:
                if packet.dts is not None:
                    packets.append(packet)
                    size += packet.size
                if size > WAITING and count:
                    yield None, packets
                    packets, size = [], 0
                continue
            for frame in self._pictures(packet):
                self._rebase(frame)
                if frame.pts is None or (last is not None and frame.pts <= last):
                    frame.pts = 0 if last is None else last + self._tick
                last = frame.pts
                count += 1
                yield frame, packets
                packets, size = [], 0
        if last is None:
            raise ValueError(f"{self.path}: no picture in it could be decoded")
        self._note_what_is_missing(count, float((last + self._tick) * frame.time_base))
        yield None, packets

    def _rebase(self, frame):
        """Let the pictures of an AVI begin at 0, and the last one last as it did.

        AVI has no times but the order, which decoders that look ahead count from.
        MP4 gives durations in the order of decoding: what is left bounds them.
        """
        if self.container.format.name == "avi" and frame.pts is not None:
            self._first = frame.pts if self._first is None else self._first
            frame.pts -= self._first
        if self._end is not None and frame.pts is not None:
            left = self._end - frame.pts
            frame.duration = min(frame.duration, left) if left > 0 else frame.duration

    def close(self):
        """Close the file."""
        self.container.close()

    def _packets(self):
        packets = self.container.demux(self.stream, *self.copied)
        try:
            for packet in packets:
                self._clock.rebase(packet)
                yield packet
        except FFmpegError as error:
            self.notes.append(f"the rest cannot be read: {error.strerror}")

    def _pictures(self, packet):
        frames = self._decode(packet)
        for frame in frames:
            self._damages += frame.is_corrupt
            self._in_pictures |= NOT_CARRIED.keys() & {s.type for s in frame.side_data}
        if self._deinterlace is None:
            return frames
        if packet.size == 0:  # the packet that ends the stream
            frames.append(None)
        return [whole for frame in frames for whole in self._deinterlace(frame)]

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
        if self._clock.restarts:
            self.notes.append(
                f"its clock begins anew (× {self._clock.restarts}): the parts follow one "
                "another"
            )
        if self._deinterlace and self._deinterlace.is_needed:
            self.notes.append("it was deinterlaced; --keep-interlaced keeps the fields")
        if self._in_pictures:
            names = ", ".join(sorted(NOT_CARRIED[kind] for kind in self._in_pictures))
            self.notes.append(f"{names} left out")


def _duration(container):
    duration = container.duration or 0
    is_end = (
        "matroska" in container.format.name
    )  # elsewhere it is counted from the start
    return duration - max(container.start_time or 0, 0) if is_end else duration


def _open(path):
    try:
        # Of a name that begins so, FFmpeg fetches nothing that a playlist names.
        return av.open(f"file:{path}")
    except ValueError as error:
        raise ValueError(f"{path}: not a video, or cut off at its start") from error
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error
