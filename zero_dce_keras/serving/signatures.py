"""What a SavedModel offers: its signatures, dict in and dict out."""

import tensorflow as tf

from zero_dce_keras.errors import check_choice
from zero_dce_keras.images.luma import LUMA
from zero_dce_keras.models.input_range import LARGEST
from zero_dce_keras.serving.codecs import checked, decode, encode
from zero_dce_keras.serving.pictures import Settings, enhance_picture

LARGEST_WHOLE = 2**20  # pixels of images that are enhanced all at once


class ServedModel(tf.Module):
    """A model with the functions that become the signatures of a SavedModel.

    Args:
        model: a model of the package.
        denoise: False leaves out the denoising filter, where the model has one.
        limits: `limits.FileLimits` of the files that are decoded.
    """

    def __init__(self, model, denoise, limits):
        super().__init__()
        # Not the Keras model: of that, loaders other than Python's do not restore the
        # variables.
        self._variables = [variable.value for variable in model.network.variables]
        self._model = model
        self._denoise = denoise
        self._limits = limits

    def signatures(self, names=None):
        """Return dict from names to concrete functions.

        Args:
            names: which signatures; all that the model has by default.

        Raises:
            ValueError: there is no such signature.
        """
        images = tf.TensorSpec((None, None, None, 3), tf.float32, "images")
        files = tf.TensorSpec((None,), tf.string, "image_bytes")
        iterations = tf.TensorSpec((None,), tf.int32, "iterations")
        strength = tf.TensorSpec((None,), tf.float32, "strength")
        format = tf.TensorSpec((None,), tf.string, "format")
        functions: dict[str, tuple] = {
            "serving_default": (self.enhance, [images]),
            "enhance_bytes": (self.enhance_bytes, [files]),
            "enhance_bytes_with": (self.enhance_bytes_as, [files, format]),
        }
        if self._model.has_curves:
            arguments = [files, iterations, strength, format]
            functions["enhance_bytes_with"] = self.enhance_bytes_with, arguments
            functions["curve_maps"] = self.curve_maps, [images]
        for name in names or ():
            check_choice("signatures", name, tuple(functions))
        return {
            name: tf.function(function).get_concrete_function(*specs)
            for name, (function, specs) in functions.items()
            if names is None or name in names
        }

    def enhance(self, images):
        """Enhance images, float32 `(B, H, W, 3)` in [0, 1]."""
        images = _checked_images(images)
        shape = tf.shape(images)
        if shape[1] * shape[2] > LARGEST_WHOLE:
            enhanced = tf.map_fn(self._enhance_large, images, parallel_iterations=1)
        else:
            enhanced = self._model.enhance(images, **self._denoising)
        return {"enhanced": tf.ensure_shape(enhanced, images.shape)}

    def curve_maps(self, images):
        """Estimate the curve maps of images, `(B, H, W, 3·n)` or `(B, H, W, n)`."""
        estimated = self._model.estimate(_checked_images(images), **self._denoising)
        return {"curve_maps": estimated[1]}

    def enhance_bytes(self, image_bytes):
        """Enhance files `(B,)`: JPEGs give JPEGs, all others PNGs."""
        return self.enhance_bytes_as(image_bytes, tf.fill(tf.shape(image_bytes), ""))

    def enhance_bytes_as(self, image_bytes, format):
        """Enhance files `(B,)`, and write each in its format."""
        iterations = tf.fill(tf.shape(image_bytes), self._iterations)
        strength = tf.ones(tf.shape(image_bytes))
        return self.enhance_bytes_with(image_bytes, iterations, strength, format)

    def enhance_bytes_with(self, image_bytes, iterations, strength, format):
        """Enhance files `(B,)`, each with its iterations, strength and format.

        One after the other: the memory is that of one.
        """
        is_any = tf.debugging.Assert(tf.size(image_bytes) > 0, ["image_bytes is empty"])
        with tf.control_dependencies([is_any]):
            places = tf.range(tf.size(image_bytes))
        enhanced = tf.map_fn(
            lambda item: self._enhance_file(*item),
            (places, image_bytes, iterations, strength, format),
            fn_output_signature=tf.TensorSpec((), tf.string),
            parallel_iterations=1,
        )
        return {"enhanced_bytes": enhanced}

    @property
    def _iterations(self):
        return self._model.num_iterations if self._model.has_curves else 1

    @property
    def _denoising(self):
        return {"denoise": self._denoise} if self._model.can_denoise else {}

    def _enhance_large(self, image):
        settings = Settings(tf.constant(self._iterations), 1.0, self._denoise)
        return enhance_picture(self._model, image, 1.0, settings)

    @tf.function  # traced once for all signatures
    def _enhance_file(self, place, content, iterations, strength, format):
        content = checked(
            content,
            iterations >= 0,
            place,
            "needs iterations of 0 or more: {}",
            iterations,
        )
        is_share = (strength >= 0) & (strength <= 1)
        content = checked(
            content, is_share, place, "needs a strength in [0, 1]: {}", strength
        )
        pixels, white, header = decode(content, place, self._limits)
        is_grey = tf.shape(pixels)[-1] <= 2
        count = tf.where(is_grey, 1, 3)
        colors, alpha = pixels[..., :count], pixels[..., count:]
        if is_grey:
            colors = tf.concat([colors] * 3, axis=-1)
        settings = Settings(iterations, strength, self._denoise)
        colors = enhance_picture(
            self._model, colors, tf.cast(white, tf.float32), settings
        )
        if is_grey:
            colors = _luma(colors)
        pixels = tf.concat([colors, alpha], axis=-1)
        return encode(pixels, white, header, format, place)


def _checked_images(images):
    """Return images; running the graph ends with INVALID_ARGUMENT for what is none."""
    is_any = tf.debugging.Assert(tf.size(images) > 0, ["images is empty"])
    with tf.control_dependencies([is_any]):
        # As in training: a little more than 1 is a matter of rounding, 2 is not.
        low, high = tf.reduce_min(images), tf.reduce_max(images)
    is_in_range = (low >= -1) & (high <= LARGEST)
    words = tf.strings.format("images must be in [0, 1]: from {} to {}", (low, high))
    with tf.control_dependencies([tf.debugging.Assert(is_in_range, [words])]):
        return tf.identity(images)


def _luma(colors):
    """Return integers `(H, W, 3)` as grey `(H, W, 1)`."""
    weights = tf.constant(LUMA, tf.float32)[:, None]
    grey = tf.linalg.matmul(tf.cast(colors, tf.float32), weights)
    return tf.cast(tf.round(grey), colors.dtype)
