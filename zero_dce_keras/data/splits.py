"""Splitting LOL between scenes, never inside one."""

from bisect import bisect_left
from typing import NamedTuple

from zero_dce_keras.data.pairs import Pair
from zero_dce_keras.errors import check_not_negative, check_positive


class Splits(NamedTuple):
    """The pairs of a data set: to train on, to choose with, left over, to test on."""

    train: list[Pair]
    validation: list[Pair]
    rest: list[Pair]
    test: list[Pair]

    def describe(self):
        """Return one line with the number of pairs in each split.

        >>> Splits([Pair(1), Pair(2)], [], [], [Pair(3)]).describe()
        '2 train, 0 validation, 1 test'
        >>> Splits([Pair(1)], [Pair(2)], [], [Pair(1), Pair(2)]).describe()
        '1 train, 1 validation; tested on these 2'
        """
        counts = {name: len(pairs) for name, pairs in self._asdict().items()}
        seen = {*self.train, *self.validation}
        end = ""
        if self.test and seen.issuperset(self.test):
            end = f"; tested on these {counts.pop('test')}"
        named = [
            f"{count} {name}"
            for name, count in counts.items()
            if count or name in ("train", "validation")
        ]
        return ", ".join(named) + end


def split_at_scenes(scenes, train_images, validation_images):
    """Choose where to cut a list of images so that no scene is on both sides.

    Each cut goes to the scene boundary nearest to the number asked for, the lower one
    of two that are equally near. Neighbouring ids of LOL often show the same scene; a
    split inside a scene would validate on what was trained on.

    Args:
        scenes: the scene of every image, in order; images of a scene are neighbours.
        train_images: how many images to train on, about.
        validation_images: how many of the following images to validate on, about.

    Returns:
        `(train_end, validation_end)`, indices into `scenes`.

    Raises:
        ValueError: if the counts are not positive or exceed the number of images, or a
            split would be empty.

    Example: images 2 and 3 show the same scene.

    >>> split_at_scenes([0, 0, 1, 1, 2, 3], train_images=3, validation_images=2)
    (2, 5)
    """
    check_positive("train_images", train_images)
    check_not_negative("validation_images", validation_images)
    if train_images + validation_images > len(scenes):
        raise ValueError(
            f"train_images + validation_images must be at most {len(scenes)}. "
            f"Received: {train_images} + {validation_images}"
        )
    boundaries = [0]
    boundaries += [i for i in range(1, len(scenes)) if scenes[i] != scenes[i - 1]]
    boundaries.append(len(scenes))
    train_end = _nearest(boundaries, train_images)
    validation_end = _nearest(boundaries, train_images + validation_images)
    if train_end == 0 or (validation_images and validation_end == train_end):
        raise ValueError(
            f"train_images={train_images} and validation_images={validation_images} "
            "leave a split empty: the cuts go to scene boundaries"
        )
    return train_end, validation_end


def _nearest(boundaries, count):
    right = bisect_left(boundaries, count)
    candidates = boundaries[max(right - 1, 0) : right + 1]
    return min(candidates, key=lambda boundary: abs(boundary - count))
