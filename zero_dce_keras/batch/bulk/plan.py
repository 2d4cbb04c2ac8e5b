"""Which photographs go where, by their names alone."""

import dataclasses
from pathlib import PurePosixPath

from zero_dce_keras.batch.jobs import (
    SUFFIX,
    ending_of_target,
    is_junk,
    why_left_out,
)
from zero_dce_keras.images import PHOTOGRAPH_SUFFIXES
from zero_dce_keras.images.listing import is_hidden


@dataclasses.dataclass
class Plan:
    """What is to be done with the files of a place.

    Args:
        targets: dict from the names of photographs to those of their targets.
        left_out: dict from the names of films, and of pictures that are not read, to the
            reason.
        conflicts: dict from the names of photographs whose target is another's to the
            reason.
    """

    targets: dict
    left_out: dict
    conflicts: dict


def make_plan(names, ending=None):
    """Plan as `enhance FOLDER -o FOLDER --recursive` does.

    Args:
        names: iterable of str, of files.
        ending: str such as ".png", of the targets. Default: the photograph's own if it
            is written, else that of what takes its place.

    Returns:
        `Plan`. Hidden files, what lies beside photographs, files of other kinds and what
        was enhanced before (`_enhanced`) are in none of it.

    Example:
        >>> plan = make_plan(["a.jpg", "x/b.heic", "x/clip.mp4", "notes.txt"])
        >>> plan.targets
        {'a.jpg': 'a.jpg', 'x/b.heic': 'x/b.jpg'}
        >>> plan.left_out
        {'x/clip.mp4': 'is a film: zero-dce enhance does films'}
    """
    plan, source_of = Plan({}, {}, {}), {}
    for name in sorted(names):
        path = PurePosixPath(name)
        if is_hidden(path.parts) or is_junk(path):
            continue
        if path.suffix.lower() not in PHOTOGRAPH_SUFFIXES:
            if reason := why_left_out(path, "zero-dce enhance does films"):
                plan.left_out[name] = reason
            continue
        if path.stem.endswith(SUFFIX):
            continue
        target = str(path.with_name(path.stem + ending_of_target(path, ending)))
        if target in source_of:
            plan.conflicts[name] = f"{target} is already that of {source_of[target]}"
        else:
            source_of[target] = name
            plan.targets[name] = target
    return plan
