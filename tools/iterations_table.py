"""How bright the night clip is after 1 to 12 iterations, and a strip of pictures.

.venv/bin/python tools/iterations_table.py                              # the table
.venv/bin/python tools/iterations_table.py --strip docs/iterations.jpg  # and pictures

The strip is made from the embedded sample: the clip is not ours to publish.
"""

import argparse

import numpy as np
from PIL import Image, ImageDraw

from zero_dce_keras import Enhancer
from zero_dce_keras.data.sample import find_sample
from zero_dce_keras.images import read_image
from zero_dce_keras.images.video import VideoReader
from zero_dce_keras.images.yuv import Yuv

CLIP = "../shared/data/video/night_city.mp4"
EVERY = 30  # frames
ITERATIONS = range(13)
LUMA = np.float32([0.299, 0.587, 0.114])
CLIPPED = 254  # a pixel with a channel as bright as this has lost its colour
STRIP = 0, 1, 2, 4, 6, 7, 8, 12
PHOTOGRAPH, HEIGHT = "coffee_15.png", 160


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--video", default=CLIP, help="(%(default)s)")
    parser.add_argument("--weights", default="zero_dce_lol", help="(%(default)s)")
    parser.add_argument("--strip", metavar="FILE", help="where to write the pictures")
    args = parser.parse_args()
    enhancer = Enhancer.from_preset(args.weights)
    frames = read_frames(args.video)
    curves = [enhancer.fast.curves(frame) for frame in frames]
    print(f"{args.weights}, {len(frames)} frames of {args.video}\n")
    print("| iterations | mean luma | clipped pixels |")
    print("| --- | --- | --- |")
    for iterations in ITERATIONS:
        pictures = np.stack([one.apply(iterations) for one in curves])
        luma = (pictures @ LUMA).mean()
        clipped = (pictures.max(axis=-1) >= CLIPPED).mean()
        print(f"| {iterations} | {luma:.1f} | {clipped:.2%} |")
    if args.strip:
        draw_strip(enhancer).save(args.strip, quality=90)


def read_frames(video):
    reader = VideoReader(video)
    frames = [frame for frame, _ in reader if frame is not None][::EVERY]
    reader.close()
    return [Yuv.of(frame).to_rgb(frame) for frame in frames]


def draw_strip(enhancer):
    """A dark photograph of the sample after 0 to 12 iterations, side by side."""
    photograph = read_image(find_sample() / "test" / "low" / PHOTOGRAPH)
    curves = enhancer.fast.curves(photograph)
    pictures = []
    for iterations in STRIP:
        picture = Image.fromarray(curves.apply(iterations))
        picture.thumbnail((10_000, HEIGHT))
        ImageDraw.Draw(picture).text((6, 4), str(iterations), "white", font_size=20)
        pictures.append(np.asarray(picture))
    half = len(pictures) // 2
    rows = [np.concatenate(pictures[i : i + half], axis=1) for i in (0, half)]
    return Image.fromarray(np.concatenate(rows))


if __name__ == "__main__":
    main()
