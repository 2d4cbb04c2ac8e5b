"""What Pillow writes by itself, with 8 bits a channel."""

from PIL import Image


def save(file, pixels, file_format, exif=b"", **options):
    """Write pixels with Pillow.

    Args:
        file: binary file to write to.
        pixels: uint8 array of shape (H, W) or (H, W, 2 to 4).
        file_format: str, as Pillow calls it.
        exif: bytes, as in `Photograph`.
        **options: those of Pillow's `save`.
    """
    if exif:
        options["exif"] = b"Exif\0\0" + exif
    Image.fromarray(pixels).save(file, format=file_format, **options)
