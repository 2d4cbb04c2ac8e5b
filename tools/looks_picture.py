"""What the default preset makes of scenes that may be shipped: docs/looks.jpg.

    python tools/looks_picture.py docs/looks.jpg [--official zero_dce_Epoch99.pth]

The scenes are photographs of the embedded sample, a drawn page and a wall. A camera model
darkens the first three; the others are as they were taken.
"""

import argparse

import numpy as np

from zero_dce_keras import Enhancer
from zero_dce_keras.data import find_sample
from zero_dce_keras.images import contact_sheet, darken, read_image
from zero_dce_keras.images.high_key import draw_page, draw_wall


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="where to write the picture")
    parser.add_argument(
        "--official", metavar="FILE", help="official weights, beside it"
    )
    args = parser.parse_args()
    ways = {"zero_dce_general": Enhancer.from_preset("zero_dce_general")}
    if args.official:
        ways["official Zero-DCE"] = Enhancer.from_preset(args.official)
    rows = [
        [taken, *(enhance(taken) for enhance in ways.values()), full_light]
        for taken, full_light in scenes()
    ]
    titles = ["taken", *ways, "full light"]
    contact_sheet(rows, titles, width=1200).save(args.output, quality=85)


def scenes():
    """Yield each scene as it is taken, and in full light."""
    rng, sample = np.random.default_rng(0), find_sample()
    cat = read_image(sample / "test" / "high" / "chelsea_light_1_15.png")
    coffee = read_image(sample / "test" / "high" / "coffee_light_1_15.png")
    yield darken(cat, 1 / 15, rng), cat
    backlit, edge = darken(coffee, 1 / 15, rng), coffee.shape[1] * 2 // 3
    backlit[:, edge:] = coffee[:, edge:]
    yield backlit, coffee
    page = draw_page(400, np.random.default_rng(14))[:267]
    yield darken(page, 1 / 6, rng), page
    yield page, page
    wall = draw_wall(400, np.random.default_rng(1))[:267]
    yield wall, wall
    dusk = read_image(sample / "train" / "high" / "rocket_2_light_1_04.png")[30:158]
    yield dusk, dusk
    portrait = read_image(sample / "train" / "high" / "astronaut_2_light_1_04.png")
    yield portrait[30:158], portrait[30:158]


if __name__ == "__main__":
    main()
