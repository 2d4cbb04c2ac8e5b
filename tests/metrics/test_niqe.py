import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from zero_dce_keras.metrics.niqe import BLOCK, PARAMETERS, niqe

# By PyPI's mmagic 1.2.0, in float64: mmagic.evaluation.metrics.niqe.niqe(grey, 0, "HW")
# of the grey levels round(.299 R + .587 G + .114 B).
SCORES = {"chelsea": 2.572084, "coffee": 4.056148}


def read(name):
    directory = Path(find_spec("skimage").origin).parent / "data"
    return Image.open(directory / f"{name}.png").convert("RGB")


@pytest.fixture(scope="module")
def photo():
    return read("chelsea")


@pytest.mark.parametrize("name", SCORES)
def test_equals_mmagic(name):
    assert niqe(np.asarray(read(name))) == pytest.approx(SCORES[name], abs=1e-4)


def test_noise_and_blur_raise_it(photo):
    score = niqe(np.asarray(photo))
    assert 1 < score < 6
    noise = np.random.default_rng(0).normal(0, 20, (photo.height, photo.width, 3))
    noisy = np.clip(np.asarray(photo) + noise, 0, 255).astype("uint8")
    assert niqe(noisy) > score + 1
    assert niqe(np.asarray(photo.filter(ImageFilter.GaussianBlur(2)))) > score + 1


def test_grey_is_the_same_as_three_equal_channels(photo):
    grey = np.asarray(photo.convert("L"))
    assert niqe(grey) == niqe(np.repeat(grey[..., None], 3, axis=-1))


def test_only_whole_blocks_count(photo):
    pixels = np.asarray(photo)[: 3 * BLOCK, : 4 * BLOCK]
    wider = np.pad(pixels, ((0, 20), (0, BLOCK - 1), (0, 0)))
    assert niqe(wider) == niqe(pixels)


@pytest.mark.parametrize("level", [0, 20, 255])
def test_flat_blocks_have_no_features(photo, level):
    """Bars of a letterbox, in which rounding errors must not look like structure."""
    pixels = np.asarray(photo)[: 3 * BLOCK, : 4 * BLOCK]
    bar = np.full((2 * BLOCK, 4 * BLOCK, 3), level, "uint8")
    score = niqe(np.concatenate([pixels, bar]))  # its edge has features
    assert niqe(np.concatenate([pixels, bar, bar])) == pytest.approx(score)
    with pytest.raises(ValueError, match=r"not flat\. Received: 0"):
        niqe(bar)


@pytest.mark.parametrize(
    "image, message",
    [
        (np.zeros((BLOCK, 2 * BLOCK - 1, 3), "uint8"), "two blocks of 96×96 pixels"),
        (np.zeros((BLOCK - 1, 9 * BLOCK), "uint8"), r"Received: shape \(95, 864\)"),
        (np.zeros((200, 200, 4), "uint8"), r"Received: uint8 of shape \(200, 200, 4\)"),
        (np.zeros((200, 200, 3), "float32"), "Received: float32"),
        (np.zeros(200, "uint8"), r"shape \(200,\)"),
    ],
)
def test_refuses_what_has_no_score(image, message):
    with pytest.raises(ValueError, match=message):
        niqe(image)


def test_the_notice_goes_with_the_parameters():
    assert zipfile.is_zipfile(PARAMETERS)
    with np.load(PARAMETERS) as file:
        assert file["mean"].shape == (36,)
        assert np.allclose(file["covariance"], file["covariance"].T)
        assert "University of Texas at Austin" in str(file["notice"])
