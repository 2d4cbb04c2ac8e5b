import pytest

from zero_dce_keras.evaluation.tables import format_rows

ROWS = [{"way": "a_b", "PSNR": "7.77"}, {"way": "50% ± 1|2", "PSNR": "19.43"}]


def test_text_is_aligned():
    assert format_rows(ROWS).splitlines() == [
        "way         PSNR",
        "----------------",
        "a_b         7.77",
        "50% ± 1|2  19.43",
    ]


def test_markdown():
    assert format_rows(ROWS, "markdown", {"PSNR": 1}).splitlines() == [
        "| way | PSNR |",
        "| --- | ---: |",
        "| a_b | 7.77 |",
        r"| 50% ± 1\|2 | **19.43** |",
    ]


def test_latex_escapes_what_is_special_in_it():
    lines = format_rows(ROWS, "latex", {"PSNR": 0}).splitlines()
    assert lines == [
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"way & PSNR \\",
        r"\midrule",
        r"a\_b & \textbf{7.77} \\",
        r"50\% $\pm$ 1|2 & 19.43 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_unknown_styles_name_the_known_ones():
    with pytest.raises(ValueError, match="'text', 'markdown', 'latex'.*'html'"):
        format_rows(ROWS, "html")
