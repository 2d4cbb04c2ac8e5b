"""The clock of a film: it begins at 0 and never goes back."""

from fractions import Fraction

import av.format

MICROSECOND = Fraction(1, 1_000_000)
BACK, AHEAD = 1, 10  # seconds that a stream's clock may err; beyond, it began anew
RUNNING = ("video", "audio")  # streams without long gaps


class Clock:
    """Rebases the packets of a film: the earliest stream begins at 0.

    Transport streams begin anywhere, and begin anew where two are joined: there the
    later part follows on the earlier, its streams as they were to one another. Within a
    part every time is moved by the same amount.

    Args:
        container: `av.container.InputContainer`.

    Attributes:
        may_restart: bool, whether such a container's clock may begin anew.
        restarts: int, how often it did.
    """

    def __init__(self, container):
        start = max(container.start_time or 0, 0) * MICROSECOND
        self._offsets = [-start]  # by part, in seconds
        flags = container.format.flags
        self.may_restart = bool(flags & av.format.Flags.ts_discont.value)
        self._part_of, self._end_of = {}, {}  # by stream

    @property
    def restarts(self):
        """How often the clock began anew."""
        return len(self._offsets) - 1

    def ticks(self, time_base):
        """Return how many ticks the film's first part is moved by."""
        return round(self._offsets[0] / time_base)

    def rebase(self, packet):
        """Move the time stamps of a packet to the film's clock."""
        ticks = packet.pts if packet.dts is None else packet.dts
        if ticks is None or not packet.time_base:
            return
        offset = self._offset_of(packet, ticks * packet.time_base)
        moved = round(offset / packet.time_base)
        if moved:
            packet.pts = None if packet.pts is None else packet.pts + moved
            packet.dts = None if packet.dts is None else packet.dts + moved

    def _offset_of(self, packet, seconds):
        stream = packet.stream
        if not self.may_restart or stream.type not in RUNNING:
            return self._offsets[-1]
        part, end = self._part_of.get(stream.index, 0), self._end_of.get(stream.index)
        now = seconds + self._offsets[part]
        if end is not None and not end - BACK <= now <= end + AHEAD:
            part += 1
            if part == len(self._offsets):
                self._offsets.append(max(self._end_of.values()) - seconds)
            now = seconds + self._offsets[part]
        self._part_of[stream.index] = part
        self._end_of[stream.index] = now + (packet.duration or 0) * packet.time_base
        return self._offsets[part]
