"""What ways to enhance do to a folder of photographs without references.

    python benchmarks/looks.py DIR [--weights NAME ...] [--output runs/looks] [--limit N]
    python benchmarks/looks.py DIR --blind zero_dce_general clahe    # pictures to judge
    python benchmarks/looks.py --score                               # what was preferred

The ways are the presets, or what `--weights` names, and beside them the untouched input,
CLAHE (scikit-image's, on HSV's value, clip limit .01) and a gamma that brings the mean
luma to .5 (exponent within [.3, 1]). A table is printed. `looks.json` has a row per
photograph and way, and each photograph becomes a sheet of all ways: the whole picture, and
below it a detail at its own size, from where the darker half varies most. Pixels "that
show" have an input luma above 12 levels. The columns:

- "1.5× brighter": photographs darker than .25 (mean luma) that gain half as much again;
- "saturation": mean of HSV's saturation, after ÷ before, over pixels that show; median;
- "hue": how far it turns, in degrees; the median over pixels that show and are coloured
  (largest − smallest channel at least 12 levels), if there are 500; median of those;
- "luma 1 %", "99.9 %": these percentiles of the result, in levels; medians;
- "black kept": of the photographs whose 1st percentile is 2 at most, those that keep it
  within 8;
- "clipped": pixels with a channel at 255 and none before, in percent; mean and largest;
- "halo": see `halo_index`; mean, in percent. 0 for the input and for any tone curve;
- "NIQE": lower is more natural; mean over the photographs that are large enough for it;
- "ms": enhancing alone, uint8 to uint8, after a first call of that size; median.

`--blind` writes each photograph enhanced in two ways, side by side in an order drawn by
lot, below the input. Write left, right or tie into `choices.csv`, do not look into
`key.json`, and call `--score`.
"""

import argparse
import csv
import json
import logging
import os
import random
import statistics
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from machine import describe_machine, table
from PIL import Image, ImageDraw, ImageFont

from zero_dce_keras import cli
from zero_dce_keras.errors import one_line
from zero_dce_keras.extras import require
from zero_dce_keras.files import replacing
from zero_dce_keras.images import list_images, read_image
from zero_dce_keras.images.luma import LUMA
from zero_dce_keras.models import list_presets

DARK, GAIN = 0.25, 1.5  # mean luma of a dark photograph, and what it shall gain
SHOWS, COLOURED, LEAST_COLOURED = 12, 12, 500
BLACK, KEPT = 2, 8  # levels of the 1st percentile, before and after

# The halo index, in pixels of a photograph whose longer side is 640.
EDGE_SHARE, EDGE_STEP, MOST_EDGES = 0.02, 10, 5000
NEAR, FAR = np.arange(2, 9), np.arange(16, 33, 2)

PICTURE, CROP, CROP_STEP = 480, 256, 16  # of a sheet
GAP, TITLE = 6, 24
CHOICES = "left", "right", "tie"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", metavar="DIR", help="the photographs")
    parser.add_argument(
        "--weights",
        nargs="+",
        metavar="NAME",
        help="what `load_model` opens (default: every preset)",
    )
    parser.add_argument("--output", type=Path, default="runs/looks", metavar="DIR")
    parser.add_argument("--limit", type=cli.positive, metavar="N", help="the first N")
    parser.add_argument(
        "--blind", nargs=2, metavar=("A", "B"), help="write pairs to choose from"
    )
    parser.add_argument("--score", action="store_true", help="count the choices")
    args = parser.parse_args(argv)
    blind = args.output / "blind"
    if args.score:
        try:
            print(table(count_choices(blind)))
        except (OSError, ValueError) as error:
            parser.error(one_line(error))
        return 0
    if args.folder is None:
        parser.error("the following arguments are required: DIR")
    try:
        paths = list_images(args.folder)[: args.limit]
    except OSError as error:
        parser.error(one_line(error))
    if not paths:
        parser.error(f"{args.folder}: no photographs in it")
    if args.blind and (blind / "choices.csv").exists():
        parser.error(
            f"{blind}: holds choices; move them away, or give another --output"
        )
    names = args.blind or ["input", "clahe", "gamma", *(args.weights or list_presets())]
    cli.start_backend()
    logging.getLogger("tensorflow").setLevel(
        "ERROR"
    )  # a size a photograph: it retraces
    try:
        ways = {name: open_way(name) for name in names}
    except (OSError, ValueError) as error:
        parser.error(one_line(error))
    if args.blind:
        write_pairs(paths, ways, blind)
        print(f"{blind}: {len(paths)} pairs; fill in choices.csv, then --score")
        return 0

    rows = []
    for path in paths:
        before, title = read_image(path), title_of(path, paths)
        photograph, images = Input(before), {}
        for name, way in ways.items():
            images[name] = way(before)
            measures = photograph.measure(images[name])
            rows.append(
                {"photograph": title, "way": name, **measures, "ms": way.milliseconds}
            )
        save(make_sheet(images, find_detail(photograph.luma)), args.output, title, 88)
        print(f"{title}: done", file=sys.stderr)
    summary = [summarize(name, rows) for name in ways]
    machine = describe_machine()
    with replacing(args.output / "looks.json") as temporary:
        content = {"machine": machine, "ways": summary, "rows": rows}
        temporary.write_text(json.dumps(content, indent=1))
    print("- " + ", ".join(f"{name} {value}" for name, value in machine.items()))
    print(f"- photographs: {len(paths)} of {args.folder}\n")
    print(table(summary))
    return 0


