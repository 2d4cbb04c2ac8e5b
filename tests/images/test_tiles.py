import pytest
from hypothesis import given
from hypothesis import strategies as st

from zero_dce_keras.images import cut_image, cut_side


@given(
    length=st.integers(1, 400),
    context=st.integers(0, 30),
    grid=st.integers(1, 13),
    more=st.integers(0, 60),
)
def test_spans_see_enough_and_keep_everything_once(length, context, grid, more):
    size = 2 * (context + -context % grid) + grid + more
    spans = cut_side(length, size, context, grid)
    kept = 0
    for span in spans:
        assert span.start % grid == 0
        assert span.keep_start == kept < span.keep_stop
        assert span.start == 0 or span.keep_start - span.start >= context
        at_the_end = span.stop == length
        assert at_the_end or span.stop - span.keep_stop >= context
        assert at_the_end or span.stop % grid == 0
        assert span.stop - span.start <= size
        kept = span.keep_stop
    assert kept == length


def test_all_spans_are_of_one_size():
    """So that a model compiles once, whatever the photograph's size."""
    for length in (48, 49, 60, 301):
        spans = cut_side(length, 48, 7)
        assert {span.stop - span.start for span in spans} == {48}


def test_tiles_cover_the_image():
    covered = set()
    for rows, columns in cut_image(50, 70, 32, 5):
        for y in range(50)[rows.kept]:
            for x in range(70)[columns.kept]:
                assert (y, x) not in covered
                covered.add((y, x))
    assert len(covered) == 50 * 70


def test_too_small_a_tile():
    with pytest.raises(ValueError, match="tile must be at least 15 .*Received: 14"):
        cut_side(100, 14, 7)
