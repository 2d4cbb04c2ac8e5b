"""Whole frames of two fields, through libavfilter."""

import contextlib

import av
from av.filter import Graph


class Deinterlacer:
    """Makes whole frames of frames that hold two fields; others pass as they are.

    FFmpeg's bwdif, one frame for one: times stay. From the first such frame on it works
    one frame behind.

    Attributes:
        is_needed: bool, whether there was a frame of two fields.
    """

    def __init__(self):
        self.is_needed = False
        self._graph: Graph | None = None
        self._kind: tuple | None = None  # of the frames that the graph takes

    def __call__(self, frame):
        """Return the list of frames that are ready; None for a frame ends the film."""
        if not self.is_needed and (frame is None or not frame.interlaced_frame):
            return [] if frame is None else [frame]
        self.is_needed = True
        if frame is None:
            return self._rest()
        kind = frame.width, frame.height, frame.format.name, frame.time_base
        done = self._rest() if self._graph and kind != self._kind else []
        if self._graph is None:
            self._kind, self._graph = kind, _graph_for(frame)
            self._time_base = frame.time_base
        self._graph.vpush(frame)
        return done + _pull(self._graph, self._time_base)

    def _rest(self):
        if self._graph is None:
            return []
        self._graph.vpush(None)
        done, self._graph = _pull(self._graph, self._time_base), None
        return done


def _pull(graph, time_base):
    done = []
    with contextlib.suppress(av.BlockingIOError, av.EOFError):
        while True:
            frame = graph.vpull()
            halves = frame.time_base / time_base  # bwdif counts in half ticks
            frame.pts = round(frame.pts * halves)
            frame.duration = round(frame.duration * halves)
            frame.time_base = time_base
            done.append(frame)
    return done


def _graph_for(frame):
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base,
    )
    bwdif = graph.add("bwdif", "mode=send_frame:deint=interlaced")
    graph.link_nodes(source, bwdif, graph.add("buffersink")).configure()
    return graph