def open_way(name):
    """A `Method` by its name, or by what `load_model` opens."""
    from zero_dce_keras.evaluation import CLASSICAL, Method, open_methods

    if name in CLASSICAL:
        return Method(CLASSICAL[name])
    return open_methods({name: name})[name]


class Input:
    """A photograph, and what the measures of every way need of it."""

    def __init__(self, image):
        self.image = image
        self.luma = image @ np.array(LUMA)
        self.hue, self.saturation, self.chroma = hue_saturation_chroma(image)
        self.is_clipped = (image == 255).any(-1)
        self.edges = find_edges(self.luma)

    def measure(self, image):
        """The measures of a result: a dict of numbers, None for what is not defined."""
        from zero_dce_keras.metrics.niqe import niqe

        luma = image @ np.array(LUMA)
        hue, saturation, chroma = hue_saturation_chroma(image)
        shows = self.luma > SHOWS
        coloured = shows & (self.chroma >= COLOURED) & (chroma > 0)
        turned = np.abs((hue - self.hue + 180) % 360 - 180)[coloured]
        before = self.saturation[shows].mean() if shows.any() else 0
        clipped = (image == 255).any(-1) & ~self.is_clipped
        try:
            naturalness = niqe(image)
        except ValueError:  # too small, or too flat
            naturalness = None
        measures = {
            "luma_before": self.luma.mean() / 255,
            "gain": luma.mean() / max(self.luma.mean(), 0.5),
            "saturation": saturation[shows].mean() / before if before > 1e-3 else None,
            "hue": np.median(turned) if len(turned) >= LEAST_COLOURED else None,
            "low_before": np.percentile(self.luma, 1),
            "low": np.percentile(luma, 1),
            "high": np.percentile(luma, 99.9),
            "clipped": 100 * clipped.mean(),
            "halo": halo_index(self.luma, luma, self.edges),
            "niqe": naturalness,
        }
        return {k: None if v is None else float(v) for k, v in measures.items()}


def hue_saturation_chroma(image):
    """HSV's hue in degrees and saturation in [0, 1], and largest − smallest channel."""
    image = image.astype("float32")
    red, green, blue = np.moveaxis(image, -1, 0)
    largest = image.max(-1)
    chroma = largest - image.min(-1)
    divisor = np.maximum(chroma, 1)
    hue = np.select(
        [largest == red, largest == green],
        [(green - blue) / divisor % 6, (blue - red) / divisor + 2],
        (red - green) / divisor + 4,
    )
    return 60 * hue, chroma / np.maximum(largest, 1), chroma


