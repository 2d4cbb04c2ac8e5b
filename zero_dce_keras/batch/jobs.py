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
VIDEO_SUFFIXES = (
    *(".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"),
    *(".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"),
)
# Containers that hold no H.264 as players expect it, or no sound beside it.
REWRAPPED = dict.fromkeys((".mpeg", ".mpg", ".mxf", ".ogv", ".vob", ".wmv"), ".mkv")
# What programs leave beside photographs.
SIDECAR_SUFFIXES = (".aae", ".cos", ".dop", ".on1", ".pp3", ".thm", ".xmp")
JUNK = (".ds_store", "desktop.ini", "thumbs.db")


@dataclasses.dataclass(frozen=True)
class Job:
    """One file to enhance: paths `source` and `target`."""

    source: Path
    target: Path

    @property
    def is_video(self):
        """Whether the source's name is that of a video."""
        return self.source.suffix.lower() in VIDEO_SUFFIXES


class LeftOut(ValueError):
    """A film or a picture that lies where photographs are looked for, and is left out.

    Args:
        path: the file.
        reason: str.
    """

    def __init__(self, path, reason):
        super().__init__(f"{path} {reason}")
        self.path = path


class OtherFiles(ValueError):
    """Files that lie beside photographs, and are neither pictures nor films."""


class NoPhotographsError(ValueError):
    """An input is there, and nothing in it: in a watched folder no error."""


def find_jobs(inputs, output=None, suffix=None, ending=None, recursive=False):
    """List what to enhance.

    Args:
        inputs: list of str: files, directories, patterns (`night/*.jpg`).
        output: str, a file for one input, or a directory, into which the tree of an
            input directory is mirrored; None for beside the input.
        suffix: str that a target's name gets before its ending. Default: none in a
            directory `output`, "_enhanced" beside the input. What ends in it already
            is an earlier output and passed over: in a directory all of them, of named
            files those whose originals are named too.
        ending: str such as ".png", of the photographs' targets. Default: the input's own
            if photographs are written with it; else .tif for RAW, .jpg for HEIC, .png.
        recursive: bool, whether to look into the directories of directories.

    Returns:
        List of `Job`; list of exceptions, one for each input that is not among them,
        a `LeftOut` for each film and picture that a directory or a pattern means and that
        is left out, and `OtherFiles` for what else lies there.

    Raises:
        ValueError: `output` is an input directory, a file for many inputs, or a file of a
            kind that is not written.
    """
    earlier_suffix = suffix or SUFFIX
    if suffix is None:
        suffix = SUFFIX if output is None else ""
    _check_output(inputs, output)
    roots, errors = _collect(inputs, earlier_suffix, recursive, output)
    sources = _without_earlier_outputs(list(roots), earlier_suffix)
    to_file = output is not None and _is_file(output, inputs)

    def target_of(source):
        name = source.stem + suffix + ending_of_target(source, ending)
        if output is None:
            return source.with_name(name)
        if to_file:
            return Path(output)
        return Path(output) / source.parent.relative_to(roots[source]) / name

    jobs, conflicts = _pair_with_targets(sources, target_of)
    return jobs, errors + conflicts


def _check_output(inputs, output):
    """Refuse to write into a directory that is an input."""
    for text in inputs:
        if output is not None and Path(text).is_dir() and _same(text, output):
            raise ValueError(
                f"{text}: the inputs lie there and would be overwritten; give another "
                f"directory to -o, or none: then {SUFFIX} comes into the outputs' names"
            )


def _collect(inputs, earlier_suffix, recursive, output):
    """Return {path: directory that its tree begins at}, and a list of exceptions."""
    roots, errors = {}, []
    for text in inputs:
        try:
            found = _find(text, earlier_suffix, recursive, output, errors)
            for path, root in found.items():
                roots.setdefault(path, root)
        except (ValueError, OSError) as error:
            errors.append(error)
    named = {os.path.abspath(path) for path in roots}
    return roots, [
        error
        for error in errors
        if not (isinstance(error, LeftOut) and os.path.abspath(error.path) in named)
    ]


def _without_earlier_outputs(paths, earlier_suffix):
    """Leave out outputs whose originals are named with them: `enhance *.jpg` again."""
    originals = {(path.parent, path.stem) for path in paths}
    return [
        path
        for path in paths
        if not path.stem.endswith(earlier_suffix)
        or (path.parent, path.stem.removesuffix(earlier_suffix)) not in originals
    ]


