"""Finding photographs and their references on disk."""

from pathlib import Path
from typing import NamedTuple

from zero_dce_keras.images import list_images


class Pair(NamedTuple):
    """A low-light photograph, and its reference where there is one."""

    low_light: Path
    reference: Path | None = None

    @property
    def name(self):
        """The stem that both files share."""
        return self.low_light.stem


def find_pairs(low_dir, high_dir=None):
    """List the photographs of a directory, each with its reference.

    Pairs match by stem, whatever the suffixes (`1.png` and `1.jpg` are a pair), and
    come by ascending numeric stem.

    Args:
        low_dir: directory of low-light photographs.
        high_dir: directory of references; without it the pairs have none.

    Returns:
        List of `Pair`, not empty.

    Raises:
        ValueError: if there is no photograph, if two files of a directory share a stem,
            or if a file has no partner; the message names the files.
    """
    low = _by_stem(low_dir)
    if high_dir is None:
        return [Pair(path) for path in low.values()]
    high = _by_stem(high_dir)
    for these, others, directory in ((low, high, high_dir), (high, low, low_dir)):
        alone = [path for stem, path in these.items() if stem not in others]
        if alone:
            more = f" (and {len(alone) - 1} more)" if len(alone) > 1 else ""
            raise ValueError(
                f"{alone[0]}{more} has no partner of the same name in {directory}: "
                "every low-light photograph needs a reference, or leave out the "
                "references altogether"
            )
    return [Pair(path, high[stem]) for stem, path in low.items()]


def _by_stem(directory):
    paths = {}
    for path in list_images(directory):
        if path.stem in paths:
            raise ValueError(
                f"{path} and {paths[path.stem]} have the same name: keep one of them"
            )
        paths[path.stem] = path
    if not paths:
        raise ValueError(f"{directory}: no photographs in this directory")
    return paths
