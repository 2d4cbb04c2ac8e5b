"""Scores of one image, of a list of pairs, and their means."""

from typing import NamedTuple

import numpy as np

from zero_dce_keras.data.read_pairs import check_same_size
from zero_dce_keras.errors import one_line
from zero_dce_keras.images import read_image
from zero_dce_keras.images.luma import LUMA
from zero_dce_keras.metrics import calculate_psnr, ssim


class PairResult(NamedTuple):
    """What became of one pair: images and scores, or an error in one line."""

    pair: object
    low_light: np.ndarray | None = None  # uint8 (H, W, 3)
    enhanced: np.ndarray | None = None  # uint8 (H, W, 3)
    reference: np.ndarray | None = None  # uint8 (H, W, 3)
    scores: dict | None = None  # None where there is no reference
    error: str | None = None


def score_image(reference, enhanced):
    """Score one enhanced image by the protocol of the published numbers.

    Args:
        reference: uint8 array (H, W, 3).
        enhanced: uint8 array of the same shape.

    Returns:
        dict of floats: `psnr` in dB (infinite for identical images), `ssim` in
        [−1, 1], `mae` in 8-bit levels (0–255), `psnr_gt_mean`, the PSNR in dB after
        the output was scaled to the reference's mean brightness, which knows the
        reference and belongs in a column of its own, and `exposure_error`, how many
        stops (doublings) the output's mean grey value is off the reference's.

    Raises:
        ValueError: if either is not a uint8 RGB image, the shapes differ, or they
            are smaller than the 11×11 window of SSIM.

    Example:
        >>> import numpy as np
        >>> reference = np.full((32, 48, 3), 100, "uint8")
        >>> scores = score_image(reference, reference // 2)
        >>> {name: round(value, 2) for name, value in scores.items()}
        {'psnr': 14.15, 'ssim': 0.8, 'mae': 50.0, 'psnr_gt_mean': inf, 'exposure_error': 1.0}
    """
    for name, image in {"reference": reference, "enhanced": enhanced}.items():
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
            raise ValueError(
                f"{name} must be a uint8 array (H, W, 3). "
                f"Received: {image.dtype} {image.shape}"
            )
    psnr = calculate_psnr(reference, enhanced)  # checks the shapes
    x, y = reference / 255.0, enhanced / 255.0
    return {
        "psnr": psnr,
        "ssim": float(ssim(x[None], y[None])[0]),
        "mae": float(np.mean(np.abs(x - y)) * 255),
        "psnr_gt_mean": calculate_psnr(x, match_mean(y, x)),
        "exposure_error": exposure_error(x, y),
    }


def exposure_error(reference, enhanced):
    """Return how many doublings an image's mean grey value is off its reference's.

    `|log2(mean(enhanced) / mean(reference))|`, of the encoded values.

    Args:
        reference, enhanced: float arrays `(H, W, 3)` in [0, 1].
    """
    greys = [np.mean(image @ LUMA) for image in (reference, enhanced)]
    # A level in a hundred pixels at least: black, too, is a finite number of stops away.
    return float(abs(np.diff(np.log2(np.maximum(greys, 0.01 / 255)))[0]))


def match_mean(enhanced, reference):
    """Scale an image to the mean grey value of its reference, and clip.

    Source: the `--GT_mean` option of Retinexformer's `test_from_dataset.py`, after
    KinD and LLFlow.
    """
    brightness = np.mean(enhanced @ LUMA)
    if brightness == 0:  # a black image stays black
        return enhanced
    return np.clip(enhanced * (np.mean(reference @ LUMA) / brightness), 0, 1)


def evaluate_pairs(pairs, enhancer):
    """Read, enhance and score pairs one after the other.

    A pair that cannot be read or scored does not stop the rest: its result carries
    the error.

    Args:
        pairs: iterable of `Pair(low_light, reference)` paths; `reference` may be
            None, and then the image is enhanced and not scored.
        enhancer: callable, uint8 array (H, W, 3) → uint8 array of the same shape;
            an `Enhancer`, for instance.

    Yields:
        One `PairResult` per pair, in order.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from zero_dce_keras.data import Pair
        >>> from zero_dce_keras.images import write_image
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     pair = Pair(Path(directory, "low.png"), Path(directory, "high.png"))
        ...     write_image(pair.low_light, np.zeros((32, 48, 3), "uint8"))
        ...     write_image(pair.reference, np.full((32, 48, 3), 51, "uint8"))
        ...     for result in evaluate_pairs([pair], lambda image: image):
        ...         print(result.pair.name, round(result.scores["psnr"], 2))
        low 13.98
    """
    for pair in pairs:
        yield from evaluate_pair(pair, {"": enhancer}).values()


def evaluate_pair(pair, enhancers, further=None):
    """Read one pair, and score what several ways make of it.

    Args:
        pair: `Pair(low_light, reference)`; `reference` may be None.
        enhancers: dict, name → callable as in `evaluate_pairs`.
        further: function `(name, enhanced, pair)` that returns a dict of further scores.
            Default: none.

    Returns:
        dict, name → `PairResult`. What cannot be read or scored carries the error.
    """
    path = pair.low_light  # the file to name if something goes wrong
    try:
        low_light, reference = read_image(path), None
        if pair.reference is not None:
            path = pair.reference
            reference = read_image(path)
            check_same_size(pair, low_light, reference)
    except (OSError, ValueError, MemoryError) as error:
        failed = PairResult(pair, error=_named(path, error))
        return dict.fromkeys(enhancers, failed)
    results = {}
    for name, enhancer in enhancers.items():
        try:
            enhanced = enhancer(low_light)
            scores = {} if reference is None else score_image(reference, enhanced)
            if further is not None:
                scores |= further(name, enhanced, pair)
        except (OSError, ValueError, MemoryError) as error:
            results[name] = PairResult(pair, error=_named(pair.low_light, error))
        else:
            results[name] = PairResult(
                pair, low_light, enhanced, reference, scores or None
            )
    return results


def _named(path, error):
    line = one_line(error)
    return line if str(path) in line else f"{path}: {line}"


def mean_scores(scores):
    """Return the mean over images of each score.

    Args:
        scores: list of dicts, as `score_image` returns them.

    Returns:
        dict with the same names; empty for an empty list. An image that lacks a score
        (NIQE of one that is too small) has no part in its mean.

    Example:
        >>> mean_scores([{"psnr": 10.0}, {"psnr": 20.0, "niqe": 3.0}])
        {'psnr': 15.0, 'niqe': 3.0}
    """
    names = dict.fromkeys(name for row in scores for name in row)
    return {
        name: float(np.mean([row[name] for row in scores if name in row]))
        for name in names
    }
