import math

import numpy as np
import pytest

from zero_dce_keras.data import Pair
from zero_dce_keras.evaluation import evaluate_pairs, mean_scores, score_image
from zero_dce_keras.images import write_image


def photo(seed=0, shape=(32, 48, 3)):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, shape, dtype="uint8")


def double(image):
    return np.minimum(image, 127) * 2


@pytest.fixture
def pairs(tmp_path):
    pairs = []
    for seed in range(3):
        pair = Pair(tmp_path / "low" / f"{seed}.png", tmp_path / "high" / f"{seed}.png")
        write_image(pair.low_light, photo(seed) // 4)
        write_image(pair.reference, photo(seed))
        pairs.append(pair)
    return pairs


def test_scores_equal_float64_numpy_and_tensorflow():
    tf = pytest.importorskip("tensorflow")
    reference, enhanced = photo(), photo() // 2 + 40
    difference = reference.astype("float64") - enhanced.astype("float64")
    scores = score_image(reference, enhanced)
    assert list(scores) == ["psnr", "ssim", "mae", "psnr_gt_mean", "exposure_error"]
    assert all(type(score) is float for score in scores.values())
    assert scores["psnr"] == pytest.approx(
        10 * math.log10(255**2 / np.mean(difference**2))
    )
    assert scores["mae"] == pytest.approx(np.mean(np.abs(difference)))
    ssim = tf.image.ssim(reference / 255, enhanced / 255, max_val=1.0)
    assert scores["ssim"] == pytest.approx(float(ssim), abs=1e-5)


def test_gt_mean_is_a_gain_to_the_references_grey_mean():
    reference, enhanced = photo(), photo(1) // 3
    weights = [0.299, 0.587, 0.114]
    gain = np.mean(reference @ weights) / np.mean(enhanced @ weights)
    difference = reference - np.clip(enhanced * gain, 0, 255)
    expected = 10 * math.log10(255**2 / np.mean(difference**2))
    scores = score_image(reference, enhanced)
    assert scores["psnr_gt_mean"] == pytest.approx(expected)
    assert scores["psnr_gt_mean"] != pytest.approx(scores["psnr"], abs=0.1)


@pytest.mark.parametrize("stops", [0, 1, 3])
def test_exposure_error_is_in_stops(stops):
    images = [np.full((16, 16, 3), 160 >> shift, "uint8") for shift in (0, stops)]
    for pair in (images, images[::-1]):
        assert score_image(*pair)["exposure_error"] == pytest.approx(stops)


def test_identical_images_score_perfectly():
    scores = score_image(photo(), photo())
    assert scores["psnr"] == math.inf and scores["mae"] == 0
    assert scores["ssim"] == pytest.approx(1)


def test_gt_mean_of_a_black_output_is_its_plain_psnr():
    scores = score_image(photo(), np.zeros_like(photo()))
    assert scores["psnr_gt_mean"] == pytest.approx(scores["psnr"])


@pytest.mark.parametrize(
    "reference, enhanced, message",
    [
        (photo(), photo(shape=(48, 32, 3)), "same shape"),
        (photo(), photo() / 255, "uint8"),
        (photo(), photo()[..., 0], "uint8"),
        (photo(shape=(8, 48, 3)), photo(shape=(8, 48, 3)), "11×11"),
    ],
)
def test_refuses_what_it_would_score_wrongly(reference, enhanced, message):
    with pytest.raises(ValueError, match=message):
        score_image(reference, enhanced)


def test_every_pair_is_scored_against_its_own_reference(pairs):
    results = list(evaluate_pairs(pairs, double))
    for seed, result in enumerate(results):
        assert result.pair is pairs[seed] and result.error is None
        assert result.scores == score_image(photo(seed), double(photo(seed) // 4))


def test_a_bad_pair_is_named_in_one_line_and_the_rest_goes_on(pairs):
    pairs[0].low_light.write_bytes(b"not an image")
    write_image(pairs[1].reference, photo(shape=(20, 30, 3)))
    unreadable, mismatched, good = evaluate_pairs(pairs, double)
    assert str(pairs[0].low_light) in unreadable.error
    low, high = pairs[1]
    assert mismatched.error == (
        f"{low} and {high} differ in size: (32, 48) and (20, 30)"
    )
    assert "\n" not in unreadable.error + mismatched.error
    assert unreadable.scores is mismatched.scores is good.error is None
    assert good.scores


def test_without_a_reference_an_image_is_enhanced_and_not_scored(pairs):
    (result,) = evaluate_pairs([Pair(pairs[0].low_light)], double)
    assert result.scores is result.reference is result.error is None
    np.testing.assert_array_equal(result.enhanced, double(photo(0) // 4))


def test_mean_scores():
    rows = [{"psnr": 10.0, "ssim": 0.2}, {"psnr": 30.0, "ssim": 0.4}]
    assert mean_scores(rows) == pytest.approx({"psnr": 20, "ssim": 0.3})
    assert mean_scores([]) == {}
