"""From files and PIL images to what a `Photograph` holds, upright and without loss."""

import numpy as np

from zero_dce_keras.images import metadata
from zero_dce_keras.images.formats import format_of_name, format_of_path
from zero_dce_keras.images.open_image import open_image, readable
from zero_dce_keras.images.orientation import orientation_of, turn_upright
from zero_dce_keras.images.samples import cmyk_to_srgb, samples_of
from zero_dce_keras.images.sixteen_bits import read_sixteen_bits
from zero_dce_keras.images.unsupported_image_error import UnsupportedImageError


def decode(source):
    """Decode a file.

    Args:
        source: path, or the content of a file as bytes.

    Returns:
        dict of the arguments of a `Photograph`.

    Raises:
        OSError, ValueError: see `Photograph.read`.
    """
    by_name = None if isinstance(source, bytes) else format_of_path(source)
    with readable(source) as file:
        if by_name and by_name.is_known_by_name:
            samples, exif = by_name.load_codec().read(file)
            return _arguments(samples, exif=exif, file_format=by_name.name)
        with open_image(file) as image:
            return _decode_file(file, image)


def decode_pil(image):
    """Decode a PIL image, of whose metadata only the ICC profile is taken.

    Returns:
        dict of the arguments of a `Photograph`.

    Raises:
        UnsupportedImageError: float samples, or integers beyond 16 bits.
    """
    image.load()
    samples, profile, notes = _decode_image(image)
    return _arguments(samples, orientation_of(image), profile, notes)


def _decode_file(file, image):
    image_format = format_of_name(image.format)
    notes = []
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image_format.more_images == "refused":
        raise UnsupportedImageError(
            f"it is animated ({frames} frames); give still photographs"
        )
    if frames > 1 and image_format.more_images == "noted":
        notes.append(f"of its {frames} pages the first is taken")
    samples = read_sixteen_bits(file, image)
    profile = image.info.get("icc_profile")
    image.load()
    if samples is None:
        samples, profile, others = _decode_image(image)
        notes += others
    return _arguments(
        samples,
        orientation_of(image),
        profile,
        notes,
        exif=_exif_of(image, image_format),
        xmp=image.info.get("xmp"),
        dpi=image.info.get("dpi"),
        file_format=image_format.name,
        jpeg_tables=tuple(getattr(image, "quantization", {}).values()),
    )


def _decode_image(image):
    """Return the samples of a decoded PIL image, its ICC profile, and a list of notes."""
    if image.mode == "CMYK":
        return samples_of(cmyk_to_srgb(image)), None, ["CMYK is converted to sRGB"]
    return samples_of(image), image.info.get("icc_profile"), []


def _exif_of(image, image_format):
    try:
        return metadata.exif_of(image, image_format.has_tags)
    except Exception:  # noqa: BLE001, damaged metadata raise errors of any type
        return b"damaged"


def _arguments(
    samples,
    orientation=1,
    icc_profile=None,
    notes=(),
    exif=b"",
    xmp=b"",
    dpi=None,
    file_format="",
    jpeg_tables=(),
):
    """Turn samples (H, W) or (H, W, 1 to 4) upright, and what a file says with them."""
    samples, notes = turn_upright(samples, orientation), list(notes)
    alpha = None
    if samples.ndim == 3 and samples.shape[-1] in (2, 4):
        samples, alpha = samples[..., :-1], np.ascontiguousarray(samples[..., -1])
    if samples.shape[2:] == (1,):
        samples = samples[..., 0]
    height, width = samples.shape[:2]
    if exif:
        try:
            exif = metadata.upright_exif(exif, width, height)
        except ValueError:
            exif = b""
            notes.append("its EXIF is damaged and left out")
    is_sound = dpi and all(0 < float(x) < 1e6 for x in dpi)
    return {
        "pixels": np.ascontiguousarray(samples),
        "alpha": alpha,
        "exif": exif,
        "icc_profile": metadata.fitting_profile(icc_profile, samples.ndim == 2),
        "xmp": metadata.upright_xmp(xmp or b""),
        "dpi": tuple(float(x) for x in dpi) if is_sound else None,
        "file_format": file_format,
        "jpeg_tables": jpeg_tables,
        "notes": tuple(notes),
    }
