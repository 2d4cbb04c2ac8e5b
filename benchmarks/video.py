"""Enhancing a video of 1280×720: frames a second, the stages' shares, and flicker.

.venv/bin/python benchmarks/video.py
.venv/bin/python benchmarks/video.py --clock cpu    # where other processes run too
"""

import argparse
import contextlib
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import av
import numpy as np
from machine import CLOCKS, parse_options, peak_memory, report

from zero_dce_keras import EnhanceOptions, Enhancer
from zero_dce_keras.video import VideoReader, enhance_video
from zero_dce_keras.video.smoothing import smoothing_of
from zero_dce_keras.video.writer import CODECS
from zero_dce_keras.video.yuv import Yuv

CLIP = "../shared/data/video/night_city.mp4"
SIZE = 1280, 720
LARGE = 1920, 1080  # that memory is measured on
FRAMES = 60  # that the stages are timed on, each alone
STATIC_FRAMES = 60
READ_NOISE, SHOT_NOISE = 2.0, 0.5  # variance of a level: READ_NOISE² + SHOT_NOISE·level


def main():
    parser = parse_options(__doc__, repeats=3)
    parser.add_argument("--video", default=CLIP, help="what is scaled (%(default)s)")
    parser.add_argument("--weights", default="zero_dce_general", help="(%(default)s)")
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    enhancer = Enhancer.from_preset(options.weights)
    if options.memory_of:
        print(json.dumps(memory_of(enhancer, *options.memory_of)))
        return
    with tempfile.TemporaryDirectory() as directory:
        clip, target = Path(directory, "clip.mp4"), Path(directory, "enhanced.mp4")
        scale(options.video, clip)
        stages = time_stages(enhancer, clip, options)
        whole, shared, rate = time_whole(enhancer, clip, target, options)
        scale(options.video, clip, LARGE)
        memory = [__file__, "--weights", options.weights, "--memory-of", clip, target]
        memory = subprocess.run(
            [sys.executable, *memory], check=True, stdout=subprocess.PIPE
        ).stdout
    total = sum(stages.values())
    rows = [
        {"stage": name, "ms a frame": f"{ms:.1f}", "share": f"{ms / total:.0%}"}
        for name, ms in stages.items()
    ]
    rows.append({"stage": "one after the other", "ms a frame": f"{total:.1f}"})
    rows.append({"stage": "all at once", "ms a frame": f"{whole:.1f}"})
    rows.append(
        {"stage": "the same, cores share a frame", "ms a frame": f"{shared:.1f}"}
    )
    rows = [{"share": "", **row} for row in rows]
    rows = [{key: row[key] for key in ("stage", "ms a frame", "share")} for row in rows]
    flicker = measure_flicker(enhancer, options.video)
    report(
        rows,
        options,
        pyav=av.__version__,
        weights=options.weights,
        frames_a_second=f"{1000 / whole:.1f} by the {options.clock} clock, {rate:.1f} "
        "as the wall clock saw them",
        memory=f"{json.loads(memory):.0f} MB above the loaded model's, at 1920×1080",
        flicker="standard deviation of the mean over that of the input times the gain: "
        + ", ".join(f"{ratio:.2f} {name}" for name, ratio in flicker.items()),
    )


def scale(source, target, size=SIZE):
    """A video at a size, as a camera might have written it."""
    with av.open(str(source)) as original, av.open(str(target), "w") as scaled:
        stream = original.streams.video[0]
        stream.thread_type = "AUTO"
        options = {"crf": "18", "preset": "fast"}
        video = scaled.add_stream("libx264", stream.average_rate, options)
        video.codec_context.width, video.codec_context.height = size
        for frame in original.decode(stream):
            scaled.mux(video.encode(frame.reformat(*size, "yuv420p")))
        scaled.mux(video.encode())


