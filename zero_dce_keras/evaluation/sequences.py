"""Scores of the frames of exposure sequences, dark and bright ones apart."""

import numpy as np

from zero_dce_keras.data.sice import DARK
from zero_dce_keras.evaluation.scores import score_image
from zero_dce_keras.images import read_image
from zero_dce_keras.images.luma import LUMA


def score_sequences(enhance, pairs):
    """Score enhanced frames against the fusions of their sequences.

    Args:
        enhance: function from a uint8 array `(H, W, 3)` to one.
        pairs: list of `Pair` of frame and fusion, as `open_splits("sice", …)` gives;
            the frames of a sequence share the file of their fusion.

    Returns:
        dict of floats: `dark_psnr`, `dark_ssim`, `bright_psnr` and `bright_ssim`, means
        over the frames darker than .8 of the fusion and the brighter ones; `dark_bias`,
        how much brighter than the fusion the results of the dark ones are, of 1; and
        `left_alone`, the mean absolute change, of 1, of the frame of each sequence that
        is nearest to its fusion in brightness. NaN where there is no such frame.
    """
    parts, nearest = {True: [], False: []}, {}
    for pair in pairs:
        frame, fusion = read_image(pair.low_light), read_image(pair.reference)
        enhanced = enhance(frame)
        before, wanted, after = map(_brightness, (frame, fusion, enhanced))
        scores = score_image(fusion, enhanced)
        row = scores["psnr"], scores["ssim"], after - wanted
        parts[before < DARK * wanted].append(row)
        change = float(np.abs(np.int16(enhanced) - frame).mean()) / 255
        here = abs(before - wanted), change
        nearest[pair.reference] = min(nearest.get(pair.reference, here), here)
    dark, bright = (
        np.mean(rows, axis=0) if rows else np.full(3, np.nan)
        for rows in (parts[True], parts[False])
    )
    return {
        "dark_psnr": float(dark[0]),
        "dark_ssim": float(dark[1]),
        "dark_bias": float(dark[2]),
        "bright_psnr": float(bright[0]),
        "bright_ssim": float(bright[1]),
        "left_alone": float(np.mean([change for _, change in nearest.values()])),
    }


def _brightness(image):
    """Mean luma, of 1."""
    return float((image @ LUMA).mean()) / 255
