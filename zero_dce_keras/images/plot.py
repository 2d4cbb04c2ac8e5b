"""Curves of a training and pictures side by side. Matplotlib is loaded on use."""

from PIL import Image, ImageDraw, ImageFont

from zero_dce_keras.images.arrays import to_uint8
from zero_dce_keras.images.read_write import upright_rgb

# Backends that only write files; every other one can show a window or a cell.
FILE_BACKENDS = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")


def plot_result(history, item):
    """Plot one metric over the epochs, for training and validation.

    Args:
        history: `keras.callbacks.History`, or its dict of lists.
        item: str, the metric without `val_`, such as "total_loss".

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: the history has no such item.

    Example:
        >>> from zero_dce_keras.images import plot_result
        >>> figure = plot_result({"total_loss": [3.0, 2.0]}, "total_loss")
        >>> figure.axes[0].get_ylabel()
        'total_loss'
    """
    import matplotlib.pyplot as plt

    history = getattr(history, "history", history)
    if item not in _items(history):
        raise ValueError(f"item must be one of {_items(history)}. Received: {item!r}")
    figure, axes = plt.subplots()
    _plot_item(axes, history, item)
    axes.set_title(f"{item}: training and validation")
    return _show(figure)


def plot_history(history):
    """Plot every metric over the epochs, one subplot each. Nothing is shown.

    Args:
        history: `keras.callbacks.History`, or its dict of lists.

    Returns:
        `matplotlib.figure.Figure`; save it with `figure.savefig("history.png")`.

    Raises:
        ValueError: the history is empty.

    Example:
        >>> from zero_dce_keras.images import plot_history
        >>> figure = plot_history({"mae": [3.0, 2.0], "val_mae": [4.0, 3.0]})
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['mae']
    """
    # Not pyplot: a training must neither open a window nor wait for one.
    from matplotlib.figure import Figure

    history = getattr(history, "history", history)
    items = _items(history)
    if not items:
        raise ValueError("history must have at least one item. Received: none")
    columns = min(3, len(items))
    rows = -(-len(items) // columns)
    figure = Figure(figsize=(4.5 * columns, 3 * rows), layout="constrained")
    for index, item in enumerate(items):
        _plot_item(figure.add_subplot(rows, columns, index + 1), history, item)
    return figure


def plot_results(images, titles, figure_size=(12, 12)):
    """Show images in a row, each under its title.

    Args:
        images: list of PIL images or arrays of shape (H, W, 3) or (H, W), uint8 or
            float in [0, 1].
        titles: list of str, one per image.
        figure_size: pair of floats, width and height in inches. Default: (12, 12).

    Returns:
        `matplotlib.figure.Figure`.

    Raises:
        ValueError: no images, or not as many titles as images.

    Example:
        >>> import numpy as np
        >>> from zero_dce_keras.images import plot_results
        >>> image = np.zeros((32, 48, 3))
        >>> figure = plot_results([image, image], ["Original", "Enhanced"])
        >>> [axes.get_title() for axes in figure.axes]
        ['Original', 'Enhanced']
    """
    import matplotlib.pyplot as plt

    if len(images) != len(titles) or not len(images):
        raise ValueError(
            "images and titles must have the same length, at least 1. "
            f"Received: {len(images)} and {len(titles)}"
        )
    # Converted before the figure exists, so that a bad image leaves no empty figure.
    pictures = [_to_picture(image) for image in images]
    figure, row = plt.subplots(1, len(images), figsize=figure_size, squeeze=False)
    for axes, picture, title in zip(row[0], pictures, titles, strict=True):
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axes.set_title(title)
        axes.axis("off")
    return _show(figure)


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
        row = [Image.fromarray(_to_picture(image)).convert("RGB") for image in row]
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


def _items(history):
    return [name for name in history if not name.startswith("val_")]


def _plot_item(axes, history, item):
    for name, label in ((item, "training"), (f"val_{item}", "validation")):
        if name in history:
            epochs = range(1, len(history[name]) + 1)
            axes.plot(epochs, history[name], marker=".", label=label)
    axes.set_xlabel("epoch")
    axes.set_ylabel(item)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend()


def _to_picture(image):
    """Return a PIL image, or an array of any type, as a uint8 array."""
    if isinstance(image, Image.Image):
        return upright_rgb(image)
    return to_uint8(image)


def _shorten(title, fits):
    """Cut a title to its end that fits, after "…": the end of a path says which it is."""
    shorter = title
    while title and not fits(shorter):
        title = title[1:]
        shorter = f"…{title}"
    return shorter


def _show(figure):
    """Show a figure where something can show it, close it where not."""
    import matplotlib.pyplot as plt

    if plt.get_backend().lower() in FILE_BACKENDS:
        plt.close(figure)
    else:
        plt.show()
    return figure