def time_stages(enhancer, clip, options):
    """{stage: milliseconds a frame}, each stage alone on the same frames."""
    now, compiled = CLOCKS[options.clock], enhancer.compiled
    rounds = []
    for _ in range(options.repeats + 1):  # the first compiles
        marks = [now()]
        reader, frames = VideoReader(clip), []
        for frame, _ in reader:
            frames.append(frame)
            if len(frames) == FRAMES:
                break
        reader.close()
        marks.append(now())
        yuv = Yuv.of(frames[0])
        pictures = [yuv.to_rgb(frame) for frame in frames]
        marks.append(now())
        smooth = smoothing_of(compiled)
        gains = [smooth(compiled.gains(rgb), rgb, 1 / 30) for rgb in pictures]
        marks.append(now())
        pairs = zip(pictures, gains, strict=True)
        pictures = [compiled(rgb, EnhanceOptions(gains=one)) for rgb, one in pairs]
        marks.append(now())
        enhanced = [yuv.to_frame(rgb) for rgb in pictures]
        marks.append(now())
        encode(enhanced, frames)
        marks.append(now())
        rounds.append(np.diff(marks) / len(frames) * 1e3)
    names = "decode", "to RGB", "gains", "enhance", "to 4:2:0", "encode"
    return dict(zip(names, np.median(rounds[1:], axis=0), strict=True))


def encode(frames, originals):
    encoder, crf, settings = CODECS["h264"]
    with av.open(io.BytesIO(), "w", format="matroska") as container:
        stream = container.add_stream(encoder, 30, {**settings, "crf": str(crf)})
        stream.codec_context.width = frames[0].width
        stream.codec_context.height = frames[0].height
        for frame, original in zip(frames, originals, strict=True):
            frame.pts, frame.time_base = original.pts, original.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def time_whole(enhancer, clip, target, options):
    """Milliseconds a frame of a whole run: as it is, and with cores that share a frame.

    And frames a second of the first by the wall clock.
    """
    now, times, rates = CLOCKS[options.clock], {False: [], True: []}, []
    for _ in range(options.repeats):
        for share, milliseconds in times.items():
            workers = mock.patch.object(type(enhancer.compiled), "workers", 1)
            with workers if share else contextlib.nullcontext():
                wall, start = time.perf_counter(), now()
                done = enhance_video(enhancer, clip, target, overwrite=True)
                milliseconds.append((now() - start) / done.num_frames * 1e3)
            if not share:
                rates.append(done.num_frames / (time.perf_counter() - wall))
    return *map(statistics.median, times.values()), statistics.median(rates)


def memory_of(enhancer, clip, target):
    """MB that a video takes at its peak, in a process that has done nothing before."""
    enhancer(np.full((64, 64, 3), 20, "uint8"))  # Numba is loaded
    before = peak_memory()
    enhance_video(enhancer, clip, target, overwrite=True)
    return peak_memory() - before


def measure_flicker(enhancer, video):
    """{how: ratio} on a static clip: one picture of the video, with a camera's noise."""
    reader = VideoReader(video)
    frame, _ = next(iter(reader))
    reader.close()
    picture = Yuv.of(frame).to_rgb(frame.reformat(*SIZE, "yuv420p")).astype("float32")
    sigma = np.sqrt(READ_NOISE**2 + SHOT_NOISE * picture)
    smooth, rng = smoothing_of(enhancer.compiled), np.random.default_rng(0)
    means = {"input": [], "each frame by itself": [], "smoothed": []}
    for _ in range(STATIC_FRAMES):
        noise = rng.standard_normal(picture.shape, dtype="float32")
        rgb = np.clip(picture + sigma * noise, 0, 255).astype("uint8")
        gains = enhancer.compiled.gains(rgb)
        means["input"].append(rgb.mean())
        means["each frame by itself"].append(
            enhancer.compiled(rgb, EnhanceOptions(gains=gains)).mean()
        )
        gains = smooth(gains, rgb, 1 / 30)
        means["smoothed"].append(
            enhancer.compiled(rgb, EnhanceOptions(gains=gains)).mean()
        )
    before = np.array(means.pop("input"))
    return {
        name: np.std(after) / np.std(before) * before.mean() / np.mean(after)
        for name, after in means.items()
    }


if __name__ == "__main__":
    main()
