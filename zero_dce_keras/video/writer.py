"""Writing films: pictures to encode, and all that goes with them."""

import av
import numpy as np
from av.sidedata.sidedata import Type

from zero_dce_keras.video.carried import notes_on_losses
from zero_dce_keras.video.copies import Copies
from zero_dce_keras.video.hdr import (
    NAMES,
    Hdr,
    KeptHdr,
    colours_of,
    x265_parameters,
)

# By codec: the encoder, its constant rate factor at quality 95, and what makes it keep
# up with the enhancer.
CODECS = {
    "h264": ("libx264", 18, {"preset": "ultrafast"}),
    "hevc": ("libx265", 20, {"preset": "ultrafast", "x265-params": "log-level=none"}),
    "vp9": ("libvpx-vp9", 24, {"deadline": "realtime", "cpu-used": "8", "row-mt": "1"}),
}
QUALITY = 95
FASTEST = 240  # frames a second that an AVI is declared to have


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
        keep_hdr: bool, whether a PQ or HLG film stays one.

    Attributes:
        size: pair of ints, width and height, both even.
        notes: list of str, what could not be kept; complete once it is finished.

    Raises:
        ValueError: if the container is unknown, or does not take the codec.
    """

    def __init__(self, path, reader, frame, codec=None, quality=None, keep_hdr=False):
        self._path, self._reader = path, reader
        self._yuv = colours_of(frame, keep_hdr)
        self._durations = {}  # by time stamp
        self._last, self._moved = -1, 0  # of an AVI
        width, height = frame.width, frame.height
        self.size = width + width % 2, height + height % 2
        self.notes = [*self._notes_on(frame)]
        self._container = _open_to_write(path, reader)
        try:
            self._fields = self._reader.fields_of(frame)
            self._stream = self._add_video(codec, quality or QUALITY, frame)
            self._describe(frame)
            self._copies = Copies(self._container, reader)
            self._begin(codec)
        except BaseException:
            self._container.close()
            raise

    def _notes_on(self, frame):
        """Yield what of the pictures themselves becomes something else."""
        pixels, size = frame.format, (frame.width, frame.height)
        if self.size != size:
            yield (
                f"{size[0]}×{size[1]} became {self.size[0]}×{self.size[1]}: 4:2:0 video "
                "has even sides"
            )
        bits = pixels.components[0].bits
        if isinstance(self._yuv, Hdr):
            yield f"HDR ({NAMES[int(frame.color_trc)]}) was tone-mapped to BT.709"
        is_kept = isinstance(self._yuv, KeptHdr)
        written = 10 if is_kept else 8
        if bits > written:
            yield f"{bits} bits a channel became {written}"
        if is_kept and frame.side_data.get(Type.CONTENT_LIGHT_LEVEL):
            yield "MaxFALL, the mean light of its brightest frame, is the original's"
        if any(component.is_alpha for component in pixels.components):
            yield "its transparency is left out"

    def _add_video(self, codec, quality, frame):
        container = self._container.format.name
        is_kept = isinstance(self._yuv, KeptHdr)
        usual = "hevc" if is_kept else "vp9" if container == "webm" else "h264"
        codec = codec or usual
        if is_kept and codec != "hevc":
            raise ValueError(f"only hevc keeps HDR. Received: {codec}")
        if codec not in CODECS:
            raise ValueError(f"codec must be one of {[*CODECS]}. Received: {codec}")
        encoder, crf, options = CODECS[codec]
        crf = min(crf + round((QUALITY - quality) / 3), 51)
        options = {**options, "crf": str(crf)}
        if self._fields:
            if codec != "h264":
                raise ValueError(
                    f"only h264 keeps interlaced frames. Received: {codec}"
                )
            options["x264-params"] = f"{self._fields}=1"
        if is_kept:
            parameters = [options["x265-params"], *x265_parameters(frame)]
            options["x265-params"] = ":".join(parameters)
        try:
            stream = self._container.add_stream(encoder, self._reader.rate, options)
        except ValueError as error:
            raise self._not_taken(codec) from error
        if is_kept:
            stream.codec_context.pix_fmt = "yuv420p10le"
        if codec == "hevc" and container in ("mp4", "mov"):
            stream.codec_context.codec_tag = "hvc1"  # what Apple's players take
        return stream

    def _not_taken(self, codec):
        container = self._container.format.name
        return ValueError(f"a {container} file takes no {codec} video; .mkv takes all")

    def _describe(self, frame):
        """Say of the pictures what the original says."""
        reader, encoder = self._reader, self._stream.codec_context
        encoder.width, encoder.height = self.size
        encoder.time_base = reader.stream.time_base
        if self._container.format.name == "avi":  # its ticks are its frame rate
            rates = reader.stream.base_rate, reader.rate
            encoder.time_base = 1 / next(
                (r for r in rates if r and r <= FASTEST), FASTEST
            )
        for name, value in self._yuv.tags.items():
            setattr(encoder, name, value)
        if reader.stream.sample_aspect_ratio:
            encoder.sample_aspect_ratio = reader.stream.sample_aspect_ratio
        rotation = frame.side_data.get(Type.DISPLAYMATRIX)
        if rotation is not None:
            self._stream.set_display_matrix(np.frombuffer(rotation, np.int32))
        self._stream.metadata.update(reader.stream.metadata)
        self._stream.disposition = reader.stream.disposition
        self._container.metadata.update(reader.container.metadata)
        self._container.set_chapters(reader.container.chapters())

    def _begin(self, codec):
        """Write the header; what lies in it is not written later."""
        try:
            self._container.start_encoding()
        except ValueError as error:
            raise self._not_taken(codec or "h264") from error
        self._copies.write_covers()

    def write(self, rgb, frame, packets):
        """Encode a picture after the packets that come before it.

        Args:
            rgb: array `(H, W, 3)`, uint8, or of HDR that is kept uint16; None for packets
                alone.
            frame: the `av.VideoFrame` that says when it is shown.
            packets: list of `av.Packet` of the original.
        """
        for packet in packets:
            self._copies.write(packet)
        if rgb is not None:
            picture = self._yuv.to_frame(rgb, frame, bool(self._fields))
            picture.pts, picture.time_base = self._when(frame)
            duration = frame.duration * frame.time_base
            self._durations[picture.pts * picture.time_base] = duration
            # One of another size (it changes within some files) is scaled by PyAV.
            self._mux(self._stream.encode(picture))

    def _when(self, frame):
        """Return a frame's time and time base; an AVI has only ticks of its rate."""
        tick = self._stream.codec_context.time_base
        if self._container.format.name != "avi":
            return frame.pts, frame.time_base
        nearest = round(frame.pts * frame.time_base / tick)
        self._moved += nearest <= self._last
        self._last = max(nearest, self._last + 1)
        return self._last, tick

    def _mux(self, packets):
        for packet in packets:
            duration = self._durations.pop(packet.pts * packet.time_base, 0)
            if duration:
                packet.duration = round(duration / packet.time_base)
            self._container.mux(packet)

    def finish(self):
        """Write what the encoder still holds, and the end of the file."""
        self._mux(self._stream.encode())
        self._copies.finish()
        pairs = {self._reader.stream.index: self._stream, **self._copies.streams()}
        indices = {old: new.index for old, new in pairs.items()}
        self.close()
        if self._moved:
            self.notes.append(
                f"{self._moved} pictures come later: an AVI has one frame rate"
            )
        self.notes += self._copies.notes
        self.notes += notes_on_losses(self._reader.container, self._path, indices)

    def close(self):
        """Close the file, finished or not."""
        self._container.close()


def _open_to_write(path, reader):
    options = {}
    if any("." in key for key in reader.container.metadata):
        # Keys such as com.apple.quicktime.model have a place of their own.
        options["movflags"] = "use_metadata_tags"
    if path.suffix.lower() == ".avi":
        # What encoders of sound put before 0 would move the pictures by one.
        options["avoid_negative_ts"] = "disabled"
    try:
        return av.open(f"file:{path}", "w", container_options=options)
    except ValueError as error:
        raise ValueError(
            f"no video container has the suffix '{path.suffix}'; use .mp4, .mov, .mkv "
            "or .webm"
        ) from error
