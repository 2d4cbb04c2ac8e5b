"""Whether a preset treats a scene alike in any light, and leaves alone what needs nothing.

    .venv/bin/python benchmarks/light.py
    .venv/bin/python benchmarks/light.py --nights ../shared/data/photos/1482.jpg ...

- "same scene": the embedded sample's photographs in all their light, a half, a quarter, an
  eighth of it (a camera model); the brightest result over the darkest, mean luma, less 1;
- "left alone": how much these photographs change in all their light, of 1, median; five
  of the 22 (a rocket at dusk) are dark by themselves;
- "half and half": a picture half at level 12, half at 200: how many times brighter the dark
  half becomes, and the share of the other half above 250;
- "page": a sheet of white paper with writing: the paper's level, before and after;
- "nights": photographs to look at: the 1st percentile in levels, the median luma of 1, and
  the area above 250, after ÷ before.
"""

import numpy as np
from machine import parse_options, report

from zero_dce_keras import Enhancer
from zero_dce_keras.data import find_sample, open_splits
from zero_dce_keras.images import darken, read_image
from zero_dce_keras.images.high_key import draw_page
from zero_dce_keras.images.luma import LUMA

LIGHT = (1, 1 / 2, 1 / 4, 1 / 8)
BRIGHT = 250


def main():
    parser = parse_options(__doc__.splitlines()[0], repeats=1)
    parser.add_argument("--weights", default="zero_dce_general", help="(%(default)s)")
    parser.add_argument("--nights", nargs="*", default=[], metavar="FILE")
    options = parser.parse_args()
    enhancer = Enhancer.from_preset(options.weights)
    rows = [*in_any_light(enhancer), half_and_half(enhancer), page(enhancer)]
    rows += [night(enhancer, path) for path in options.nights]
    report(rows, options, weights=options.weights)


def luma(image):
    return np.float32(image) @ np.array(LUMA, "float32")


def in_any_light(enhancer):
    splits = open_splits("sample", find_sample())
    # A scene is there at several lights, with the same reference.
    scenes = {
        p.name.partition("_light")[0]: p.reference for part in splits for p in part
    }
    rng, spreads, changes = np.random.default_rng(0), [], []
    for path in scenes.values():
        image = read_image(path)
        shots = [image] + [darken(image, part, rng) for part in LIGHT[1:]]
        results = [enhancer(shot) for shot in shots]
        means = [luma(result).mean() for result in results]
        spreads.append(max(means) / min(means) - 1)
        changes.append(np.abs(np.float32(results[0]) - image).mean() / 255)
    return [
        row("same scene", f"{np.median(spreads):.0%}", f"{max(spreads):.0%} at most"),
        row("left alone", f"{np.median(changes):.3f}", f"{max(changes):.3f} at most"),
    ]


def half_and_half(enhancer):
    image = np.full((256, 256, 3), 12, "uint8")
    image[:, 128:] = 200
    result = np.float32(enhancer(image))
    burnt = (result[:, 128:] > BRIGHT).mean()
    return row(
        "half and half", f"× {result[:, :128].mean() / 12:.2f}", f"{burnt:.1%} burnt"
    )


def page(enhancer):
    levels = []
    for seed in range(20):
        image = draw_page(512, np.random.default_rng(1000 + seed))
        result = enhancer(image)
        levels.append([np.percentile(luma(each), 90) for each in (image, result)])
    before, after = np.mean(levels, axis=0)
    return row("page", f"{before:.0f} → {after:.0f}", "")


def night(enhancer, path):
    image = read_image(path)
    before, after = luma(image), luma(enhancer(image))
    area = (after > BRIGHT).mean() / max((before > BRIGHT).mean(), 1e-4)
    first = f"{np.percentile(before, 1):.0f} → {np.percentile(after, 1):.0f}"
    return row(
        f"night {path.rpartition('/')[2]}",
        first,
        f"median {np.median(after) / 255:.2f}, area × {area:.2f}",
    )


def row(what, value, more):
    return {"what": what, "value": value, "more": more}


if __name__ == "__main__":
    main()
