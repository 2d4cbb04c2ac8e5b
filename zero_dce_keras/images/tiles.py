"""Tiles: an image in parts that a model can enhance one after the other."""

from typing import NamedTuple


class Span(NamedTuple):
    """A part of one side of an image: what to look at, and what of it to keep."""

    start: int
    stop: int
    keep_start: int
    keep_stop: int

    @property
    def seen(self):
        """The slice of the image to look at."""
        return slice(self.start, self.stop)

    @property
    def kept(self):
        """The slice of the image that is decided by this part."""
        return slice(self.keep_start, self.keep_stop)

    @property
    def inner(self):
        """The slice of the part that is kept."""
        return slice(self.keep_start - self.start, self.keep_stop - self.start)


def cut_side(length, size, context, grid=1):
    """Cut one side of an image into spans of `size` pixels that overlap.

    Around what is kept of it, a span sees `context` pixels more, except at the ends of
    the image, where there are none. All spans have the same size if `grid` allows, so
    that a model compiles once: the last one reaches back as far as it must.

    Args:
        length: of the side, in pixels.
        size: of a span, in pixels; more than 2·`context`.
        context: pixels to see on each side of what is kept.
        grid: spans start at multiples of this.

    Returns:
        list of `Span`; what they keep adds up to the side, in order.

    Raises:
        ValueError: if the size leaves nothing to keep.

    Example:
        >>> [tuple(span) for span in cut_side(100, 48, 8)]
        [(0, 48, 0, 40), (32, 80, 40, 72), (52, 100, 72, 100)]
    """
    context += -context % grid
    if size < 2 * context + grid:
        raise ValueError(
            f"tile must be at least {2 * context + grid} pixels with this model, to see "
            f"{context} on each side of what it keeps. Received: {size}"
        )
    size -= size % grid
    if length <= size:
        return [Span(0, length, 0, length)]
    spans = [Span(0, size, 0, size - context)]
    while spans[-1].stop < length:
        kept = spans[-1].keep_stop
        start = min(kept - context, length - size + -(length - size) % grid)
        stop = min(start + size, length)
        spans.append(Span(start, stop, kept, stop - context if stop < length else stop))
    return spans


def cut_image(height, width, size, context, grid=1):
    """Cut an image into tiles, row by row.

    Args:
        height, width: of the image, in pixels.
        size, context, grid: see `cut_side`.

    Returns:
        list of pairs `(rows, columns)` of `Span`.

    Example:
        >>> len(cut_image(1080, 1920, 512, 7))
        12
    """
    return [
        (rows, columns)
        for rows in cut_side(height, size, context, grid)
        for columns in cut_side(width, size, context, grid)
    ]
