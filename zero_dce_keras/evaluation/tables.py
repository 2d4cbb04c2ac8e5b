"""Tables of text: aligned, in Markdown, or in LaTeX for a paper."""

from zero_dce_keras.errors import check_choice

STYLES = ("text", "markdown", "latex")
LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "±": r"$\pm$",
    "−": "$-$",
    "×": r"$\times$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def format_rows(rows, style="text", best=None):
    r"""Format rows of cells as a table.

    Args:
        rows: list of dicts, column title → str; the columns are those of the first.
            The first column is the label: on the left, the others on the right.
        style: `"text"`, `"markdown"` or `"latex"`, a `tabular` with booktabs' rules.
        best: dict, column title → number of the row that is best there; LaTeX and
            Markdown show it in bold. Default: none.

    Returns:
        str, without a newline at the end.

    Example:
        >>> rows = [{"method": "input", "PSNR": "7.77"}, {"method": "a_b", "PSNR": "19.43"}]
        >>> print(format_rows(rows))
        method   PSNR
        -------------
        input    7.77
        a_b     19.43
        >>> print(format_rows(rows, "latex", best={"PSNR": 1}).splitlines()[5])
        a\_b & \textbf{19.43} \\
    """
    check_choice("style", style, STYLES)
    titles = list(rows[0])
    body = [[row.get(title, "") for title in titles] for row in rows]
    if style == "text":
        return _aligned(titles, body)
    escape, bold = {
        "markdown": (lambda text: text.replace("|", r"\|"), "**{}**"),
        "latex": (_latex, r"\textbf{{{}}}"),
    }[style]
    body = [[escape(cell) for cell in cells] for cells in body]
    for title, number in (best or {}).items():
        column = titles.index(title)
        body[number][column] = bold.format(body[number][column])
    titles = [escape(title) for title in titles]
    if style == "markdown":
        rule = ["---", *["---:"] * (len(titles) - 1)]
        return "\n".join(f"| {' | '.join(row)} |" for row in [titles, rule, *body])
    lines = [" & ".join(row) + r" \\" for row in [titles, *body]]
    return "\n".join(
        [
            rf"\begin{{tabular}}{{l{'r' * (len(titles) - 1)}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def _aligned(titles, body):
    widths = [max(map(len, column)) for column in zip(titles, *body, strict=True)]

    def align(cells):
        first, *others = zip(cells, widths, strict=True)
        aligned = [first[0].ljust(first[1])]
        aligned += [cell.rjust(width) for cell, width in others]
        return "  ".join(aligned).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([align(titles), rule, *map(align, body)])


def _latex(text):
    return "".join(LATEX.get(character, character) for character in text)
