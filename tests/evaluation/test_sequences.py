"""Frames of exposure sequences against their fusions."""

import math

import numpy as np
import pytest
from PIL import Image

from zero_dce_keras import ZeroDCE, load_model
from zero_dce_keras.data.pairs import Pair
from zero_dce_keras.evaluation import score_sequences
from zero_dce_keras.inference import without_network


def write(path, level):
    Image.fromarray(np.full((16, 24, 3), level, "uint8")).save(path)
    return path


@pytest.fixture
def pairs(tmp_path):
    """Two sequences, of fusions of 100 and 200; frames at .5, .79, .81 and 1.2 of 100."""
    fusions = [write(tmp_path / f"fusion_{level}.png", level) for level in (100, 200)]
    frames = [write(tmp_path / f"{level}.png", level) for level in (50, 79, 81, 120)]
    alone = write(tmp_path / "190.png", 190)
    return [*(Pair(frame, fusions[0]) for frame in frames), Pair(alone, fusions[1])]


def test_dark_and_bright_frames(pairs):
    scores = score_sequences(lambda image: image, pairs)

    def psnr(*errors):
        return np.mean([20 * math.log10(255 / error) for error in errors])

    assert scores["dark_psnr"] == pytest.approx(psnr(50, 21))
    assert scores["bright_psnr"] == pytest.approx(psnr(19, 20, 10))
    assert scores["dark_bias"] == pytest.approx(-(50 + 21) / 2 / 255)
    assert scores["left_alone"] == 0


def test_left_alone_is_of_the_frame_nearest_to_each_fusion(pairs):
    scores = score_sequences(lambda image: image + image // 10, pairs)
    assert scores["left_alone"] == pytest.approx((8 + 19) / 2 / 255)


def test_no_dark_frames(pairs):
    assert math.isnan(score_sequences(lambda image: image, pairs[2:])["dark_psnr"])


def test_without_the_network():
    image = np.random.default_rng(0).integers(0, 60, (32, 48, 3)).astype("uint8")
    np.testing.assert_array_equal(without_network(ZeroDCE(filters=2), image), image)
    normalized = without_network(load_model("zero_dce_lol"), image)
    assert normalized.dtype == np.uint8 and normalized.mean() > 2 * image.mean()
