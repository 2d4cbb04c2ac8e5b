"""What the page takes: photographs and films, each read and enhanced in its way."""

import contextlib
import dataclasses
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zero_dce_keras.batch import SUFFIX, VIDEO_SUFFIXES, find_jobs
from zero_dce_keras.images import PHOTOGRAPH_SUFFIXES, Photograph

ZIP_NAME = "enhanced.zip"


@dataclasses.dataclass(frozen=True)
class Kind:
    """Photographs, or films.

    Args:
        suffixes: tuple of str, those of its files.
        unit: str, what progress counts.
        show: function from a path to the `Photograph` that the sliders work on.
        enhance: function of an `Enhancer`, source, target, progress (called with how
            much is done, of how much) and an `Enhancer`'s options, that writes the
            target and returns a list of notes.
    """

    suffixes: tuple
    unit: str
    show: Callable
    enhance: Callable


def kind_of(path):
    """Return the `Kind` that a file's name says; photographs say the rest."""
    return FILMS if Path(path).suffix.lower() in FILMS.suffixes else PHOTOGRAPHS


def enhance_into(directory, enhancer, source, tell, **options):
    """Enhance a file at full size, with its metadata.

    Args:
        directory: path of the directory to write into; what is in it is removed.
        enhancer, source, **options: as of `Kind.enhance`.
        tell: function of how much is done, of how much, and of a text that says so.

    Returns:
        Path of the new file; list of notes, what could not be kept.
    """
    directory = empty(directory)
    kind, name = kind_of(source), Path(source).name
    jobs, errors = find_jobs([str(source)], str(directory), SUFFIX)
    if errors or not jobs:
        raise errors[0] if errors else ValueError(f"{name} is no photograph")

    def progress(done, expected):
        of = f"{done} of {expected}" if expected else str(done)
        tell(done, expected, f"{name}: {of} {kind.unit}")

    tell(0, 0, name)
    notes = kind.enhance(enhancer, source, jobs[0].target, progress, **options)
    return jobs[0].target, notes


def enhance_into_zip(directory, enhancer, sources, tell, **options):
    """Enhance files at full size, into one zip; what fails is left out of it.

    Args:
        directory: path of the directory to write into; what is in it is removed.
        sources: list of paths.
        enhancer, tell, **options: as of `enhance_into`.

    Returns:
        Path of the zip, `None` if nothing is in it; list of pairs (source, note); list
        of pairs (source, error).
    """
    directory = empty(directory)
    names, notes, errors = set(), [], []
    path = directory / ZIP_NAME
    # What cameras and encoders write is compressed already.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number, source in enumerate(sources):

            def tell_all(done, expected, text, number=number):
                share = done / expected if expected else 0
                tell(
                    number + share, len(sources), f"{number} of {len(sources)}: {text}"
                )

            try:
                made, its_notes = enhance_into(
                    directory / "made", enhancer, source, tell_all, **options
                )
            except (ValueError, OSError, MemoryError, ImportError) as error:
                errors.append((source, error))
                continue
            archive.write(made, _free_name(made.name, names))
            made.unlink()
            notes += [(source, note) for note in its_notes]
    return (path if names else None), notes, errors


def _free_name(name, taken):
    """Return a name that is not taken yet, and take it: photographs of two cameras."""
    path, number = Path(name), 1
    while name in taken:
        number += 1
        name = f"{path.stem}_{number}{path.suffix}"
    taken.add(name)
    return name


def empty(directory):
    """Make a directory with no file in it, and return its path."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.iterdir():
        if old.is_file():
            old.unlink()
    return directory


def place_of(session, directory):
    """Return where a session's results lie, below a directory.

    The browser chooses the session's name. It must not lead elsewhere (`../..`), as what
    is there is removed.
    """
    letters = "".join(filter(str.isalnum, session))
    return Path(directory) / f"session_{letters}"


def _enhance_photograph(enhancer, source, target, progress, **options):
    return enhancer.enhance_file(source, target, progress=progress, **options)


def _first_frame(path):
    from zero_dce_keras.video import VideoReader
    from zero_dce_keras.video.yuv import Yuv

    with contextlib.closing(VideoReader(path)) as reader:
        frame, _ = next(iter(reader))
        rgb = Yuv.of(frame).to_rgb(frame)
    quarter_turns = round(frame.rotation / 90)  # as players turn it
    return Photograph(np.ascontiguousarray(np.rot90(rgb, quarter_turns)))


def _enhance_film(enhancer, source, target, progress, **options):
    from zero_dce_keras.video import enhance_video

    done = enhance_video(enhancer, source, target, progress=progress, **options)
    return list(done.notes)


PHOTOGRAPHS = Kind(PHOTOGRAPH_SUFFIXES, "tiles", Photograph.read, _enhance_photograph)
FILMS = Kind(VIDEO_SUFFIXES, "frames", _first_frame, _enhance_film)
