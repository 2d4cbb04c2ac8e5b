"""A SavedModel for TensorFlow Serving."""

import logging
import shutil
import tempfile
from pathlib import Path

import keras

from zero_dce_keras.errors import check_positive
from zero_dce_keras.extras import require
from zero_dce_keras.serving.limits import FileLimits
from zero_dce_keras.serving.server_files import (
    SERVING_API,
    write_configs,
    write_warmup,
)

log = logging.getLogger(__name__)

NO_WARMUP = (
    "note: no requests to warm up with: they need TensorFlow Serving's messages, "
    f"pip install --no-deps {SERVING_API}"
)


def export_saved_model(
    model, directory, version=None, denoise=True, limits=None, signatures=None
):
    """Write a model as the SavedModel `directory/version`.

    Plain `tf.saved_model.load` opens it, without this package and without Keras, and so
    does TensorFlow Serving. Its signatures take and give dicts:

    - `serving_default`: `images`, float32 `(B, H, W, 3)` in [0, 1] of any size, gives
      `enhanced`, the same.
    - `enhance_bytes`: `image_bytes`, strings `(B,)`, JPEG, PNG, BMP, GIF or WebP files of
      any sizes, gives `enhanced_bytes`, strings `(B,)`: a JPEG for a JPEG, a PNG for all
      others.
    - `enhance_bytes_with`: the same with `iterations`, int32 `(B,)`, `strength`, float32
      `(B,)` in [0, 1] (both of models with curves alone), and `format`, strings `(B,)`:
      `""`, `"jpeg"` or `"png"`.
    - `curve_maps`, of models with curves: `images` gives `curve_maps`, float32
      `(B, H, W, 3·n)`, or `(B, H, W, n)` of a model with one curve for three channels.

    Beside the versions stand `models.config` and `batching.config` for the server, where
    there are none yet; in the SavedModel are requests that it warms up with, where the
    package `tensorflow-serving-api` is installed.

    Args:
        model: a `ZeroDCE`, or another zero_dce_keras model.
        directory: where TensorFlow Serving looks for versions of the model.
        version: positive number of this version; it must not be there yet. By default,
            the highest that is there and 1.
        denoise: False leaves out the denoising filter, where the model has one.
        limits: `FileLimits` of the files that the signatures with bytes take; by default 64
            megabytes and 50 megapixels.
        signatures: names of those to write; all by default.

    Returns:
        `pathlib.Path` of the SavedModel.

    Raises:
        ValueError: if the version is not positive, or is there already; if there is no
            such signature.
        ImportError: on another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            "a SavedModel needs the TensorFlow backend: KERAS_BACKEND=tensorflow. "
            "Weights are the same on every backend"
        )
    tf = require("tensorflow")
    served_model = require("zero_dce_keras.serving.signatures").ServedModel

    directory = Path(directory)
    if version is None:
        version = 1 + max(_versions(directory), default=0)
    check_positive("version", version)
    target = directory / str(version)
    if target.exists():
        raise ValueError(
            f"{target} is there already: choose another version (--model-version)"
        )
    directory.mkdir(parents=True, exist_ok=True)
    served = served_model(model, denoise, limits or FileLimits())
    functions = served.signatures(signatures)
    # TensorFlow Serving watches the directory: a version appears whole. A dot keeps it
    # from taking the temporary directory for one.
    temporary = Path(tempfile.mkdtemp(prefix=".export-", dir=directory))
    try:
        tf.saved_model.save(served, str(temporary / "model"), functions)
        if not write_warmup(temporary / "model", functions):
            log.warning(NO_WARMUP)
        (temporary / "model").rename(target)
    finally:
        shutil.rmtree(temporary)
    write_configs(directory)
    return target


def _versions(directory):
    """Return the numbers of the versions in a directory."""
    if not directory.is_dir():
        return []
    return [int(path.name) for path in directory.iterdir() if path.name.isdecimal()]
