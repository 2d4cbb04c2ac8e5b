"""Fixtures for the page: a tiny clip."""

from fractions import Fraction

import numpy as np
import pytest


@pytest.fixture
def write_clip():
    """Function that writes a video."""
    av = pytest.importorskip("av", reason="videos need the extra `video`")

    def write(path, num_frames=3, turn=0):
        """Write a dark clip whose left half is brighter; `turn` in degrees."""
        frame = np.full((32, 48, 3), 10, "uint8")
        frame[:, :24] = 40
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", Fraction(30), {"crf": "1"})
            stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
            if turn:  # clockwise: left becomes top
                quarter = np.int32([0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30])
                stream.set_display_matrix(quarter)
            for _ in range(num_frames):
                picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
        return path

    return write
