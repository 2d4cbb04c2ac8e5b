import subprocess
import sys
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from PIL import Image

from zero_dce_keras.images import (
    plot_history,
    plot_result,
    plot_results,
)

matplotlib.use("agg")
import matplotlib.pyplot as plt

HISTORY = {"loss": [3.0, 2.0, 1.0], "mae": [9.0, 8.0, 7.0], "val_loss": [4.0, 3.0, 2.0]}


def solid(color, height=32, width=48):
    return np.full((height, width, 3), color, "uint8")


def lines(axes):
    return {
        line.get_label(): (list(line.get_xdata()), list(line.get_ydata()))
        for line in axes.lines
    }


@pytest.mark.parametrize("history", [HISTORY, SimpleNamespace(history=HISTORY)])
def test_plot_result_draws_both_curves_from_epoch_one(history):
    figure = plot_result(history, "loss")
    assert lines(figure.axes[0]) == {
        "training": ([1, 2, 3], [3.0, 2.0, 1.0]),
        "validation": ([1, 2, 3], [4.0, 3.0, 2.0]),
    }
    assert figure.axes[0].get_xlabel() == "epoch"


def test_plot_result_without_validation():
    assert list(lines(plot_result(HISTORY, "mae").axes[0])) == ["training"]


def test_plot_result_names_the_items():
    with pytest.raises(ValueError, match=r"\['loss', 'mae'\]. Received: 'psnr'"):
        plot_result(HISTORY, "psnr")


def test_plot_history_has_one_subplot_per_metric(tmp_path):
    figure = plot_history(HISTORY)
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "mae"]
    assert list(lines(figure.axes[0])) == ["training", "validation"]
    figure.savefig(tmp_path / "history.png")
    with Image.open(tmp_path / "history.png") as image:
        assert image.width > image.height > 100
    with pytest.raises(ValueError, match="that is not 0"):
        plot_history({})


def test_plot_history_leaves_out_losses_without_weight():
    history = {"loss": [3.0, 2.0], "color_constancy_loss": [0.0, 0.0]}
    history["val_color_constancy_loss"] = [0.0, 0.0]
    figure = plot_history(history)
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss"]


def test_plot_results_shows_every_kind_of_image_alike():
    color = solid((0, 51, 255))
    kinds = [
        color,
        color / 255,
        (color / 255).astype("float32"),
        Image.fromarray(color),
    ]
    figure = plot_results(kinds, ["a", "b", "c", "d"], figure_size=(8, 2))
    assert [axes.get_title() for axes in figure.axes] == ["a", "b", "c", "d"]
    for axes in figure.axes:
        np.testing.assert_array_equal(axes.images[0].get_array(), color)
    assert tuple(figure.get_size_inches()) == (8, 2)


def test_plot_results_grey_is_not_stretched():
    figure = plot_results([np.full((32, 48), 100, "uint8")], ["grey"])
    shown = figure.axes[0].images[0]
    rgba = shown.to_rgba(shown.get_array(), bytes=True)
    np.testing.assert_array_equal(rgba[0, 0], [100, 100, 100, 255])


def test_plot_results_scales_sixteen_bits_and_turns_upright():
    deep = Image.fromarray(np.full((32, 48), 100 * 257, "uint16"))
    deep.getexif()[0x0112] = 6  # EXIF orientation: a quarter turn
    shown = plot_results([deep], ["deep"]).axes[0].images[0].get_array()
    np.testing.assert_array_equal(shown, solid(100, height=48, width=32))


@pytest.mark.parametrize("box", [None, "tight"])
def test_plot_results_gives_each_pixel_one_pixel(tmp_path, box):
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (40, width, 3), "uint8") for width in (90, 60)]
    figure = plot_results(images, ["noise", "more of it"], figure_size=None)
    figure.savefig(tmp_path / "noise.png", bbox_inches=box)
    drawn = np.asarray(Image.open(tmp_path / "noise.png").convert("RGB"))
    for image in images:
        corners = np.argwhere((drawn == image[0, 0]).all(-1))
        height, width, _ = image.shape
        found = [drawn[y : y + height, x : x + width] for y, x in corners]
        assert any(np.array_equal(each, image) for each in found)


def test_plot_results_refuses():
    with pytest.raises(ValueError, match="same length, at least 1. Received: 1 and 2"):
        plot_results([solid(0)], ["a", "b"])
    with pytest.raises(ValueError, match="Received: 0 and 0"):
        plot_results([], [])


@pytest.mark.parametrize(("backend", "times"), [("agg", 0), ("qtagg", 2)])
def test_shown_only_where_something_can_show_it(monkeypatch, backend, times):
    shown = []
    monkeypatch.setattr(plt, "get_backend", lambda: backend)
    monkeypatch.setattr(plt, "show", lambda: shown.append(True))
    plot_result(HISTORY, "loss")
    plot_results([solid(0)], ["a"])
    plot_history(HISTORY)
    assert len(shown) == times
    plt.close("all")


def test_no_figure_stays_open():
    plot_result(HISTORY, "loss")
    plot_results([solid(0)], ["a"])
    assert plt.get_fignums() == []


def test_images_load_neither_matplotlib_nor_tensorflow():
    code = (
        "import sys, zero_dce_keras.images; print([name for name in "
        "('tensorflow', 'keras', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
