"""What a model costs: floating-point operations, as TensorFlow counts them."""

import contextlib
import io
import logging

import keras

from zero_dce_keras.extras import require


def count_gflop(model, height, width):
    """Count the floating-point operations of a model for one image, in 10⁹.

    Args:
        model: a model of the package.
        height, width: of the image, in pixels.

    Returns:
        float; `None` on other backends than TensorFlow, which cannot count.

    Example:
        >>> from zero_dce_keras import ZeroDCE
        >>> if keras.backend.backend() == "tensorflow":
        ...     model = ZeroDCE(num_iterations=1, filters=2, num_layers=1)
        ...     assert count_gflop(model, 32, 48) > 2 * 27 * 3 * 32 * 48 / 1e9
    """
    if keras.backend.backend() != "tensorflow":
        return None
    tf = require("tensorflow")
    logging.getLogger("tensorflow").setLevel("ERROR")  # its counter is of TensorFlow 1
    function = tf.function(model.enhance)
    spec = tf.TensorSpec((1, height, width, 3))
    graph = function.get_concrete_function(spec).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    with contextlib.redirect_stdout(io.StringIO()):
        found = tf.compat.v1.profiler.profile(
            graph, options={**options, "output": "none"}
        )
    return found.total_float_ops / 1e9
