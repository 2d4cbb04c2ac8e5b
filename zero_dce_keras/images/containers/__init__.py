"""What image files carry beside pixels: a module for each kind of container.

Pillow reads the pixels and the common metadata; `look(file, image)` of a module reads
what it passes over, or changes on the way. It returns a dict of arguments of a
`Photograph` (those that Pillow's are to give way to), `notes` (what cannot be carried
on), `light` (how numbers encode light, see `images.light`) and `bits` (of a sample, where
Pillow may read fewer).
"""

import importlib

CONTAINERS = {
    "JPEG": "jpeg",
    "PNG": "png",
    "TIFF": "tiff",
    "BMP": "bmp",
    "HEIF": "heif",
    "AVIF": "heif",
    "PSD": "psd",
    "PPM": "ppm",
    "JPEG2000": "jpeg2000",
    "GIF": "gif",
    "WEBP": "webp",
    "TGA": "tga",
    "SGI": "sgi",
}


def look(file, image, format_name):
    """Read what a file carries beside pixels.

    Args:
        file: binary file.
        image: PIL image of it, open.
        format_name: str, of the `ImageFormat`.

    Returns:
        dict, see above; empty for formats of which Pillow gives all.

    Raises:
        ValueError: if it is damaged.
    """
    if format_name not in CONTAINERS:
        return {}
    module = importlib.import_module(f"{__name__}.{CONTAINERS[format_name]}")
    return module.look(file, image)
