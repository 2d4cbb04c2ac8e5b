"""What the profile of a wide gamut changes in what the network does.

The photographs of the sample are encoded as a camera set to a wide gamut would, enhanced
so, and turned back to sRGB; beside them the same photographs enhanced as sRGB. The PSNR
between the two is given for pixels as the profile encodes them, and for what `enhance`
does: the profile's primaries with sRGB's tone curve.

    python benchmarks/wide_gamut.py [--weights zero_dce_general]
"""

import argparse
import sys

import numpy as np

from zero_dce_keras import cli
from zero_dce_keras.data.sample import find_sample
from zero_dce_keras.images import (
    Photograph,
    linear_to_srgb,
    list_images,
    srgb_to_linear,
    to_float,
    to_uint8,
)

# Chromaticities of red, green, blue and white, and the encoding of linear light:
# sRGB's, or a power. ProPhoto's white is D50; it is moved to D65 by scaling, as here
# only the way there and back counts.
D65 = (0.3127, 0.3290)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65)
PROFILES = {
    "sRGB": (SRGB, None),
    "Display P3": (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65), None),
    "Adobe RGB": (((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65), 563 / 256),
    "ProPhoto RGB": (((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), D65), 1.8),
}


def to_xyz(chromaticities):
    """Matrix from linear RGB to XYZ, by the primaries and the white."""
    x, y = np.array(chromaticities).T
    primaries = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    scale = np.linalg.solve(primaries[:, :3], primaries[:, 3])
    return primaries[:, :3] * scale


def encode(linear, power):
    linear = np.clip(linear, 0, 1)
    return linear_to_srgb(linear) if power is None else linear ** (1 / power)


def decode(encoded, power):
    return srgb_to_linear(encoded) if power is None else encoded**power


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="zero_dce_general")
    args = parser.parse_args(argv)
    cli.start_backend("cpu")
    from zero_dce_keras import Enhancer, calculate_psnr

    enhancer = Enhancer.from_preset(args.weights)
    paths = list_images(find_sample() / "test" / "low")
    scores = {name: ([], []) for name in PROFILES}
    for path in paths:
        image = to_float(Photograph.read(path).pixels).astype("float64")
        expected = to_uint8(enhancer(image))
        for name, (primaries, own_power) in PROFILES.items():
            matrix = np.linalg.solve(to_xyz(primaries), to_xyz(SRGB))
            linear = srgb_to_linear(image) @ matrix.T
            for power, values in zip((own_power, None), scores[name], strict=True):
                enhanced = decode(enhancer(encode(linear, power)), power)
                back = encode(enhanced @ np.linalg.inv(matrix).T, None)
                values.append(calculate_psnr(expected, to_uint8(back)))
    print(
        f"{len(paths)} photographs, {args.weights}; mean PSNR to enhancing as sRGB, dB"
    )
    print(f"{'profile':14}{'own tone curve':>16}{'tone curve of sRGB':>20}")
    for name, (own, as_srgb) in scores.items():
        print(f"{name:14}{np.mean(own):16.1f}{np.mean(as_srgb):20.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
