"""Many photographs on one picture."""

from PIL import Image, ImageDraw, ImageFont

from zero_dce_keras.images.plot import to_picture


def contact_sheet(rows, titles, width=1200):
    """Lay images out as a table, one row per photograph, for a look at many.

    Args:
        rows: list of lists of images as in `plot_results`, of any sizes; each row as
            long as `titles`.
        titles: list of str, one per column; one that is wider than its column
            loses its beginning.
        width: int, width of the sheet in pixels. Default: 1200.

    Returns:
        PIL image of that width, RGB.

    Raises:
        ValueError: no rows or columns, a row of another length, or too narrow a sheet.

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras.images import contact_sheet
        >>> image = np.zeros((32, 48, 3), "uint8")
        >>> contact_sheet([[image, image]], ["input", "output"], width=200).size
        (200, 91)
    """
    gap, title_height = 6, 24
    lengths = [len(row) for row in rows]
    if not titles or not lengths or set(lengths) != {len(titles)}:
        raise ValueError(
            f"each row must have as many images as there are titles ({len(titles)}). "
            f"Received: rows of {lengths}"
        )
    cell = (width - gap) // len(titles) - gap
    if cell < 1:
        raise ValueError(
            f"width must leave room for {len(titles)} columns. Received: {width}"
        )

    # Every image fits into a square cell: small ones grow, large ones shrink.
    pictures = []
    for row in rows:
        row = [Image.fromarray(to_picture(image)).convert("RGB") for image in row]
        scales = [cell / max(image.size) for image in row]
        pictures.append(
            [
                image.resize([max(1, round(side * scale)) for side in image.size])
                for image, scale in zip(row, scales, strict=True)
            ]
        )
    heights = [max(image.height for image in row) for row in pictures]
    height = title_height + sum(heights) + gap * len(rows)

    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=15)
    lefts = [gap + column * (cell + gap) for column in range(len(titles))]
    for left, title in zip(lefts, titles, strict=True):
        center = (left + cell / 2, title_height / 2)
        title = _shorten(title, lambda text: draw.textlength(text, font) <= cell)
        draw.text(center, title, fill="black", font=font, anchor="mm")
    top = title_height
    for row, row_height in zip(pictures, heights, strict=True):
        for left, image in zip(lefts, row, strict=True):
            sheet.paste(image, (left + (cell - image.width) // 2, top))
        top += row_height + gap
    return sheet


def _shorten(title, fits):
    """Cut a title to its end that fits, after "…": the end of a path says which it is."""
    shorter = title
    while title and not fits(shorter):
        title = title[1:]
        shorter = f"…{title}"
    return shorter