def find_edges(luma):
    """Where an image has strong edges, and the pixels beside them.

    Strong are the 2 % of pixels with the steepest luma, after a blur of 1 pixel, across
    which it rises by 10 levels at least, from the mean of the near pixels on the dark
    side to that on the bright side: 2 to 8 pixels away, along the gradient. Far pixels
    are 16 to 32 away. Lengths grow with photographs larger than 640 pixels.

    Returns:
        Indices into the flat image, one array (edges, distances) for each of near bright,
        far bright, near dark, far dark; None if there are no such edges.
    """
    scale = max(1, max(luma.shape) / 640)
    smooth = require("skimage.filters").gaussian(luma, scale, preserve_range=True)
    slope = np.stack(np.gradient(smooth), axis=-1)  # (H, W, 2)
    steepness = np.hypot(*np.moveaxis(slope, -1, 0))
    strong = steepness >= max(np.quantile(steepness, 1 - EDGE_SHARE), 1e-3)
    places = np.argwhere(strong)  # (edges, 2)
    normals = slope[strong] / steepness[strong][:, None]

    def away(distances):
        steps = scale * distances[:, None] * normals[:, None]  # (edges, distances, 2)
        return np.rint(places[:, None] + steps).astype(int)

    bands = [away(distances) for distances in (NEAR, FAR, -NEAR, -FAR)]
    inside = [((band >= 0) & (band < luma.shape)).all((1, 2)) for band in bands]
    kept = np.all(inside, axis=0)
    bands = [
        np.ravel_multi_index(np.moveaxis(b[kept], -1, 0), luma.shape) for b in bands
    ]
    bright, _, dark, _ = bands
    kept = luma.flat[bright].mean(1) - luma.flat[dark].mean(1) >= EDGE_STEP
    every = -(-np.count_nonzero(kept) // MOST_EDGES)
    return [band[kept][::every] for band in bands] if every else None


def halo_index(before, after, edges):
    """How much brighter and darker than it should be a result is beside strong edges.

    What it should be is one tone curve for the whole photograph: the result's mean luma
    at each level of the input. What the result has beyond that curve is compared near
    the edge and farther away on the same side (see `find_edges`): a halo is brighter
    near the edge on the bright side, and darker on the dark side. The index is the mean
    of the two in percent of the step of the tone curve across the edge, over all edges:

        50 · Σ ((near − far) on the bright side + (far − near) on the dark side) / Σ step

    Args:
        before, after: luma of input and result, float arrays (H, W) in levels.
        edges: what `find_edges` returns.

    Returns:
        float, 0 for an image that follows a tone curve; None without edges.
    """
    if edges is None:
        return None
    level = np.rint(before).astype(int).ravel()
    counts = np.bincount(level)
    used = counts > 0
    curve = [
        np.bincount(level, luma.ravel())[used] / counts[used]
        for luma in (before, after)
    ]
    expected = np.interp(before, *curve)
    beyond = after - expected
    bright, far_bright, dark, far_dark = (beyond.flat[band].mean(1) for band in edges)
    halo = np.sum(bright - far_bright + far_dark - dark)
    step = np.sum(expected.flat[edges[0]].mean(1) - expected.flat[edges[2]].mean(1))
    return 50 * halo / step if step > 0 else None


def summarize(name, rows):
    """A row of the table."""
    rows = [row for row in rows if row["way"] == name]
    dark = [row["gain"] >= GAIN for row in rows if row["luma_before"] < DARK]
    black = [row["low"] <= KEPT for row in rows if row["low_before"] <= BLACK]

    def over(statistic, key, form):
        values = [row[key] for row in rows if row[key] is not None]
        return format(statistic(values), form) if values else ""

    median, mean = statistics.median, statistics.mean
    return {
        "way": f"`{name}`",
        f"{GAIN}× brighter": share(dark),
        "saturation": over(median, "saturation", ".2f"),
        "hue, °": over(median, "hue", ".1f"),
        "luma 1 %": over(median, "low", ".0f"),
        "99.9 %": over(median, "high", ".0f"),
        "black kept": share(black),
        "clipped, %": over(mean, "clipped", ".2f"),
        "largest": over(max, "clipped", ".1f"),
        "halo, %": over(mean, "halo", "z.1f"),
        "NIQE": over(mean, "niqe", ".2f"),
        "ms": over(median, "ms", ".3g"),
    }


def share(values):
    return f"{sum(values) / len(values):.0%} of {len(values)}" if values else ""


def title_of(path, paths):
    """A photograph's name, without its suffix if that is enough."""
    stems = Counter(other.stem for other in paths)
    return path.stem if stems[path.stem] == 1 else path.name


def find_detail(luma):
    """The square of 256×256 whose dark pixels vary most, as (top, left, height, width).

    Dark pixels are those of the median luma at most. Squares lie every 16 pixels; those
    that are less than half dark do not count, if another one is not.
    """
    height, width = (min(CROP, side) for side in luma.shape)
    dark = luma <= np.median(luma)

    def sums(values):  # over every square
        total = np.pad(values.astype(float), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
        rows, columns = total[height:] - total[:-height], slice(None, None, CROP_STEP)
        return (rows[:, width:] - rows[:, :-width])[columns, columns]

    count = sums(dark)
    divisor = np.maximum(count, 1)
    variance = sums(dark * luma**2) / divisor - (sums(dark * luma) / divisor) ** 2
    variance[count < min(height * width / 2, count.max())] = -1
    top, left = np.unravel_index(variance.argmax(), variance.shape)
    return CROP_STEP * int(top), CROP_STEP * int(left), height, width


def make_sheet(images, detail):
    """All ways in a row, whole and below it the detail; a PIL image."""
    top, left, height, width = detail
    columns = []
    for name, image in images.items():
        picture = Image.fromarray(image)
        picture.thumbnail((PICTURE, PICTURE))
        crop = Image.fromarray(image[top : top + height, left : left + width])
        columns.append((Path(name).name, picture, crop))
    cell = max(max(picture.width, crop.width) for _, picture, crop in columns) + GAP
    below = TITLE + columns[0][1].height + GAP
    sheet = Image.new("RGB", (cell * len(columns), below + height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=15)
    for index, (title, picture, crop) in enumerate(columns):
        draw.text((index * cell, 2), title, fill="black", font=font)
        sheet.paste(picture, (index * cell, TITLE))
        sheet.paste(crop, (index * cell, below))
    return sheet


def save(picture, directory, title, quality):
    with replacing(directory / f"{title}.jpg") as temporary:
        picture.save(temporary, quality=quality)


def write_pairs(paths, ways, directory):
    """Write a picture per photograph without names, the key, and an empty list."""
    lot = random.Random(os.urandom(16))
    key = {}
    for path in paths:
        image, title = read_image(path), title_of(path, paths)
        sides = lot.sample(list(ways), 2)
        pair = [Image.fromarray(ways[name].enhance(image)) for name in sides]
        before = Image.fromarray(image)
        before.thumbnail((PICTURE, PICTURE))
        width, height = pair[0].size
        total = max(2 * width + GAP, before.width)
        sheet = Image.new("RGB", (total, before.height + GAP + height), "white")
        sheet.paste(before, ((total - before.width) // 2, 0))
        for index, picture in enumerate(pair):
            sheet.paste(picture, (index * (width + GAP), before.height + GAP))
        save(sheet, directory, title, 95)
        key[title] = dict(zip(("left", "right"), sides, strict=True))
    with replacing(directory / "key.json") as temporary:
        temporary.write_text(json.dumps(key, indent=1))
    with (
        replacing(directory / "choices.csv") as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        csv.writer(file).writerows(
            [("photograph", "choice"), *((title, "") for title in key)]
        )


def count_choices(directory):
    """Rows that say how often each way was preferred; a tie is half a preference."""
    key = json.loads((directory / "key.json").read_text(encoding="utf-8"))
    with (directory / "choices.csv").open(newline="", encoding="utf-8") as file:
        choices = {
            row["photograph"]: row["choice"].strip() for row in csv.DictReader(file)
        }
    choices = {title: choice for title, choice in choices.items() if choice}
    for title, choice in choices.items():
        if choice not in CHOICES or title not in key:
            raise ValueError(
                f"choices.csv: the choice must be {', '.join(CHOICES)}, of a photograph "
                f"of key.json. Received: {choice} for {title}"
            )
    if not choices:
        raise ValueError(f"{directory / 'choices.csv'}: no choices in it yet")
    preferred = {name: 0 for sides in key.values() for name in sorted(sides.values())}
    for title, choice in choices.items():
        for side, name in key[title].items():
            preferred[name] += 0.5 if choice == "tie" else float(choice == side)
    ties = list(choices.values()).count("tie")
    return [
        {
            "way": f"`{name}`",
            "preferred": f"{count / len(choices):.0%}",
            "times, ties half": f"{count:g} of {len(choices)}",
            "ties": ties,
        }
        for name, count in preferred.items()
    ]


if __name__ == "__main__":
    sys.exit(cli.run(main))
