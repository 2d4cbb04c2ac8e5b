"""Fixtures of the experiments: trainings of one step on tiny photographs."""

import keras
import pytest
from trainings import quicken

from conftest import write_photo
from zero_dce_keras.images import to_uint8


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Leave out what takes a cell's time: tracing, compiling and drawing."""
    from zero_dce_keras.experiments import cells, report

    quicken(monkeypatch.setattr)

    def enhancer(model):
        def enhance(image):
            result = model.enhance(image[None].astype("float32") / 255)
            return to_uint8(keras.ops.convert_to_numpy(result)[0])

        return enhance

    for module in (cells, report):
        monkeypatch.setattr(module, "Enhancer", enhancer)


@pytest.fixture
def without_figures(monkeypatch):
    from zero_dce_keras.experiments import report

    for name in ("plot_scores", "plot_curves", "draw_pictures"):
        monkeypatch.setattr(report, name, lambda *args: None)


@pytest.fixture(scope="module")
def pairs_folder(tmp_path_factory):
    """Six pairs of 32×48 pixels."""
    folder = tmp_path_factory.mktemp("pairs")
    for number in range(6):
        write_photo(folder / "low" / f"{number}.png", number, brightness=60)
        write_photo(folder / "high" / f"{number}.png", number)
    return folder
