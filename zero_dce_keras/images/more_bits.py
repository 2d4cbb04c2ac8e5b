"""Samples of more than 8 bits that Pillow reads as 8: HEIC, AVIF, JPEG 2000, PPM.

HEIC is read by pillow-heif itself, AVIF and JPEG 2000 through the extra `tiff`
(imagecodecs).
"""

import importlib.util

import numpy as np

from zero_dce_keras.extras import require
from zero_dce_keras.images.containers.boxes import read_boxes
from zero_dce_keras.images.containers.ppm import read_header
from zero_dce_keras.images.sixteen_bits import scaled, straight, to_sixteen_bits

READ_BY_IMAGECODECS = ("AVIF", "JPEG2000", "JXL")
NOT_RGB = (12, 18, 20, 24)  # JPEG 2000's numbers of CMYK, YCC and others


def read_more_bits(file, image, bits):
    """Return the samples of a photograph of more than 8 bits, as 16.

    Args:
        file: the binary file that `image` was opened from.
        image: PIL image of the file, not yet decoded.
        bits: int, of a sample, as the file says.

    Returns:
        uint16 array `(H, W)` or `(H, W, 2 to 4)`, not yet upright; None if it has 8 bits,
        or if what reads more is not installed or does not know such a file.
    """
    read = {"HEIF": _heif, "AVIF": _avif, "JPEG2000": _jpeg2000, "PPM": _ppm}
    if bits <= 8 or image.format not in read:
        return None
    return read[image.format](file, image, bits)


def note_on_depth(bits, file_format):
    """Return a note on bits that are not read."""
    is_hopeless = file_format not in READ_BY_IMAGECODECS
    is_known = is_hopeless or importlib.util.find_spec("imagecodecs")
    hint = "" if is_known else "; pip install '.[tiff]' brings what reads all"
    return f"of its {bits} bits 8 are read{hint}"


def _heif(file, image, bits):
    picture = require("pillow_heif").open_heif(
        file, convert_hdr_to_8bit=False, hdr_to_16bit=False
    )
    samples, _ = to_sixteen_bits(np.asarray(picture), bits)
    return straight(samples) if picture.premultiplied_alpha else samples


def _avif(file, image, bits):
    return decode_deep("avif_decode", file, image, bits)


def _jpeg2000(file, image, bits):
    boxes = read_boxes(file, (b"jp2c",))
    header = b"".join(data for kind, data in boxes if kind == b"jp2h")
    for kind, data in read_boxes(header):
        is_number = kind == b"colr" and data[0] == 1
        if is_number and int.from_bytes(data[3:7], "big") in NOT_RGB:
            return None
    return decode_deep("jpeg2k_decode", file, image, bits)


def decode_deep(name, file, image, bits):
    """Decode a file with imagecodecs; None if that is missing or gives something else.

    Args:
        name: str, the function of imagecodecs.
        file, image, bits: as of `read_more_bits`; of the image size and mode count.
    """
    if not importlib.util.find_spec("imagecodecs"):
        return None
    file.seek(0)
    samples = getattr(require("imagecodecs"), name)(file.read())
    channels = samples.shape[2] if samples.ndim == 3 else 1
    is_same = samples.shape[:2] == image.size[::-1] and channels == len(
        image.getbands()
    )
    if not is_same or samples.dtype != np.uint16 or image.mode == "P":
        return None
    return to_sixteen_bits(samples, bits)[0]


def _ppm(file, image, bits):
    start, most = read_header(file)
    shape = (*image.size[::-1], len(image.getbands()))
    file.seek(start)
    samples = np.frombuffer(file.read(2 * int(np.prod(shape))), ">u2").reshape(shape)
    return scaled(samples, most)
