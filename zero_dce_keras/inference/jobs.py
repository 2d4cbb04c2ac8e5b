"""What to enhance, and where to: the inputs of a command line as a list of jobs."""

import dataclasses
import glob
import itertools
import mimetypes
import os
from pathlib import Path

from zero_dce_keras.images import (
    IMAGE_SUFFIXES,
    PHOTOGRAPH_SUFFIXES,
    list_images,
    written_suffix,
)

SUFFIX = "_enhanced"
VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mts", ".webm", ".wmv")
# What programs leave beside photographs.
SIDECAR_SUFFIXES = (".aae", ".cos", ".dop", ".on1", ".pp3", ".thm", ".xmp")


@dataclasses.dataclass(frozen=True)
class Job:
    """One file to enhance: paths `source` and `target`."""

    source: Path
    target: Path

    @property
    def is_video(self):
        return self.source.suffix.lower() in VIDEO_SUFFIXES


class NoPhotographsError(ValueError):
    """An input is there, and nothing in it: in a watched folder no error."""


def find_jobs(inputs, output=None, suffix=None, ending=None, recursive=False):
    """Lists what to enhance.

    Args:
        inputs: list of str: files, directories, patterns (`night/*.jpg`).
        output: str, a file for one input, or a directory, into which the tree of an
            input directory is mirrored; None for beside the input.
        suffix: str that a target's name gets before its ending. Default: none in a
            directory `output`, "_enhanced" beside the input. What ends in it already
            is an earlier output and passed over: in a directory all of them, of named
            files those whose originals are named too.
        ending: str, ".png" say, of the photographs' targets. Default: the input's own
            if it can be written; else .tif for RAW, .jpg for HEIC, .png.
        recursive: bool, whether to look into the directories of directories.

    Returns:
        List of `Job`; list of exceptions, one for each input that is not among them.

    Raises:
        ValueError: `output` is an input directory, a file for many inputs, or a file of a
            kind that is not written.
    """
    mark = suffix or SUFFIX
    if suffix is None:
        suffix = SUFFIX if output is None else ""
    for text in inputs:
        if output is not None and Path(text).is_dir() and _same(text, output):
            raise ValueError(
                f"{text}: the inputs lie there and would be overwritten; give another "
                f"directory to -o, or none: then {SUFFIX} comes into the outputs' names"
            )
    found, errors = {}, []  # found: {path: directory that its tree begins at}
    for text in inputs:
        try:
            for path, root in _find(text, mark, recursive, output).items():
                found.setdefault(path, root)
        except (ValueError, OSError) as error:
            errors.append(error)
    to_file = output is not None and _is_file(output, inputs)
    # An earlier output whose original is named with it: `enhance *.jpg` once more.
    originals = {(path.parent, path.stem) for path in found}
    sources = [
        path
        for path in found
        if not path.stem.endswith(mark)
        or (path.parent, path.stem.removesuffix(mark)) not in originals
    ]

    jobs, source_of = [], {}
    taken = {path.resolve() for path in sources}
    for source in sources:
        name = source.stem + suffix + _ending(source, ending)
        if output is None:
            target = source.with_name(name)
        elif to_file:
            target = Path(output)
        else:
            target = Path(output) / source.parent.relative_to(found[source]) / name
        if target.resolve() in taken:
            message = f"{source}: the input {target} would be overwritten"
        elif target in source_of:
            message = (
                f"{source}: {target} is already that of {source_of[target]}; enhance "
                "them in two runs, with different -o or --suffix"
            )
        else:
            source_of[target] = source
            jobs.append(Job(source, target))
            continue
        errors.append(ValueError(message))
    return jobs, errors


def _find(text, mark, recursive, output):
    """{path: directory that its tree begins at} of one input."""
    path = Path(text)
    if path.is_dir():
        return _in_directory(path, mark, recursive, output)
    if path.exists() or not glob.has_magic(text):
        if _is_junk(path):
            return {}
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or directory")
        return {path: path.parent}
    known = PHOTOGRAPH_SUFFIXES + VIDEO_SUFFIXES
    paths = [Path(name) for name in sorted(glob.glob(text, recursive=True))]
    paths = [p for p in paths if p.suffix.lower() in known and p.is_file()]
    if not paths:
        raise NoPhotographsError(f"{text}: no photographs match this pattern")
    root = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), path.parts))
    return {path: root for path in paths}


def _in_directory(directory, mark, recursive, output):
    found = list_images(directory, recursive, PHOTOGRAPH_SUFFIXES)
    root, outputs = directory.resolve(), output and Path(output).resolve()
    if outputs and outputs.is_relative_to(root):  # not enhanced once more
        found = [path for path in found if not path.resolve().is_relative_to(outputs)]
    paths = [path for path in found if not path.stem.endswith(mark)]
    if not paths:
        others = f" that do not end in {mark} already" if found else ""
        hint = "" if recursive else "; --recursive looks into those inside it"
        raise NoPhotographsError(
            f"{directory}: no photographs in this directory{others}{hint}"
        )
    return {path: directory for path in paths}


def _same(one, other):
    return Path(one).resolve() == Path(other).resolve()


def _is_junk(path):
    """What lies beside photographs and is handed over by the shell (`*`)."""
    return path.name.startswith("._") or (
        path.name == ".DS_Store" or path.suffix.lower() in SIDECAR_SUFFIXES
    )


def _is_file(output, inputs):
    """Whether `-o` names a file: one input, and a name that looks like one."""
    is_many = len(inputs) > 1 or Path(inputs[0]).is_dir() or glob.has_magic(inputs[0])
    path = Path(output)
    if is_many or output.endswith(("/", os.sep)) or path.is_dir():
        if path.is_file():
            raise ValueError(f"{output} is a file; give a directory to -o")
        return False
    known = IMAGE_SUFFIXES + VIDEO_SUFFIXES
    if path.suffix.lower() in known:
        return True
    kind = mimetypes.guess_type(path.name)[0] or ""
    if kind.startswith(("image/", "video/")):
        raise ValueError(
            f"{output}: what is written ends in {', '.join(known)}; of a directory to "
            "write into, the name ends in a slash"
        )
    return False


def _ending(source, wanted):
    """Return the ending of a target: that of its source if none is wanted, if possible."""
    if source.suffix.lower() in VIDEO_SUFFIXES:
        return source.suffix
    return wanted or written_suffix(source)


class Settled:
    """Chooses, look after look, the jobs whose sources have stopped growing."""

    def __init__(self):
        self._seen, self._chosen = {}, {}  # {source: (size, time of its change)}

    def choose(self, jobs):
        """Those that are as they were at the last look, each once unless it changes."""
        ready = []
        for job in jobs:
            try:
                stat = job.source.stat()
            except OSError:  # gone meanwhile
                continue
            state = stat.st_size, stat.st_mtime_ns
            is_still = stat.st_size > 0 and self._seen.get(job.source) == state
            if is_still and self._chosen.get(job.source) != state:
                self._chosen[job.source] = state
                ready.append(job)
            self._seen[job.source] = state
        return ready
