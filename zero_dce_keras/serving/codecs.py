"""Files to pictures and back, by operations of a graph.

The decoded colours are those that Pillow gives, to a level of 8 bits.
"""

from typing import NamedTuple

import tensorflow as tf

from zero_dce_keras.serving import headers
from zero_dce_keras.serving.limits import MEGA

JPEG_QUALITY = 95  # of what `enhance` writes where the input has no tables of its own
LONGEST_JPEG = 65500  # pixels on a side


class Picture(NamedTuple):
    """A decoded file, upright."""

    pixels: tf.Tensor  # uint16 (H, W, C): grey, grey with alpha, RGB or RGBA
    white: tf.Tensor  # int32, the value of white: 255 or 65535
    header: headers.Header


def decode(content, place, limits):
    """Decode a JPEG, PNG, BMP, GIF or WebP, and turn it as its EXIF says.

    Args:
        content: string scalar, the file.
        place: integer scalar, the item of the batch that errors name.
        limits: `FileLimits`.

    Returns:
        `Picture`. Running the graph ends with INVALID_ARGUMENT for a file that is too
        large, of another kind, damaged or cut off.
    """
    size = tf.strings.length(content)
    megabytes = f"has {{}} bytes, more than {limits.megabytes:g} megabytes"
    ok = size <= int(limits.megabytes * MEGA)
    content = checked(content, ok, place, megabytes, size)
    header = headers.read_header(content)
    content = checked(
        content,
        header.kind != headers.UNKNOWN,
        place,
        "is not a JPEG, PNG, BMP, GIF or WebP of one frame",
    )
    pixels = header.height * header.width
    megapixels = f"has {{}} pixels, more than {limits.megapixels:g} megapixels"
    ok = pixels <= int(limits.megapixels * MEGA)
    content = checked(content, ok, place, megapixels, pixels)
    decoded = _decode_or_nothing(content, header)
    decoded = checked(decoded, tf.size(decoded) > 0, place, "is damaged or cut off")
    white = tf.where(header.is_deep, 65535, 255)
    return Picture(_upright(decoded, header.orientation), white, header)


def encode(pixels, white, header, format, place):
    """Encode what became of a picture, with its colour profile.

    Args:
        pixels, white, header: as of a `Picture`.
        format: string scalar: `"jpeg"`, `"png"`, or `""` for a JPEG where the file was
            one, and a PNG for all others.
        place: as of `decode`.

    Returns:
        string scalar, the file. Running the graph ends with INVALID_ARGUMENT for
        another format, and for transparency in a JPEG.
    """
    is_known = tf.reduce_any(format == ["", "jpeg", "png"])
    format = checked(
        format,
        is_known,
        place,
        'has a format that is not "", "jpeg" or "png": {}',
        format,
    )
    was_jpeg = header.kind == headers.JPEG
    is_jpeg = (format == "jpeg") | ((format == "") & was_jpeg)
    profile = tf.where(is_jpeg == was_jpeg, header.profile, "")

    def to_jpeg():
        channels = tf.shape(pixels)[-1]
        has_alpha = channels % 2 == 0
        alpha = tf.cast(pixels[..., -1:], tf.int32)
        is_opaque = ~has_alpha | (tf.reduce_min(alpha) == white)
        colors = pixels[..., : channels - tf.cast(has_alpha, tf.int32)]
        colors = checked(
            colors, is_opaque, place, 'has transparency, which needs the format "png"'
        )
        colors = checked(
            colors,
            tf.reduce_max(tf.shape(colors)) <= LONGEST_JPEG,
            place,
            f"has a side of more than {LONGEST_JPEG} pixels, which a JPEG cannot hold",
        )
        file = tf.io.encode_jpeg(
            _to_8_bits(colors, white), quality=JPEG_QUALITY, chroma_downsampling=False
        )
        return _with_profile(file, profile, 20)  # behind SOI and JFIF's segment

    def to_png():
        file = tf.cond(
            header.is_deep,
            lambda: tf.io.encode_png(pixels),
            lambda: tf.io.encode_png(tf.cast(pixels, tf.uint8)),
        )
        return _with_profile(file, profile, 33)  # behind the signature and IHDR

    return tf.cond(is_jpeg, to_jpeg, to_png)


def _decode_or_nothing(content, header):
    """Decode a file to uint16; to an empty picture where it cannot be decoded.

    An operation that fails would end the whole request, and not say at which item. A data
    set can leave out what fails.
    """
    nothing = tf.zeros((0, 0, 0), tf.uint16)

    def decode_one(content, kind, is_deep):
        decoders = (
            lambda: nothing,
            lambda: _wide(tf.io.decode_jpeg(content, dct_method="INTEGER_ACCURATE")),
            lambda: tf.cond(
                is_deep,
                lambda: tf.io.decode_png(content, dtype=tf.uint16),
                lambda: _wide(tf.io.decode_png(content)),
            ),
            lambda: _wide(tf.io.decode_bmp(content))[..., :3],
            lambda: _wide(tf.io.decode_image(content, expand_animations=False)),
            lambda: _wide(tf.io.decode_webp(content)[0]),
        )
        return tf.switch_case(kind, decoders)

    files = tf.data.Dataset.from_tensors((content, header.kind, header.is_deep))
    pictures = files.map(decode_one).ignore_errors()
    pictures = pictures.concatenate(tf.data.Dataset.from_tensors(nothing))
    return pictures.take(1).get_single_element()


def _wide(pixels):
    return tf.cast(pixels, tf.uint16)


def _upright(pixels, orientation):
    """Turn a picture as EXIF's orientation says."""
    turns = (
        lambda: pixels,
        lambda: pixels[:, ::-1],
        lambda: pixels[::-1, ::-1],
        lambda: pixels[::-1],
        lambda: tf.transpose(pixels, (1, 0, 2)),
        lambda: tf.transpose(pixels, (1, 0, 2))[:, ::-1],
        lambda: tf.transpose(pixels, (1, 0, 2))[::-1, ::-1],
        lambda: tf.transpose(pixels, (1, 0, 2))[::-1],
    )
    return tf.switch_case(orientation - 1, turns)


def _to_8_bits(pixels, white):
    """Round a picture of 8 or 16 bits to 8."""

    def rounded():
        return tf.cast((tf.cast(pixels, tf.int32) + 128) // 257, tf.uint8)

    return tf.cond(white > 255, rounded, lambda: tf.cast(pixels, tf.uint8))


def _with_profile(file, profile, place):
    """Put a profile into a file, `place` bytes from its start."""
    parts = [tf.strings.substr(file, 0, place), profile]
    return tf.strings.join([*parts, tf.strings.substr(file, place, 2**31 - 1)])


def checked(tensor, condition, place, words, *values):
    """Return a tensor that can be had only if a condition holds.

    Args:
        tensor: any.
        condition: bool scalar.
        place: as of `decode`.
        words: what is wrong with the item where it does not hold; each {} is a value.
        *values: scalars.
    """
    message = tf.strings.format("image_bytes[{}] " + words, (place, *values))
    with tf.control_dependencies([tf.debugging.Assert(condition, [message])]):
        return tf.identity(tensor)
