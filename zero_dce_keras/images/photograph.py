"""A photograph with all that a file says about it, in and out, 8 or 16 bits."""

import dataclasses
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from zero_dce_keras.files import replacing
from zero_dce_keras.images import metadata, raw, tiff
from zero_dce_keras.images.open_image import (
    Refused,
    open_image,
    orientation,
    readable,
    turn_upright,
)
from zero_dce_keras.images.read_write import (
    IMAGE_SUFFIXES,
    quality_options,
    to_uint8,
)
from zero_dce_keras.images.sixteen_bits import (
    read_sixteen_bits,
    write_sixteen_bit_png,
)

HEIC_SUFFIXES = (".heic", ".heif")
FORMAT_OF_ENDING = {
    suffix[1:]: Image.registered_extensions()[suffix] for suffix in IMAGE_SUFFIXES
}
PHOTOGRAPH_SUFFIXES = IMAGE_SUFFIXES + HEIC_SUFFIXES + raw.RAW_SUFFIXES


@dataclasses.dataclass(frozen=True)
class Photograph:
    """Upright pixels, and what goes with them from one file to the next.

    Args:
        pixels: array of shape (H, W), a grey photograph, or (H, W, 3), RGB in the
            encoding of its ICC profile; uint8 or uint16.
        alpha: array of shape (H, W) and of the same type, or None. It lies apart, so
            that nothing that enhances the pixels can touch it.
        exif: bytes, a TIFF structure, whose orientation is 1.
        icc_profile: bytes.
        xmp: bytes.
        dpi: pair of floats, across and down, or None.
        file_format: str, what it was read from: "JPEG", "PNG", …
        notes: tuple of str, what could not be taken as it was.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    exif: bytes = b""
    icc_profile: bytes = b""
    xmp: bytes = b""
    dpi: tuple | None = None
    file_format: str = ""
    notes: tuple = ()


def read_photograph(source):
    """Reads a photograph upright, in its own depth, with its metadata.

    JPEG, PNG, WebP, TIFF and BMP, whatever their names say; HEIC with the extra
    `heic`, camera RAW (by its name) with the extra `raw`, as 16 bits. A palette becomes
    RGB, CMYK becomes sRGB (with a note); grey stays grey.

    Args:
        source: path, or the content of a file as bytes.

    Returns:
        `Photograph`.

    Raises:
        OSError: the file is missing or may not be read.
        ValueError: the file is empty, damaged, too large, animated or no photograph, or
            needs an extra that is not installed.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from zero_dce_keras.images import read_photograph, write_image
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     write_image(f"{directory}/grey.png", np.zeros((32, 48), "uint8"))
        ...     photograph = read_photograph(f"{directory}/grey.png")
        >>> photograph.pixels.shape, photograph.file_format
        ((32, 48), 'PNG')
    """
    with readable(source) as file:
        if not isinstance(source, bytes) and raw.is_raw(source):
            pixels, exif = raw.read_raw(file)
            return _photograph(pixels, 1, {"exif": exif}, "RAW", [])
        with open_image(file) as image:
            return _from_pil(file, image)


def photograph_of(image):
    """A PIL image as a `Photograph`: upright, grey grey, with its alpha.

    Args:
        image: PIL image of any mode; of an animation the current frame is taken.

    Raises:
        ValueError: float samples, or integers beyond 16 bits.

    Example:
        >>> from zero_dce_keras.images import photograph_of
        >>> photograph = photograph_of(Image.new("LA", (48, 32)))
        >>> photograph.pixels.shape, photograph.alpha.shape
        ((32, 48), (32, 48))
    """
    image.load()
    notes = []
    samples = _samples(image, notes)
    profile = (
        {} if image.mode == "CMYK" else {"icc_profile": image.info.get("icc_profile")}
    )
    return _photograph(samples, orientation(image), profile, "", notes)


def to_pil(photograph):
    """The pixels of a `Photograph` as a PIL image of 8 bits a channel: L, LA, RGB, RGBA."""
    pixels = to_uint8(photograph.pixels)
    if photograph.alpha is not None:
        pixels = np.dstack([pixels, to_uint8(photograph.alpha)])
    return Image.fromarray(pixels)


def _from_pil(file, image):
    notes = []
    frames = getattr(image, "n_frames", 1)
    if image.format == "TIFF" and frames > 1:
        notes.append(f"of its {frames} pages the first is taken")
    elif frames > 1 and image.format not in ("MPO", "HEIF"):
        raise Refused(f"it is animated ({frames} frames); give still photographs")
    samples = read_sixteen_bits(file, image)
    image.load()
    if samples is None:
        samples = _samples(image, notes)
    info = {**image.info, "exif": _exif_of(image)}
    if image.mode == "CMYK":
        info.pop("icc_profile", None)
    file_format = "JPEG" if image.format == "MPO" else image.format
    return _photograph(samples, orientation(image), info, file_format, notes)


def _photograph(samples, turn, info, file_format, notes):
    """Samples (H, W) or (H, W, 2 to 4) and what the file says -> `Photograph`."""
    samples = turn_upright(samples, turn)
    alpha = None
    if samples.ndim == 3 and samples.shape[-1] in (2, 4):
        samples, alpha = samples[..., :-1], np.ascontiguousarray(samples[..., -1])
    if samples.shape[2:] == (1,):
        samples = samples[..., 0]
    height, width = samples.shape[:2]
    exif = info.get("exif") or b""
    if exif:
        try:
            exif = metadata.upright_exif(exif, width, height)
        except ValueError:
            exif = b""
            notes.append("its EXIF is damaged and left out")
    dpi = info.get("dpi")
    is_sound = dpi and all(0 < float(x) < 1e6 for x in dpi)
    return Photograph(
        np.ascontiguousarray(samples),
        alpha,
        exif,
        metadata.fitting_profile(info.get("icc_profile"), samples.ndim == 2),
        metadata.upright_xmp(info.get("xmp") or b""),
        tuple(float(x) for x in dpi) if is_sound else None,
        file_format,
        tuple(notes),
    )


def _exif_of(image):
    try:
        return metadata.exif_of(image)
    except Exception:  # noqa: BLE001, damaged metadata raise errors of any type
        return b"damaged"


def _samples(image, notes):
    """A decoded PIL image -> array (H, W) or (H, W, 2 to 4), uint8, or uint16 of grey."""
    if image.mode == "F":
        raise Refused("32-bit float samples have no defined white")
    if image.mode.startswith("I"):
        grey = np.asarray(image)
        if grey.min() < 0 or grey.max() > 65535:
            raise Refused("samples of more than 16 bits have no defined white")
        return grey.astype("uint16")
    if image.mode == "CMYK":
        notes.append("CMYK is converted to sRGB")
        return np.asarray(_cmyk_to_rgb(image))
    is_grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        return np.asarray(image.convert("LA" if is_grey else "RGBA"))
    return np.asarray(image.convert("L" if is_grey else "RGB"))


def _cmyk_to_rgb(image):
    """By the file's own profile if it has one that can be used."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB")
    except (KeyError, TypeError, OSError, ImageCms.PyCMSError):
        return image.convert("RGB")


