"""From files and PIL images to what a `Photograph` holds, upright and without loss."""

import io
import struct

import numpy as np
from PIL import UnidentifiedImageError

from zero_dce_keras.images import metadata
from zero_dce_keras.images.codecs import tiff_reader
from zero_dce_keras.images.containers import jpeg, look
from zero_dce_keras.images.containers.tiff import dpi_of
from zero_dce_keras.images.formats import (
    FORMATS,
    format_of_content,
    format_of_name,
    format_of_path,
)
from zero_dce_keras.images.light import Light
from zero_dce_keras.images.more_bits import note_on_depth, read_more_bits
from zero_dce_keras.images.open_image import open_image, readable
from zero_dce_keras.images.orientation import orientation_of, turn_upright
from zero_dce_keras.images.samples import cmyk_to_srgb, lab_to_srgb, samples_of
from zero_dce_keras.images.sixteen_bits import read_sixteen_bits
from zero_dce_keras.images.tiff_tags import read_tags
from zero_dce_keras.images.unsupported_image_error import UnsupportedImageError

COMMENTED = ("GIF", "JPEG2000")  # formats of whose comments Pillow tells


def decode(source, name=None):
    """Decode a file.

    Args:
        source: path, or the content of a file as bytes.
        name: str, of the file that the bytes are the content of, if it has one.

    Returns:
        dict of the arguments of a `Photograph`.

    Raises:
        OSError, ValueError: see `Photograph.read`.
    """
    if not isinstance(source, bytes):
        name = source
    with readable(source, name) as file:
        if image_format := _format_of_a_codec(file, name):
            samples, carried = image_format.load_codec().read(file)
            found = {"file_format": image_format.name}
            if samples is None:
                return decode(carried["jpeg"]) | found
            return _arguments(samples, **carried, **found)
        try:
            with open_image(file) as image:
                return _decode_file(file, image)
        except (UnidentifiedImageError, UnsupportedImageError, OSError) as error:
            if not tiff_reader.can_read(file):
                raise
            return _decode_tiff(file, error)


def _format_of_a_codec(file, name):
    """Return the format that a codec reads, not Pillow, if it is one.

    Camera RAW is known by the name, in a pipe by the content; a photograph of another
    kind under a name of RAW is what its content says.
    """
    file.seek(0)
    beginning = file.read(12)
    for each in FORMATS:
        if (
            each.is_read_by_codec
            and not each.is_known_by_name
            and each.begins(beginning)
        ):
            return each
    if name is None:
        return format_of_content(file)
    by_name = format_of_path(name)
    if by_name is None or not by_name.is_known_by_name:
        return None
    others = (b"\xff\xd8\xff", b"\x89PNG")
    is_other = beginning.startswith(others) or any(
        each.begins(beginning) for each in FORMATS if not each.is_known_by_name
    )
    return None if is_other else by_name


def _decode_tiff(file, error):
    """Decode a TIFF that Pillow cannot, as `error` says."""
    samples, notes = tiff_reader.read(file, error)
    carried = _look(file, None, format_of_name("TIFF"))
    notes += carried.pop("notes")
    return _arguments(samples, notes=notes, file_format="TIFF", **carried)


def decode_pil(image):
    """Decode a PIL image, of whose metadata only the ICC profile is taken.

    Returns:
        dict of the arguments of a `Photograph`.

    Raises:
        UnsupportedImageError: float samples, or integers beyond 16 bits.
    """
    image.load()
    profile = image.info.get("icc_profile")
    samples, profile, notes = _decode_image(image, profile)
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
    carried = _look(file, image, image_format)
    bits = carried.pop("bits", 8)
    samples = read_more_bits(file, image, bits)
    profile = carried.pop("icc_profile", None) or image.info.get("icc_profile")
    if samples is None:
        samples = read_sixteen_bits(file, image)
        image = _load(file, image, notes)
    if samples is None:
        samples, profile, others = _decode_image(image, profile)
        notes += others
        if samples.dtype == np.uint8 and bits > 8:
            notes.append(note_on_depth(bits, image.format))
    samples = _with_clear_color(samples, image)
    notes += carried.pop("notes", [])
    xmp = image.info.get("xmp") or b""
    # Of a JPEG's EXIF Pillow takes the dots across for those down.
    is_of_exif = image_format.name == "JPEG" and not image.info.get("jfif_unit")
    given: dict = {
        "exif": (image.info.get("exif") or b"").removeprefix(b"Exif\0\0"),
        "xmp": xmp.encode() if isinstance(xmp, str) else xmp,
        "dpi": None if is_of_exif else image.info.get("dpi"),
        "comment": image.info.get("comment", b"") if image.format in COMMENTED else b"",
    }
    for name, value in carried.items():
        given[name] = value or given.get(name)
    given["dpi"] = given["dpi"] or _dpi_of_exif(given["exif"])
    return _arguments(
        samples,
        orientation_of(image, given["exif"], given["xmp"]),
        profile,
        notes,
        file_format=image_format.name,
        jpeg_tables=tuple(getattr(image, "quantization", {}).values()),
        **given,
    )


