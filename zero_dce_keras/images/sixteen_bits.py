"""Reading PNG and TIFF of 16 bits a channel, which Pillow reduces to 8.

No further package is needed: Pillow unpacks 16-bit samples to their high bytes or, with
the raw mode of the other byte order, to their low bytes. OpenCV would weigh 61 MB,
imagecodecs 26 MB, and tifffile cannot read LZW without it.
"""

import sys

import numpy as np
from PIL import Image, TiffImagePlugin

from zero_dce_keras.images.unsupported_image_error import UnsupportedImageError

OTHER_ORDER = {
    "B": "L",
    "L": "B",
    "N": "B" if sys.byteorder == "little" else "L",
}
SAMPLE_FORMAT, SIGNED = 339, 2  # of a TIFF


def read_sixteen_bits(file, image):
    """Return the samples of a PNG or TIFF of 16 bits, as stored.

    Args:
        file: the binary file that `image` was opened from.
        image: PIL image of the file, not yet decoded.

    Returns:
        uint16 array of shape (H, W, 2), (H, W, 3) or (H, W, 4), not yet upright; None
        if the image is something else, which Pillow reads in full depth.

    Raises:
        UnsupportedImageError: 16-bit samples in an arrangement that Pillow cannot unpack.
    """
    raw_mode = _raw_mode(image)
    if image.mode == "I;16" and image.format == "TIFF":
        return _grey_of_tiff(image)
    is_tiff = image.format == "TIFF"
    if is_tiff and SIGNED in image.tag_v2.get(SAMPLE_FORMAT, ()):
        raise UnsupportedImageError("samples with a sign have no defined white")
    if is_tiff and raw_mode in tuple("RGBA") and _bits(image) > 8:
        raise UnsupportedImageError(
            "its 16-bit channels lie apart; save it again with them together"
        )
    if raw_mode == "LA;16B":  # a pixel of 4 bytes is as good as RGBA of 8 bits
        return _unpack(file, image, "RGBA", "RGBA").view(">u2").astype("uint16")
    colors, _, order = raw_mode.partition(";16")
    is_multiplied = colors == "RGBa" and bool(order)
    if is_multiplied:
        colors, raw_mode = "RGBA", f"RGBA;16{order}"
    if colors not in ("RGB", "RGBX", "RGBA") or order not in OTHER_ORDER:
        return None
    pixels = _unpack(file, image, image.mode, raw_mode).astype("uint16") << 8
    pixels |= _unpack(file, image, image.mode, f"{colors};16{OTHER_ORDER[order]}")
    return straight(pixels) if is_multiplied else pixels


def straight(pixels):
    """Return pixels whose colours are no longer multiplied by their alpha.

    Args:
        pixels: uint8 or uint16 array `(H, W, 2 to 4)`, alpha last.

    Example:
        >>> straight(np.uint8([[[50, 100, 0, 128]]])).tolist()
        [[[100, 199, 0, 128]]]
    """
    white = np.iinfo(pixels.dtype).max
    alpha = pixels[..., -1:].astype("float32")
    colors = pixels[..., :-1] * (white / np.maximum(alpha, 1))
    colors = np.rint(np.minimum(colors, white)).astype(pixels.dtype)
    return np.concatenate([colors, pixels[..., -1:]], axis=-1)


def to_sixteen_bits(samples, bits):
    """Return samples of 8 or 16 bits, and notes.

    Args:
        samples: array of unsigned integers or floats.
        bits: int, how many of a sample are used: white is 2**bits - 1, or 1.0.

    Raises:
        UnsupportedImageError: samples without a defined white.
    """
    if samples.dtype.kind == "f":
        samples = samples.astype("float32")
        least, most = float(samples.min()), float(samples.max())
        if not 0 <= least <= most <= 1:
            raise UnsupportedImageError(
                f"its float samples go from {least:.3g} to {most:.3g}: only those in "
                "[0, 1] have a defined white"
            )
        note = f"its floats of {bits} bits are read as 16 bits, 1 as white"
        return np.rint(65535 * samples).astype("uint16"), [note]
    if samples.dtype.kind != "u" or samples.dtype.itemsize > 4:
        raise UnsupportedImageError(f"samples of type {samples.dtype} have no white")
    if samples.dtype == np.uint32:
        note = f"of its {bits} bits the first 16 are read"
        return (samples >> max(bits - 16, 0)).astype("uint16"), [note]
    if 8 < bits < 16:
        return scaled(samples, 2**bits - 1), []
    return samples, []


def scaled(samples, most):
    """Return integers of at most 16 bits, of which `most` is white, as uint16.

    By a table: floats of a large photograph would take gigabytes.

    Example:
        >>> scaled(np.uint16([0, 512, 1023]), 1023).tolist()
        [0, 32800, 65535]
    """
    table = np.rint(np.minimum(np.arange(65536), most) * (65535 / most))
    return table.astype("uint16")[samples]


def _grey_of_tiff(image):
    """Return grey of more than 8 bits, scaled to 16, black as 0."""
    bits = _bits(image)
    photometric = image.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION)
    image.load()
    grey, _ = to_sixteen_bits(np.asarray(image).astype("uint16"), bits)
    return 65535 - grey if photometric == 0 else grey


def _raw_mode(image):
    """Return how Pillow would unpack the samples, such as "RGB;16B"."""
    arguments = image.tile[0].args if image.tile else ""
    raw_mode = arguments if isinstance(arguments, str) else arguments[0]
    return raw_mode if isinstance(raw_mode, str) else ""


def _bits(image):
    return max(image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (8,)))


def _unpack(file, image, mode, raw_mode):
    """Decode the file of an image once more, its samples unpacked in another way."""
    file.seek(0)
    image = Image.open(file, formats=[image.format])
    image._mode = mode
    image.tile = [
        tile._replace(
            args=raw_mode if isinstance(tile.args, str) else (raw_mode, *tile.args[1:])
        )
        for tile in image.tile
    ]
    return np.asarray(image)
