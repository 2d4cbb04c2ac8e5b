"""What the page takes: photographs and videos, each read and enhanced in its way."""

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zero_dce_keras.batch import SUFFIX, VIDEO_SUFFIXES, find_jobs
from zero_dce_keras.images import PHOTOGRAPH_SUFFIXES, Photograph


@dataclasses.dataclass(frozen=True)
class Kind:
    """Photographs, or videos.

    Args:
        name: str, of its tab.
        suffixes: tuple of str, those of its files.
        show: function from a path to the `Photograph` that the sliders work on.
        enhance: function of an `Enhancer`, source, target, progress (called with how
            many frames are done, of how many) and an `Enhancer`'s options, that writes
            the target and returns a list of notes.
    """

    name: str
    suffixes: tuple
    show: Callable
    enhance: Callable


def enhance_into(directory, kind, enhancer, source, progress, **options):
    """Enhance a file at full size, with its metadata.

    Args:
        directory: path of the directory to write into; what is in it is removed.
        kind: `Kind`.
        enhancer, source, progress, **options: as of `Kind.enhance`.

    Returns:
        Path of the new file; list of notes, what could not be kept.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    jobs, errors = find_jobs([str(source)], str(directory), SUFFIX)
    if errors:
        raise errors[0]
    notes = kind.enhance(enhancer, source, jobs[0].target, progress, **options)
    return jobs[0].target, notes


def place_of(session, kind, directory):
    """Return where a session's results of a kind lie, below a directory.

    The browser chooses the session's name. It must not lead elsewhere (`../..`), as what
    is there is removed.
    """
    letters = "".join(filter(str.isalnum, session))
    return Path(directory) / kind.name / f"session_{letters}"


def _enhance_photograph(enhancer, source, target, progress, **options):
    return enhancer.enhance_file(source, target, **options)


def _first_frame(path):
    from zero_dce_keras.video import VideoReader
    from zero_dce_keras.video.yuv import Yuv

    with contextlib.closing(VideoReader(path)) as reader:
        frame, _ = next(iter(reader))
        rgb = Yuv.of(frame).to_rgb(frame)
    quarter_turns = round(frame.rotation / 90)  # as players turn it
    return Photograph(np.ascontiguousarray(np.rot90(rgb, quarter_turns)))


def _enhance_video(enhancer, source, target, progress, **options):
    from zero_dce_keras.video import enhance_video

    done = enhance_video(enhancer, source, target, progress=progress, **options)
    return list(done.notes)


PHOTOGRAPHS = Kind(
    "Photograph", PHOTOGRAPH_SUFFIXES, Photograph.read, _enhance_photograph
)
VIDEOS = Kind("Video", VIDEO_SUFFIXES, _first_frame, _enhance_video)
