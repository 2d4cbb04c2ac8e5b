"""What TensorFlow Serving reads beside a model: its settings, and requests to warm up."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from zero_dce_keras.files import write_texts

SMALL = 96, 64  # pixels of the pictures that a server warms up with, width and height
SERVING_API = "tensorflow-serving-api"

MODELS_CONFIG = """\
# tensorflow_model_server --model_config_file=…: where the model lies in the container.
model_config_list {{
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
  }}
}}
"""
BATCHING_CONFIG = """\
# tensorflow_model_server --enable_batching --batching_parameters_file=…
# Requests with bytes fit together whatever the sizes of their pictures. Requests with
# `images` fit only where all pictures have one size: for others, leave batching off.
max_batch_size { value: 8 }
batch_timeout_micros { value: 2000 }
max_enqueued_batches { value: 64 }
num_batch_threads { value: 2 }
"""


def write_configs(directory):
    """Write `models.config` and `batching.config`, where they are not there yet.

    Args:
        directory: of the versions of a model; the model is named after it.
    """
    directory = Path(directory)
    name = directory.resolve().name.replace("\\", "\\\\").replace('"', '\\"')
    texts = {
        "models.config": MODELS_CONFIG.format(name=name),
        "batching.config": BATCHING_CONFIG,
    }
    missing = [file for file in texts if not (directory / file).exists()]
    write_texts(directory, {file: texts[file] for file in missing})


def write_warmup(saved_model, signatures):
    """Write requests that TensorFlow Serving runs before it serves a version.

    Args:
        saved_model: directory of the SavedModel, which is there.
        signatures: dict from the names of the signatures to their functions.

    Returns:
        Whether they were written: they need the package `tensorflow-serving-api`.

    Source: "SavedModel Warmup", https://www.tensorflow.org/tfx/serving/saved_model_warmup
    """
    try:
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
    except ModuleNotFoundError:
        return False
    import tensorflow as tf

    target = Path(saved_model) / "assets.extra" / "tf_serving_warmup_requests"
    target.parent.mkdir()
    with tf.io.TFRecordWriter(str(target)) as writer:
        for name, function in signatures.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.signature_name = name
            for spec in tf.nest.flatten(function.structured_input_signature):
                value = tf.make_tensor_proto(_example(spec.name), spec.dtype)
                request.inputs[spec.name].CopyFrom(value)
            log = prediction_log_pb2.PredictLog(request=request)
            log = prediction_log_pb2.PredictionLog(predict_log=log)
            writer.write(log.SerializeToString())
    return True


def _example(argument):
    """Return a small value of an argument of a signature."""
    picture = Image.linear_gradient("L").convert("RGB").resize(SMALL)
    if argument == "images":
        return np.asarray(picture, "float32")[None] / 255
    if argument == "image_bytes":
        files = [io.BytesIO() for _ in ("JPEG", "PNG")]
        picture.save(files[0], "JPEG")
        picture.save(files[1], "PNG")
        return [file.getvalue() for file in files]
    return {"iterations": [8, 8], "strength": [1.0, 1.0], "format": ["", ""]}[argument]
