"""How bright the night clip is after 1 to 12 iterations, and a strip of pictures.

.venv/bin/python tools/iterations_table.py                              # the table
.venv/bin/python tools/iterations_table.py --strip docs/iterations.jpg  # and pictures

The strip is made from the embedded sample: the clip may not be published.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from zero_dce_keras import Enhancer
from zero_dce_keras.data.sample import find_sample
from zero_dce_keras.images import read_image
from zero_dce_keras.images.luma import LUMA
from zero_dce_keras.video import VideoReader
from zero_dce_keras.video.yuv import Yuv

CLIP = "../shared/data/video/night_city.mp4"
WEIGHTS = ["zero_dce_lol", "../shared/data/official/zero_dce_Epoch99.pth"]
SIZE, EVERY = (960, 540), 30  # of the frames, and how many apart
ITERATIONS = range(13)
CLIPPED = 254  # a pixel with a channel as bright as this has lost its colour
STRIP = 0, 1, 2, 4, 6, 7, 8, 12
PHOTOGRAPH, HEIGHT = "coffee_light_1_15.png", 160


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--video", default=CLIP, help="(%(default)s)")
    parser.add_argument("--weights", nargs="+", default=WEIGHTS, help="(%(default)s)")
    parser.add_argument("--strip", metavar="FILE", help="where to write the pictures")
    args = parser.parse_args()
    enhancers = [Enhancer.from_preset(weights) for weights in args.weights]
    frames = read_frames(args.video)
    columns = [measure(enhancer, frames) for enhancer in enhancers]
    names = [Path(weights).stem for weights in args.weights]
    heads = [f"{name}: mean luma | clipped pixels" for name in names]
    print(f"{len(frames)} frames of {args.video}\n")
    print("| iterations |", " | ".join(heads), "|")
    print("| --- |" + " --- | --- |" * len(heads))
    for iterations, *cells in zip(ITERATIONS, *columns, strict=True):
        print(f"| {iterations} |", " | ".join(cells), "|")
    if args.strip:
        rows = [strip_row(enhancer) for enhancer in enhancers]
        Image.fromarray(np.concatenate(rows)).save(args.strip, quality=90)


def read_frames(video):
    reader = VideoReader(video)
    frames = [frame for frame, _ in reader if frame is not None][::EVERY]
    reader.close()
    yuv = Yuv.of(frames[0])
    return [yuv.to_rgb(frame.reformat(*SIZE, "yuv420p")) for frame in frames]


def measure(enhancer, frames):
    """A cell of the table for every number of iterations."""
    curves = [enhancer.curves(frame) for frame in frames]
    cells = []
    for iterations in ITERATIONS:
        pictures = np.stack([one.apply(iterations) for one in curves])
        luma = (pictures @ np.float32(LUMA)).mean()
        clipped = (pictures.max(axis=-1) >= CLIPPED).mean()
        cells.append(f"{luma:.1f} | {clipped:.2%}")
    return cells


def strip_row(enhancer):
    """A dark photograph of the sample after 0 to 12 iterations, side by side."""
    photograph = read_image(find_sample() / "test" / "low" / PHOTOGRAPH)
    curves = enhancer.curves(photograph)
    pictures = []
    for iterations in STRIP:
        picture = Image.fromarray(curves.apply(iterations))
        picture.thumbnail((10_000, HEIGHT))
        ImageDraw.Draw(picture).text((6, 4), str(iterations), "white", font_size=20)
        pictures.append(np.asarray(picture))
    return np.concatenate(pictures, axis=1)


if __name__ == "__main__":
    main()