def write_photograph(target, photograph, quality=95, file_format=None):
    """Writes a photograph with its metadata; the suffix chooses the format.

    A file appears whole or not at all. JPEG is written without chroma subsampling;
    PNG and TIFF hold 16 bits, the others 8.

    Args:
        target: path that ends in one of `IMAGE_SUFFIXES`, or a binary file.
        photograph: `Photograph`.
        quality: int from 1 to 100, of JPEG and WebP. Default: 95.
        file_format: str, "JPEG", "PNG", "WEBP", "TIFF" or "BMP"; needed for a file.

    Returns:
        List of str: what the format could not hold.

    Raises:
        OSError: the target cannot be written.
        ValueError: unknown suffix, or the format refuses the image (its size, say).

    Example:
        >>> import io
        >>> import numpy as np
        >>> from zero_dce_keras.images import Photograph, write_photograph
        >>> deep = Photograph(np.zeros((32, 48, 3), "uint16"))
        >>> write_photograph(io.BytesIO(), deep, file_format="PNG")
        []
        >>> write_photograph(io.BytesIO(), deep, file_format="JPEG")
        ['JPEG holds 8 bits of its 16']
    """
    # By way of memory: written to a disk that is full, Pillow may tear a JPEG silently.
    content = io.BytesIO()
    if not isinstance(target, str | Path):
        notes = _encode(content, photograph, quality, file_format)
        target.write(content.getbuffer())
        return notes
    target = Path(target)
    try:
        file_format = file_format or _format_of(target)
        notes = _encode(content, photograph, quality, file_format)
        with replacing(target) as temporary:
            temporary.write_bytes(content.getbuffer())
    except OSError as error:
        reason = error.strerror or error
        raise type(error)(f"Cannot write '{target}': {reason}.") from None
    except (ValueError, SystemError, OverflowError) as error:
        raise ValueError(f"Cannot write '{target}': {error}") from None
    return notes


