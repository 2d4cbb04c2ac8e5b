"""A small SavedModel to serve, and a server in a process of its own."""

import base64
import contextlib
import io
import os
import subprocess
import sys
import time

import numpy as np
import pytest
import requests
from PIL import Image

from zero_dce_keras.serve import NEEDED

for module in NEEDED:
    pytest.importorskip(
        module, reason="the server needs the extra `serving`: make test-serving"
    )

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

ROUNDS_OF_A_SECOND = 300  # at least; of the signature `slow`


class Toy(tf.Module):
    """Signatures of every kind, whose answers are known in closed form."""

    def __init__(self, factor):
        super().__init__()
        self.factor = tf.Variable(factor)

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), name="images")])
    def enhance(self, images):
        return {"enhanced": self.factor * images}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, "image_bytes")])
    def invert(self, image_bytes):
        def one(item):
            number, content = item
            known = tf.strings.substr(content, 1, 3) == "PNG"
            message = tf.strings.format("image_bytes[{}] is no picture", number)
            with tf.control_dependencies([tf.debugging.Assert(known, [message])]):
                return tf.io.encode_png(255 - tf.io.decode_png(content, 3))

        numbered = (tf.range(tf.size(image_bytes)), image_bytes)
        encoded = tf.map_fn(one, numbered, fn_output_signature=tf.string)
        return {"enhanced_bytes": encoded, "length": tf.strings.length(encoded)}

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.string, "image_bytes"),
            tf.TensorSpec((), tf.int32, "iterations"),
            tf.TensorSpec((), tf.float32, "strength"),
            tf.TensorSpec((), tf.string, "format"),
        ]
    )
    def spell(self, image_bytes, iterations, strength, format):
        parts = [tf.strings.as_string(iterations), tf.strings.as_string(strength, 2)]
        shape = tf.shape(image_bytes)
        parts = [tf.fill(shape, part) for part in [*parts, format]]
        return {"enhanced_bytes": tf.strings.join([image_bytes, *parts], " ")}

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 1), name="values"),
            tf.TensorSpec((), tf.int32, "rounds"),
        ]
    )
    def slow(self, values, rounds):
        noise = tf.random.uniform((500_000,))
        for _ in tf.range(rounds):
            noise = tf.sin(noise)
        return {"values": values + 0 * noise[0]}

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 1), name="values"),
            tf.TensorSpec((None,), tf.string, "file"),
        ]
    )
    def wait(self, values, file):
        """Answer once a file is there."""
        noise = tf.random.uniform((500_000,))
        while tf.size(tf.io.matching_files(file)) == 0:
            noise = tf.sin(noise)
        return {"values": values + 0 * noise[0]}


def write_toy(path, factor=2.0):
    """Write a SavedModel; its default signature multiplies by `factor`."""
    toy = Toy(factor)
    signatures = {
        "serving_default": toy.enhance,
        "enhance_bytes": toy.invert,
        "enhance_bytes_with": toy.spell,
        "slow": toy.slow,
        "wait": toy.wait,
    }
    tf.saved_model.save(toy, str(path), signatures=signatures)
    return path


def png(seed=0, size=(32, 48)):
    """Return a file of noise and its pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), "uint8")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue(), pixels


def black_png(height, width):
    """Return a small file of a large picture."""
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "png")
    return file.getvalue()


def pixels_of(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def b64(content):
    return {"b64": base64.b64encode(content).decode()}


class Server:
    """What a client needs of a server's process."""

    def __init__(self, process, grpc_address, url):
        self.process = process
        self.grpc_address = grpc_address
        self.url = url
        self.root = url.partition("/v1/")[0]
        options = [("grpc.max_send_message_length", -1)]
        self.channel = grpc.insecure_channel(grpc_address, options)
        self.predictions = prediction_service_pb2_grpc.PredictionServiceStub(
            self.channel
        )
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def post(self, document=None, path=":predict", **kwargs):
        return requests.post(self.url + path, json=document, timeout=60, **kwargs)

    def get(self, path=""):
        return requests.get(self.url + path, timeout=60)

    def call(self, signature="", version=None, output_filter=(), **inputs):
        """Predict by gRPC; returns the response."""
        request = predict_pb2.PredictRequest(output_filter=output_filter)
        request.model_spec.name = self.url.rpartition("/")[2]
        request.model_spec.signature_name = signature
        if version is not None:
            request.model_spec.version.value = version
        for name, value in inputs.items():
            is_proto = hasattr(value, "tensor_shape")
            request.inputs[name].CopyFrom(
                value if is_proto else tf.make_tensor_proto(value)
            )
        return self.predictions.Predict(request, timeout=60)

    def wait_for_work(self, requests, seconds=30):
        """Wait until so many requests are in work."""
        deadline = time.monotonic() + seconds
        while self.metric("zero_dce_serve_requests_in_work ") < requests:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def metric(self, name):
        """Return the sum of the samples of this name and beginning of labels."""
        lines = requests.get(f"{self.root}/metrics", timeout=60).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


@contextlib.contextmanager
def serving(directory, *options):
    """Serve a directory, on free ports; gives a `Server`, and stops it."""
    command = [sys.executable, "-m", "zero_dce_keras.serve", directory, *options]
    log = directory.parent / f"{directory.name}.log"
    with (
        open(log, "w") as stderr,
        subprocess.Popen(
            [*map(str, command), "--grpc-port", "0", "--rest-port", "0"],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=os.environ,
        ) as process,
    ):
        try:
            address = process.stdout.readline().split()
            assert address, log.read_text()
            url = process.stdout.readline().strip()
            server = Server(process, address[-1], url)
            with contextlib.closing(server.channel):
                yield server
        finally:
            process.terminate()
            code = process.wait(timeout=60)
    said = log.read_text()
    assert code == 0 and "Traceback" not in said, said
