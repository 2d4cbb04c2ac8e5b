"""The stages of the fast path at 1920×1080, and other ways to compute them.

.venv/bin/python benchmarks/fast_ways.py

Each stage as `FastEnhancer` computes it, and by the layers that a `ZeroDCEPlusPlus` has
for it, under `tf.function` and under XLA.
"""

import functools

import numpy as np
import tensorflow as tf
from enhance import SIZES, photo
from machine import alternate, parse_options, report

from zero_dce_keras import EnhanceOptions, Enhancer

PRESET = "zero_dce_plus_plus_lol"


def main():
    options = parse_options(__doc__, repeats=9).parse_args()
    fast = Enhancer.from_preset(PRESET).fast
    rows = []
    for stage, ways in {**metering(fast), **others(fast)}.items():
        seconds = alternate(ways, options.repeats, options.clock, warm_up=2)
        own = seconds["this package"]
        rows += [
            {
                "stage": stage,
                "way": way,
                "ms": f"{1e3 * value:.2f}",
                "× this package": f"{value / own:.2f}",
            }
            for way, value in seconds.items()
        ]
    report(rows, options, weights=PRESET, size="1920×1080")


def metering(fast):
    """The photograph's statistics."""
    image, floats = inputs()
    layers = by_layers(lambda images: fast.model.gains(images / 255), floats)
    return {"metering": {"this package": lambda: fast.gains(image), **layers}}


def others(fast):
    """From the statistics to the picture."""
    image, floats = inputs()
    model = fast.model
    gains = fast.gains(image)
    curves = fast.curves(image, EnhanceOptions(gains=gains))
    images, _ = model.estimate(floats / 255)
    maps = tf.constant(curves.maps.transpose(0, 2, 1)[None])  # planes, as channels
    small = np.zeros(maps.shape[1:], "float32")
    out = np.empty_like(image)

    def prepare(images):
        filtered = model.denoising_filter(images / 255)
        normal = model.exposure_normalization.apply_gains(
            filtered, gains.reshape(1, 1, 1, 8), images / 255
        )
        return normal, model._shrink(normal)

    def apply(maps, images):
        curve = model._stretch(maps, images)
        enhanced = model.get_enhanced_image(images, curve)
        return tf.cast(tf.round(255 * enhanced), "uint8")

    prepared = np.empty((image.shape[0], 3, image.shape[1]), "uint16")

    return {
        "filter, exposure, shrinking": {
            "this package": lambda: fast.prepare(image, True, gains, prepared),
            "this package, without the filter": lambda: fast.prepare(
                image, False, gains, prepared
            ),
            **by_layers(prepare, floats),
        },
        "network": {
            "this package": lambda: fast.network(small),
            **by_layers(model.dce_model, tf.constant(small[None])),
        },
        "stretching, curves": {
            "this package": lambda: curves.apply(out=out),
            "this package, 1 iteration": lambda: curves.apply(1, out=out),
            **by_layers(apply, maps, images),
        },
        "all": {
            "this package": lambda: fast(image, out=out),
            "this package, without the filter": lambda: fast(
                image, EnhanceOptions(denoise=False), out
            ),
            "a copy of the image": lambda: np.copyto(out, image),
        },
    }


@functools.cache
def inputs():
    """The photograph, as it comes and as the layers take it."""
    image = photo(*SIZES["1920×1080"])
    return image, tf.constant(image[None], "float32")


def by_layers(function, *arguments):
    """What the layers take, under `tf.function` and under XLA."""
    plain, xla = tf.function(function), tf.function(function, jit_compile=True)
    return {
        "layers, tf.function": lambda: as_numpy(plain(*arguments)),
        "layers, XLA": lambda: as_numpy(xla(*arguments)),
    }


def as_numpy(results):
    return [each.numpy() for each in tf.nest.flatten(results)]


if __name__ == "__main__":
    main()