def _pair_with_targets(sources, target_of):
    """Return a `Job` for each source whose target is free, a `ValueError` for others."""
    jobs, errors, source_of = [], [], {}
    resolved_sources = {path.resolve() for path in sources}
    for source in sources:
        target = target_of(source)
        if target.resolve() in resolved_sources:
            message = f"{source}: the input {target} would be overwritten"
            errors.append(ValueError(message))
        elif target in source_of:
            message = (
                f"{source}: {target} is already that of {source_of[target]}; enhance "
                "them in two runs, with different -o or --suffix"
            )
            errors.append(ValueError(message))
        else:
            source_of[target] = source
            jobs.append(Job(source, target))
    return jobs, errors


def _find(text, earlier_suffix, recursive, output, errors):
    """Return {path: directory that its tree begins at} of one input."""
    path = Path(text)
    if path.is_dir():
        return _in_directory(path, earlier_suffix, recursive, output, errors)
    if path.exists() or not glob.has_magic(text):
        if is_junk(path):
            return {}
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or directory")
        return {path: path.parent}
    known = PHOTOGRAPH_SUFFIXES + VIDEO_SUFFIXES
    files = [Path(name) for name in sorted(glob.glob(text, recursive=True))]
    files = [path for path in files if path.is_file()]
    paths = [path for path in files if path.suffix.lower() in known]
    if not paths:
        raise NoPhotographsError(f"{text}: no photographs match this pattern")
    errors += _left_out(text, files, known)
    root = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), path.parts))
    return {path: root for path in paths}


def _in_directory(directory, earlier_suffix, recursive, output, errors):
    files = list_images(directory, recursive, None, on_error=errors.append)
    root, outputs = directory.resolve(), output and Path(output).resolve()
    if outputs and outputs.is_relative_to(root):  # not enhanced once more
        files = [path for path in files if not path.resolve().is_relative_to(outputs)]
    found = [path for path in files if path.suffix.lower() in PHOTOGRAPH_SUFFIXES]
    paths = [path for path in found if not path.stem.endswith(earlier_suffix)]
    new = [path for path in files if not path.stem.endswith(earlier_suffix)]
    errors += _left_out(directory, new, PHOTOGRAPH_SUFFIXES)
    if not paths:
        others = f" that do not end in {earlier_suffix} already" if found else ""
        hint = "" if recursive else "; --recursive looks into those inside it"
        raise NoPhotographsError(
            f"{directory}: no photographs in this directory{others}{hint}"
        )
    return {path: directory for path in paths}


def _left_out(place, files, taken):
    """Return a `LeftOut` for each film and picture, and `OtherFiles` for the others.

    Files whose suffix is among those that are taken are passed over.
    """
    files = [path for path in files if path.suffix.lower() not in taken]
    files = [path for path in files if not is_junk(path)]
    reasons = {path: reason for path in files if (reason := why_left_out(path))}
    others = [path for path in files if path not in reasons]
    errors: list = [LeftOut(path, reason) for path, reason in reasons.items()]
    if others:
        more = " …" * (len(others) > 1)
        errors.append(
            OtherFiles(
                f"{place}: {len(others)} files are neither photographs nor films and "
                f"passed over: {others[0].name}{more}"
            )
        )
    return errors


def why_left_out(path, film="it is enhanced if it is named"):
    """Return why a picture or a film is left out; None for a file of another kind."""
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return f"is a film: {film}"
    kind = mimetypes.guess_type(path.name)[0] or ""
    if kind.startswith(("image/", "video/")):
        return f"is of a kind that is not read ({kind})"
    return None


def _same(one, other):
    return Path(one).resolve() == Path(other).resolve()


def is_junk(path):
    """Return whether a shell pattern (`*`) named what only lies beside photographs."""
    return path.name.startswith("._") or (
        path.name.lower() in JUNK or path.suffix.lower() in SIDECAR_SUFFIXES
    )


def _is_file(output, inputs):
    """Return whether `-o` names a file: one input, and a name that looks like one."""
    first = Path(inputs[0])
    is_pattern = glob.has_magic(inputs[0]) and not first.exists()
    is_many = len(inputs) > 1 or first.is_dir() or is_pattern
    path = Path(output)
    if is_many or output.endswith(("/", os.sep)) or path.is_dir():
        if path.is_file():
            raise ValueError(f"{output} is a file; give a directory to -o")
        return False
    films = [suffix for suffix in VIDEO_SUFFIXES if suffix not in REWRAPPED]
    known = (*IMAGE_SUFFIXES, *films)
    if path.suffix.lower() in known:
        return True
    kind = mimetypes.guess_type(path.name)[0] or ""
    if kind.startswith(("image/", "video/")):
        raise ValueError(
            f"{output}: what is written ends in {', '.join(known)}; of a directory to "
            "write into, the name ends in a slash"
        )
    return False


def ending_of_target(source, wanted):
    """Return the ending of a target: the one wanted, or one for its source's format."""
    if source.suffix.lower() in VIDEO_SUFFIXES:
        return REWRAPPED.get(source.suffix.lower(), source.suffix)
    return wanted or written_suffix(source)
