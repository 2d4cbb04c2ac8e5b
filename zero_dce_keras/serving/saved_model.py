"""A SavedModel for TensorFlow Serving."""

import shutil
import tempfile
from pathlib import Path

import keras

from zero_dce_keras.extras import require


def export_saved_model(model, directory, version=1, denoise=True):
    """Write a model as the SavedModel `directory/version`.

    Its signature `serving_default` takes `images`, float32 `(B, H, W, 3)` in [0, 1] of
    any batch size, height and width, and gives `enhanced`, the same. Plain
    `tf.saved_model.load` opens it, without this package and without Keras.

    Args:
        model: a `ZeroDCE` or another model of the package.
        directory: where TensorFlow Serving looks for versions of the model.
        version: positive number of this version; it must not be there yet.
        denoise: False leaves out the denoising filter, where the model has one.

    Returns:
        `pathlib.Path` of the SavedModel.

    Raises:
        ValueError: if the version is not positive, or is there already.
        ImportError: on another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            "a SavedModel needs the TensorFlow backend: KERAS_BACKEND=tensorflow. "
            "Weights are the same on every backend"
        )
    tf = require("tensorflow")

    if version < 1:
        raise ValueError(f"version must be positive. Received: {version}")
    target = Path(directory) / str(version)
    if target.exists():
        raise ValueError(
            f"{target} is there already: choose another version (--model-version)"
        )
    target.parent.mkdir(parents=True, exist_ok=True)

    def enhance(images):
        return {"enhanced": model.enhance(images, denoise=denoise)}

    archive = keras.export.ExportArchive()
    archive.track(model.network)
    archive.add_endpoint(
        "serving_default",
        enhance,
        input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32, "images")],
    )
    # TensorFlow Serving watches the directory: a version appears whole. A dot keeps it
    # from taking the temporary directory for one.
    temporary = tempfile.mkdtemp(prefix=".export-", dir=target.parent)
    try:
        archive.write_out(Path(temporary) / "model", verbose=False)
        (Path(temporary) / "model").rename(target)
    finally:
        shutil.rmtree(temporary)
    return target
