"""Long work with a bar."""

import threading

import pytest

from zero_dce_keras.page.working import Work, bar


def test_bars_until_it_is_done():
    shown = threading.Event()

    def work(tell):
        tell(1, 4, "1 of 4 tiles")
        assert shown.wait(10)
        tell(4, 4, "4 of 4 tiles")
        return "result"

    work = Work(work)
    bars = []
    for text in work.bars():
        bars.append(text)
        if "1 of 4" in text:
            shown.set()
    assert bar(1, 4, "1 of 4 tiles") in bars and work.result == "result"


def test_an_error_is_raised_where_it_is_looked_at():
    work = Work(lambda tell: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(work.bars())
