"""Writing JPEG files, with the metadata that Pillow leaves out."""

import io

from zero_dce_keras.images.codecs import pillow
from zero_dce_keras.images.containers.jpeg import insert_segments


def write(file, pixels, xmp=b"", iptc=b"", comment=b"", **options):
    """Write a JPEG, see `images.codecs`; the options are Pillow's, too."""
    content = io.BytesIO()
    pillow.save(content, pixels, "JPEG", **options)
    more = {"xmp": xmp, "iptc": iptc, "comment": comment}
    file.write(insert_segments(content.getvalue(), **more))
    return []