def _format_of(path):
    ending = path.suffix.lower().removeprefix(".")
    if ending not in FORMAT_OF_ENDING:
        raise ValueError(f"its name must end in one of {', '.join(IMAGE_SUFFIXES)}")
    return FORMAT_OF_ENDING[ending]


def _encode(file, photograph, quality, file_format):
    notes = []
    pixels, alpha = photograph.pixels, photograph.alpha
    options = {
        name: getattr(photograph, name)
        for name in ("exif", "icc_profile", "xmp", "dpi")
        if getattr(photograph, name)
    }
    if alpha is not None and file_format in ("JPEG", "BMP"):
        notes.append(f"{file_format} holds no alpha: it is left out")
        alpha = None
    if pixels.dtype != np.uint8 and file_format not in ("PNG", "TIFF"):
        notes.append(f"{file_format} holds 8 bits of its 16")
        pixels, alpha = to_uint8(pixels), None if alpha is None else to_uint8(alpha)
    if file_format == "BMP" and options.keys() - {"dpi"}:
        notes.append("BMP holds no metadata: EXIF, ICC profile and XMP are left out")
        options = {"dpi": options["dpi"]} if "dpi" in options else {}
    if file_format == "JPEG":
        # A segment of a JPEG ends at 64 KiB.
        for name, most in (("exif", 65_527), ("xmp", 65_504)):
            if len(options.get(name, b"")) > most:
                notes.append(f"its {name.upper()} is too long for JPEG: it is left out")
                del options[name]
    if file_format == "TIFF" and not tiff.can_hold(photograph.exif):
        notes.append("its EXIF is damaged and left out")
        del options["exif"]
    if file_format == "TIFF" and alpha is not None and pixels.shape[2:] == ():
        notes.append("grey with alpha becomes RGB with alpha: few read such a TIFF")
        pixels = np.dstack([pixels] * 3)
    if alpha is not None:
        pixels = np.dstack([pixels, alpha])

    if file_format == "TIFF" or pixels.dtype == np.uint16:
        write = tiff.write_tiff if file_format == "TIFF" else write_sixteen_bit_png
        write(file, pixels, **options)
        return notes
    if "exif" in options:
        options["exif"] = b"Exif\0\0" + options["exif"]
    if "xmp" in options and file_format == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        xmp = options.pop("xmp").decode("utf-8", "replace")
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp)
    if file_format == "WEBP":
        options["exact"] = True  # the colours under a clear alpha stay too
    image = Image.fromarray(pixels)
    options |= quality_options(file_format, quality)
    image.save(file, format=file_format, **options)
    return notes