def _look(file, image, image_format):
    """Return what a file carries beside pixels; damage to it is noted."""
    try:
        return look(file, image, image_format.name)
    except Exception:  # noqa: BLE001, damaged metadata raise errors of any type
        return {"notes": ["its metadata are damaged and left out in part"]}


def _dpi_of_exif(exif):
    """Return dots an inch where the format itself says none; None if nothing does."""
    try:
        return dpi_of(read_tags(io.BytesIO(exif))) if exif else None
    except (ValueError, KeyError, struct.error):
        return None


def _load(file, image, notes):
    """Decode a PIL image; a JPEG that lacks but its end marker is whole."""
    try:
        image.load()
        return image
    except OSError:
        content = jpeg.completed(file) if image.format in ("JPEG", "MPO") else None
        if content is None:
            raise
    notes.append("its end marker is missing; the picture is whole")
    image = open_image(io.BytesIO(content))
    image.load()
    return image


def _decode_image(image, profile):
    """Return the samples of a decoded PIL image, its ICC profile, and a list of notes."""
    if image.mode == "CMYK":
        bits = max(getattr(image, "tag_v2", {}).get(258, (8,)))
        note = "CMYK is converted to sRGB"
        if bits > 8:
            note = f"CMYK of {bits} bits is converted to sRGB of 8"
        return samples_of(cmyk_to_srgb(image)), None, [note]
    if image.mode == "LAB":
        return samples_of(lab_to_srgb(image)), None, ["CIELAB is converted to sRGB"]
    return samples_of(image), profile, []


def _with_clear_color(samples, image):
    """Return 16-bit samples with alpha, where a PNG says that one colour is clear."""
    clear = image.info.get("transparency")
    if samples.dtype != np.uint16 or clear is None or isinstance(clear, bytes):
        return samples
    colors = samples if samples.ndim == 3 else samples[..., None]
    is_clear = (colors == np.asarray(clear)).all(axis=-1, keepdims=True)
    alpha = np.where(is_clear, 0, 65535).astype("uint16")
    return np.concatenate([colors, alpha], axis=-1)


def _without_hdr(samples, light):
    """Return samples in sRGB, alpha as it was."""
    if samples.ndim == 2:
        return light.to_srgb(samples)
    count = 1 if samples.shape[-1] < 3 else 3
    colors, alpha = samples[..., :count], samples[..., count:]
    colors = light.to_srgb(colors if count == 3 else colors[..., 0])
    return np.dstack([colors, alpha])


def _arguments(
    samples,
    orientation=1,
    icc_profile=None,
    notes=(),
    exif=b"",
    xmp=b"",
    dpi=None,
    light=None,
    **others,
):
    """Turn samples (H, W) or (H, W, 1 to 4) upright, and what a file says with them."""
    samples, notes = turn_upright(samples, orientation), list(notes)
    light = light or Light.of_profile(icc_profile or b"")
    if light and light.is_hdr:
        samples, icc_profile = _without_hdr(samples, light), None
        notes.insert(0, "its HDR is converted to sRGB: highlights are drawn down")
    alpha = None
    if samples.ndim == 3 and samples.shape[-1] in (2, 4):
        samples, alpha = samples[..., :-1], np.ascontiguousarray(samples[..., -1])
    if samples.shape[2:] == (1,):
        samples = samples[..., 0]
    height, width = samples.shape[:2]
    if exif:
        try:
            exif = metadata.upright_exif(exif, width, height, orientation)
        except ValueError:
            exif = b""
            notes.append("its EXIF is damaged and left out")
    profile = metadata.fitting_profile(icc_profile, samples.ndim == 2)
    if icc_profile and not profile:
        notes.append("its ICC profile is for other pixels and left out")
    is_sound = dpi and all(0 < float(x) < 1e6 for x in dpi)
    dpi = tuple(float(x) for x in dpi) if is_sound else None
    if dpi and orientation in metadata.TRANSPOSED:
        dpi = dpi[::-1]
    return {
        "pixels": np.ascontiguousarray(samples),
        "alpha": alpha,
        "exif": exif or b"",
        "icc_profile": profile,
        "xmp": metadata.upright_xmp(xmp or b"", width, height, orientation),
        "dpi": dpi,
        "notes": tuple(notes),
        **others,
    }
