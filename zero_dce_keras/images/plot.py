"""Curves of a training, pictures in a row. Matplotlib is loaded on use."""

import numpy as np
from PIL import Image

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

    What is 0 throughout, such as a loss whose weight is 0, is left out.

    Args:
        history: `keras.callbacks.History`, or its dict of lists.

    Returns:
        `matplotlib.figure.Figure`; save it with `figure.savefig("history.png")`.

    Raises:
        ValueError: the history has nothing to plot.

    Example:
        >>> from zero_dce_keras.images import plot_history
        >>> figure = plot_history({"mae": [3.0, 2.0], "val_mae": [4.0, 3.0]})
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['mae']
    """
    # Not pyplot: a training must neither open a window nor wait for one.
    from matplotlib.figure import Figure

    history = getattr(history, "history", history)
    items = [item for item in _items(history) if any(history[item])]
    if not items:
        raise ValueError("history must have an item that is not 0. Received: none")
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
        figure_size: pair of floats, width and height in inches; or `None`, which gives
            each pixel of the images one pixel of the figure. Default: (12, 12).

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
    pictures = [to_picture(image) for image in images]
    if figure_size is None:
        figure, row = _pixel_by_pixel(pictures)
    else:
        options = {"figsize": figure_size, "layout": "constrained"}
        figure, axes = plt.subplots(1, len(images), squeeze=False, **options)
        row = axes[0]
    for axes, picture, title in zip(row, pictures, titles, strict=True):
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axes.set_title(title)
        axes.axis("off")
    return _show(figure)


def _pixel_by_pixel(pictures):
    """Return a figure and axes in a row that have the sizes of pictures, in pixels."""
    import matplotlib.pyplot as plt

    dpi = plt.rcParams["figure.dpi"]
    gap, above = 8, round(0.4 * dpi)  # between two; for the titles
    heights, widths = zip(*(np.shape(picture)[:2] for picture in pictures), strict=True)
    width, height = sum(widths) + gap * (len(widths) - 1), max(heights) + above
    figure = plt.figure(figsize=(width / dpi, height / dpi))
    row, left = [], 0
    for wide, high in zip(widths, heights, strict=True):
        bottom = max(heights) - high
        place = left / width, bottom / height, wide / width, high / height
        row.append(figure.add_axes(place))
        left += wide + gap
    return figure, row


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


def to_picture(image):
    """Return a PIL image, or an array of any type, as a uint8 array."""
    if isinstance(image, Image.Image):
        return upright_rgb(image)
    return to_uint8(image)


def _show(figure):
    """Show a figure where something can show it, close it where not."""
    import matplotlib.pyplot as plt

    if plt.get_backend().lower() in FILE_BACKENDS:
        plt.close(figure)
    else:
        plt.show()
    return figure
