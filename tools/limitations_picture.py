"""What the presets cannot do: docs/limitations.jpg, and the numbers beside it.

    python tools/limitations_picture.py docs/limitations.jpg

The scenes are made from photographs of the embedded sample: a camera model darkens them.
The numbers are printed as the table of docs/limitations.md.
"""

import argparse

import numpy as np

from zero_dce_keras import Enhancer
from zero_dce_keras.data import find_sample
from zero_dce_keras.images import contact_sheet, darken, read_image
from zero_dce_keras.images.luma import LUMA

PRESETS = "zero_dce_general", "zero_dce_lol"
LIGHT = 1 / 15  # what is left of it in the dark
WINDOW = 2 / 3  # of the width; right of it the backlit scene has all its light
BAR = 1 / 8  # of the height


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="where to write the picture")
    args = parser.parse_args()
    enhancers = [Enhancer.from_preset(name) for name in PRESETS]
    names = ["full light", "input", *PRESETS]
    print("| scene | measured |", " | ".join(names), "|")
    print("| --- | --- |" + " --- |" * len(names))
    rows = []
    for scene, measured, measure, full_light, dark in scenes():
        pictures = [full_light, dark, *(enhancer(dark) for enhancer in enhancers)]
        cells = [f"{measure(picture):.2f}" for picture in pictures]
        print(f"| {scene} | {measured} |", " | ".join(cells), "|")
        rows.append(pictures)
    contact_sheet(rows, names, width=1200).save(args.output, quality=82)


def scenes():
    """Yield name, what is measured, its function, and the scene in full light and dark."""
    rng = np.random.default_rng(0)
    test = find_sample() / "test" / "high"
    coffee = read_image(test / "coffee_light_1_15.png")
    cat = read_image(test / "chelsea_light_1_15.png")

    edge = round(WINDOW * coffee.shape[1])
    backlit = darken(coffee, LIGHT, rng)
    backlit[:, edge:] = coffee[:, edge:]
    yield (
        "backlit",
        "mean luma of the dark part",
        lambda image: luma(image[:, :edge]).mean(),
        coffee,
        backlit,
    )
    yield "dark", "mean saturation", saturation, cat, darken(cat, LIGHT, rng)

    bar = round(BAR * cat.shape[0])
    framed = cat.copy()
    framed[:bar] = framed[-bar:] = 0
    yield (
        "letterbox",
        "mean luma of the bars",
        lambda image: luma(np.concatenate([image[:bar], image[-bar:]])).mean(),
        framed,
        darken(framed, LIGHT, rng),
    )


def luma(image):
    return image / 255 @ np.array(LUMA)


def saturation(image):
    """Mean of 1 − min / max of the channels: 0 for grey, 1 for a pure colour."""
    image = image.astype("float64")
    return 1 - (image.min(axis=-1) / np.maximum(image.max(axis=-1), 1)).mean()


if __name__ == "__main__":
    main()
