"""`zero-dce serve`, asked by TensorFlow Serving's gRPC stubs and by HTTP."""

import asyncio
import concurrent.futures
import contextlib
import json
import shutil
import signal
import socket
import time
from types import SimpleNamespace

import grpc
import numpy as np
import pytest
import requests
import served
import tensorflow as tf
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    prediction_log_pb2,
    regression_pb2,
)

from zero_dce_keras import cli, serve
from zero_dce_keras.serving.server import versions

INVALID = grpc.StatusCode.INVALID_ARGUMENT
LIMITS = ("--max-megabytes", "1", "--max-megapixels", "1", "--max-batch", "4")


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """A directory with version 1 of a model."""
    return served.write_toy(tmp_path_factory.mktemp("models") / "toy" / "1").parent


@pytest.fixture(scope="module")
def server(toy):
    with served.serving(toy, *LIMITS, "--max-requests", "8") as server:
        yield server


@pytest.fixture
def watched(toy, tmp_path):
    """A copy of the model's directory that a test may change, and its server."""
    directory = shutil.copytree(toy, tmp_path / "watched")
    with served.serving(directory) as server:
        yield directory, server


@contextlib.contextmanager
def refused(code, message):
    with pytest.raises(grpc.RpcError) as caught:
        yield
    assert caught.value.code() == code, caught.value
    assert message in caught.value.details()


IMAGES = np.float32([[[[0.1, 0.2, 0.3], [0.25, 0.5, 1]]]])


# REST


def test_rows_and_columns(server):
    rows = server.post({"instances": IMAGES.tolist()})
    columns = server.post({"inputs": IMAGES.tolist()})
    named = server.post({"instances": [{"images": IMAGES[0].tolist()}]})
    by_name = server.post({"inputs": {"images": IMAGES.tolist()}})
    assert rows.headers["content-type"] == "application/json"
    assert rows.json() == named.json()
    for answer, key in ((rows, "predictions"), (columns, "outputs")):
        assert list(answer.json()) == [key]
        np.testing.assert_array_equal(np.float32(answer.json()[key]), 2 * IMAGES)
    assert named.json() == rows.json() and by_name.json() == columns.json()


def test_bytes_go_in_and_out_as_base64(server):
    (content, pixels), (other, _) = served.png(1), served.png(2, (5, 7))
    request = {"signature_name": "enhance_bytes", "instances": [served.b64(content)]}
    request["instances"].append({"b64": served.b64(other)["b64"]})
    first, second = server.post(request).json()["predictions"]
    assert set(first) == {"enhanced_bytes", "length"}
    answer = served.base64.b64decode(first["enhanced_bytes"]["b64"])
    assert len(answer) == first["length"] != second["length"]
    np.testing.assert_array_equal(served.pixels_of(answer), 255 - pixels)


def test_settings_are_scalars_of_columns(server):
    inputs = {"image_bytes": [served.b64(b"\xff"), "text"], "iterations": 8}
    inputs |= {"strength": 0.5, "format": "jpeg"}
    answer = server.post({"signature_name": "enhance_bytes_with", "inputs": inputs})
    expected = [served.b64(b"\xff 8 0.50 jpeg"), served.b64(b"text 8 0.50 jpeg")]
    assert answer.json() == {"outputs": expected}


def test_state_and_metadata(server):
    version = {"version": "1", "state": "AVAILABLE"}
    version["status"] = {"error_code": "OK", "error_message": ""}
    for path in ("", "/versions/1"):
        assert server.get(path).json() == {"model_version_status": [version]}
        metadata = server.get(f"{path}/metadata").json()
        spec = {"name": "toy", "signature_name": "", "version": "1"}
        assert metadata["model_spec"] == spec
        signatures = metadata["metadata"]["signature_def"]["signature_def"]
        images = signatures["serving_default"]["inputs"]["images"]
        assert images["dtype"] == "DT_FLOAT"
        sizes = [dim["size"] for dim in images["tensor_shape"]["dim"]]
        assert sizes == ["-1", "-1", "-1", "3"]
    assert server.post({"instances": [[[[0, 0, 1]]]]}, "/versions/1:predict").ok


ROW = {"instances": [[[[0, 0, 0]]]]}
WITH = {"image_bytes": ["a"], "iterations": 1, "strength": 1, "format": ""}


@pytest.mark.parametrize(
    "document, message",
    [
        ([1], "Is not object"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({**ROW, "inputs": []}, "only one of"),
        ({**ROW, "signature_name": 3}, "must be a string"),
        ({**ROW, "signature_name": "no"}, 'Serving signature key "no" not found'),
        ({"instances": []}, "at least one"),
        ({"instances": 3}, "must be a list"),
        ({"inputs": [[[["0.5", 0, 0]]]]}, "not of expected type: float32"),
        ({"inputs": [[[[None, 0, 0]]]]}, "not of expected type: float32"),
        ({"inputs": [[[[1e39, 0, 0]]]]}, "too large for float32"),
        ({"inputs": [[[[0, 0], [0, 0, 0]]]]}, "is no float32 tensor"),
        ({"inputs": [[[0, 0, 0]]]}, "must be float32 of shape (?, ?, ?, 3)"),
        ({"inputs": [[[[0, 0]]]]}, "Received: float32 of shape (1, 1, 1, 2)"),
        ({"inputs": []}, "must be float32"),
        ({"inputs": {"pictures": []}}, "Missing but required: {images}"),
        ({"instances": [{"pictures": []}]}, "keys must be equal to: images"),
        ({"instances": [[[[0, 0, 0]]], {"images": []}]}, "mixes"),
        ({"signature_name": "enhance_bytes", "inputs": []}, "must not be empty"),
        (
            {"signature_name": "enhance_bytes", "inputs": [{"b64": "%"}]},
            "base64 decode",
        ),
        ({"signature_name": "enhance_bytes", "inputs": [{"b64": 3}]}, "is missing"),
        ({"signature_name": "enhance_bytes", "inputs": [3]}, "is missing"),
        ({"signature_name": "enhance_bytes", "inputs": [["a"]]}, "is missing"),
        ({"signature_name": "enhance_bytes", "inputs": ["a"]}, "image_bytes[0]"),
        (
            {"signature_name": "enhance_bytes_with", "inputs": ["a"]},
            "expecting an object",
        ),
        (
            {"signature_name": "enhance_bytes_with", "instances": ["a"]},
            "list of objects",
        ),
        (
            {
                "signature_name": "enhance_bytes_with",
                "inputs": WITH | {"iterations": 1.5},
            },
            "not of expected type: int32",
        ),
        (
            {
                "signature_name": "enhance_bytes_with",
                "inputs": WITH | {"iterations": 2**40},
            },
            "too large for int32",
        ),
        (
            {
                "signature_name": "enhance_bytes_with",
                "inputs": WITH | {"format": ["jpeg"]},
            },
            "is missing",
        ),
    ],
)
def test_bad_json(server, document, message):
    answer = server.post(document)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["error"] and message in answer.json()["error"]
    assert (
        "{{" not in answer.text and "stack traces" not in answer.text
    )  # names of nodes


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 5000, b'{"inputs": NaN}'])
def test_no_json(server, body):
    answer = server.post(data=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("JSON Parse error: ")


@pytest.mark.parametrize(
    "method, path, status, message",
    [
        ("GET", "/v1/models/other", 404, "Could not find any versions of model other"),
        ("GET", "/v1/models/toy/versions/7", 404, "Could not find version 7 of model"),
        ("GET", "/v1/models/toy/versions/7/metadata", 404, "Specific(toy, 7)"),
        (
            "POST",
            "/v1/models/other:predict",
            404,
            "not found for request: Latest(other)",
        ),
        ("POST", "/v1/models/toy/versions/7:predict", 404, "Specific(toy, 7)"),
        (
            "GET",
            "/v1/models/toy:predict",
            400,
            "Malformed request: GET /v1/models/toy:p",
        ),
        ("POST", "/v1/models/toy", 400, "Malformed request: POST /v1/models/toy"),
        ("POST", "/v1/models/toy:classify", 501, "only :predict is served"),
        ("POST", "/v1/models/toy/versions/a:predict", 400, "Malformed request"),
        ("GET", f"/v1/models/toy/versions/{'1' * 5000}", 400, "Malformed request"),
        ("GET", "/v2/health", 404, "Not found"),
        ("DELETE", "/v1/models/toy", 405, "Method not allowed"),
    ],
)
def test_wrong_addresses(server, method, path, status, message):
    answer = requests.request(method, server.root + path, json=ROW, timeout=60)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"] and message in answer.json()["error"]


# gRPC


def test_predict(server):
    response = server.call(images=IMAGES)
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == (
        "toy",
        1,
        "serving_default",
    )
    enhanced = tf.make_ndarray(response.outputs["enhanced"])
    assert enhanced.dtype == "float32"
    np.testing.assert_array_equal(enhanced, 2 * IMAGES)
    content, pixels = served.png(3)
    response = server.call("enhance_bytes", version=1, image_bytes=[content])
    assert set(response.outputs) == {"enhanced_bytes", "length"}
    (answer,) = response.outputs["enhanced_bytes"].string_val
    np.testing.assert_array_equal(served.pixels_of(answer), 255 - pixels)
    response = server.call(
        "enhance_bytes", output_filter=["length"], image_bytes=[content]
    )
    assert set(response.outputs) == {"length"}
    inputs = {"iterations": np.int32(2), "strength": np.float32(1), "format": b"png"}
    response = server.call("enhance_bytes_with", image_bytes=[b"a", b"b"], **inputs)
    spelt = list(response.outputs["enhanced_bytes"].string_val)
    assert spelt == [b"a 2 1.00 png", b"b 2 1.00 png"]


def proto(dtype, shape, **values):
    proto = tf.make_tensor_proto(0.0)
    proto.Clear()
    proto.dtype = dtype
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    for name, value in values.items():
        if name == "tensor_content":
            proto.tensor_content = value
        else:
            getattr(proto, name).extend(value)
    return proto


@pytest.mark.parametrize(
    "inputs, message",
    [
        ({}, "Missing but required: {images}"),
        ({"images": IMAGES, "more": IMAGES}, "Sent extra: {more}"),
        ({"images": IMAGES.astype("float64")}, "must be float32"),
        ({"images": (255 * IMAGES).astype("uint8")}, "Received: uint8"),
        ({"images": IMAGES[0]}, "of shape (?, ?, ?, 3). Received"),
        ({"images": IMAGES[..., :2]}, "Received: float32 of shape (1, 1, 2, 2)"),
        ({"images": IMAGES[:0]}, "must not be empty"),
        ({"images": IMAGES[:, :0]}, "must not be empty"),
        ({"images": [b"jpeg"]}, "Received: string"),
        # A few bytes that stand for a terabyte, and other lies.
        ({"images": proto(1, (10**6, 10**6, 1, 3), float_val=[0])}, "too large"),
        ({"images": proto(1, (-1, 1, 1, 3), float_val=[0])}, "is no tensor"),
        ({"images": proto(1, (1, 1, 1, 3), tensor_content=b"abc")}, "is no tensor"),
        ({"images": proto(99, (1, 1, 1, 3))}, "is no tensor"),
    ],
)
def test_bad_tensors(server, inputs, message):
    with refused(INVALID, message):
        server.call(**inputs)


def test_wrong_names_of_grpc(server):
    with refused(INVALID, "image_bytes[1] is no picture"):
        server.call("enhance_bytes", image_bytes=[served.png()[0], b"GIF8"])
    with refused(INVALID, "output tensor alias not found in signature: no"):
        server.call(images=IMAGES, output_filter=["no"])
    with refused(grpc.StatusCode.NOT_FOUND, "Specific(toy, 3)"):
        server.call(version=3, images=IMAGES)
    with refused(grpc.StatusCode.FAILED_PRECONDITION, '"no" not found'):
        server.call("no", images=IMAGES)


def test_grpc_metadata_and_state(server):
    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.model_spec.name = "toy"
    with refused(INVALID, "at least one"):
        server.predictions.GetModelMetadata(request)
    request.metadata_field.append("signature_def")
    response = server.predictions.GetModelMetadata(request)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    with_settings = signatures.signature_def["enhance_bytes_with"]
    assert set(with_settings.inputs) == set(WITH)
    request.metadata_field.append("weights")
    with refused(INVALID, "weights is not supported"):
        server.predictions.GetModelMetadata(request)
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "toy"
    (state,) = server.models.GetModelStatus(request).model_version_status
    assert (state.version, state.state) == (1, state.AVAILABLE)
    request.model_spec.version_label = "stable"
    with refused(INVALID, "labels"):
        server.models.GetModelStatus(request)
    request.model_spec.name = "other"
    request.model_spec.version.value = 1
    with refused(grpc.StatusCode.NOT_FOUND, "Could not find any versions"):
        server.models.GetModelStatus(request)


def test_what_is_not_served(server):
    calls = {
        server.predictions.Classify: classification_pb2.ClassificationRequest(),
        server.predictions.Regress: regression_pb2.RegressionRequest(),
        server.predictions.MultiInference: inference_pb2.MultiInferenceRequest(),
        server.models.HandleReloadConfigRequest: (
            model_management_pb2.ReloadConfigRequest()
        ),
    }
    for call, request in calls.items():
        with refused(grpc.StatusCode.UNIMPLEMENTED, "only Predict is served"):
            call(request)


# Both


def test_health_and_metrics(server):
    stub = health_pb2_grpc.HealthStub(server.channel)
    assert stub.Check(health_pb2.HealthCheckRequest()).status == 1  # SERVING
    assert requests.get(f"{server.root}/healthz", timeout=60).text == "ok\n"
    name = 'zero_dce_serve_requests_total{api="%s",signature="%s",status="%s"}'
    names = [
        name % ("rest", "serving_default", "OK"),
        name % ("grpc", "serving_default", "OK"),
        name % ("rest", "", "NOT_FOUND"),
        name % ("grpc", "serving_default", "INVALID_ARGUMENT"),
    ]
    before = [server.metric(name) for name in names]
    assert server.post({"inputs": IMAGES.tolist()}).ok
    server.call(images=IMAGES)
    server.post(ROW, path="/versions/9:predict")
    with pytest.raises(grpc.RpcError):
        server.call(images=IMAGES[0])
    assert [server.metric(name) for name in names] == [count + 1 for count in before]
    assert server.metric("zero_dce_serve_model_version") == 1
    assert server.metric("zero_dce_serve_requests_in_work ") == 0
    assert server.metric("process_resident_memory_bytes") > 1e8
    same = requests.get(f"{server.root}/monitoring/prometheus/metrics", timeout=60)
    assert "zero_dce_serve_requests_total" in same.text


def test_limits(server):
    """1 MB, 1 megapixel, 4 pictures."""
    fits, wide = np.zeros((1, 200, 300, 3), "float32"), served.black_png(1001, 1000)
    server.call(images=fits)
    large = np.zeros((1, 300, 400, 3), "float32")  # 1.4 MB
    with refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "larger than max"):
        server.call(images=large)
    for length in (True, False):  # with Content-Length, and in chunks
        body = json.dumps({"inputs": large.tolist()}).encode()
        answer = server.post(data=body if length else iter([body[:9], body[9:]]))
        assert answer.status_code == 413 and "1000000 bytes" in answer.json()["error"]
    counted = 'zero_dce_serve_requests_total{api="rest",signature="",status="%s"}'
    assert server.metric(counted % "RESOURCE_EXHAUSTED") >= 2
    with refused(INVALID, "1.0 megapixels: a request may have 1 in all"):
        server.call("enhance_bytes", image_bytes=[wide])
    answer = server.post(
        {"signature_name": "enhance_bytes", "inputs": [served.b64(wide)]}
    )
    assert answer.status_code == 400 and "megapixels" in answer.json()["error"]
    with refused(INVALID, "5 items: a request may have 4"):
        server.call("enhance_bytes", image_bytes=[served.png()[0]] * 5)


def test_a_client_that_goes_away(server):
    counted = (
        'zero_dce_serve_requests_total{api="rest",signature="",status="CANCELLED"}'
    )
    before = server.metric(counted)
    host, port = server.root.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(
            b"POST /v1/models/toy:predict HTTP/1.1\r\nHost: toy\r\n"
            b"Content-Length: 1000\r\n\r\nonly this"
        )
        server.wait_for_work(1)
    deadline = time.monotonic() + 30
    while server.metric(counted) == before:
        assert time.monotonic() < deadline
    assert server.metric("zero_dce_serve_requests_in_work ") == 0


def test_the_gate(server):
    """8 requests may be in work or waiting; the ninth is told to come again."""
    rounds = np.int32(2 * served.ROUNDS_OF_A_SECOND)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:

        def slow(number):
            return server.call("slow", values=[[float(number)]], rounds=rounds + number)

        calls = [pool.submit(slow, number) for number in range(8)]
        server.wait_for_work(8)
        answer = server.post({"inputs": IMAGES.tolist()})
        assert answer.status_code == 429 and "try again" in answer.json()["error"]
        with refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "try again later"):
            server.call(images=IMAGES)
        answers = [call.result().outputs["values"].float_val[0] for call in calls]
    assert answers == list(range(8))
    assert server.post({"inputs": IMAGES.tolist()}).ok


def test_requests_that_fit_together_run_as_one(server):
    """While two batches are in work, others gather; a bad one fails alone."""
    batches, items = (
        f"zero_dce_serve_batch_items_{which}" for which in ("count", "sum")
    )
    files = [served.png(seed, (seed + 1, 9)) for seed in range(5)]
    files.insert(3, (b"GIF8", None))

    def ask(number):
        content, pixels = files[number]
        if pixels is None:
            with refused(INVALID, "image_bytes[0] is no picture"):
                server.call("enhance_bytes", image_bytes=[content])
            return
        response = server.call("enhance_bytes", image_bytes=[content])
        (answer,) = response.outputs["enhanced_bytes"].string_val
        np.testing.assert_array_equal(served.pixels_of(answer), 255 - pixels)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        rounds = np.int32(served.ROUNDS_OF_A_SECOND)
        long = [
            pool.submit(server.call, "slow", values=[[1.0]], rounds=rounds + number)
            for number in range(2)
        ]
        server.wait_for_work(2)
        time.sleep(0.2)  # both have left the queue
        before = server.metric(batches), server.metric(items)
        list(pool.map(ask, range(6)))
        [call.result() for call in long]
    # Six requests of one picture, at most four in a batch.
    after = server.metric(batches), server.metric(items)
    assert after[1] - before[1] == 6
    assert after[0] - before[0] < 6


def test_requests_that_differ_do_not_run_as_one(server):
    def ask(number):
        inputs = {"strength": np.float32(1), "format": b"png"}
        response = server.call(
            "enhance_bytes_with",
            image_bytes=[b"a"],
            iterations=np.int32(number),
            **inputs,
        )
        return list(response.outputs["enhanced_bytes"].string_val)

    def multiply(number):
        images = np.full((1, number % 3 + 1, 2, 3), number, "float32")
        return tf.make_ndarray(server.call(images=images).outputs["enhanced"])

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, [1, 2, 3] * 10))
        products = list(pool.map(multiply, range(30)))
    assert answers == [[b"a %d 1.00 png" % number] for number in [1, 2, 3] * 10]
    for number, product in enumerate(products):
        assert product.shape == (1, number % 3 + 1, 2, 3)
        assert (product == 2 * number).all()


def test_it_listens_on_this_computer_alone(server):
    port = int(server.root.rpartition(":")[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        with contextlib.suppress(OSError):
            asking.connect(("192.0.2.1", 9))  # sends nothing; says our own address
        own = asking.getsockname()[0]
    if own in ("0.0.0.0", "127.0.0.1"):
        pytest.skip("this computer has no other address")
    with pytest.raises(OSError):
        socket.create_connection((own, port), timeout=5).close()


# Versions


def wait_for(server, version, state="AVAILABLE", seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        answer = server.get(f"/versions/{version}")
        if answer.ok:
            (found,) = answer.json()["model_version_status"]
            if found["state"] == state:
                return found["status"]
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)


def factor(server):
    return server.post({"inputs": [[[[1, 1, 1]]]]}).json()["outputs"][0][0][0][0]


def test_versions_come_and_go(watched, toy):
    """A new one replaces the old one under load; torn ones never replace a good one."""
    directory, server = watched
    assert factor(server) == 2
    is_done = directory.with_name("done")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        inputs = {"values": [[5.0]], "file": [str(is_done).encode()]}
        long = pool.submit(server.call, "wait", **inputs)
        try:
            time.sleep(0.3)
            served.write_toy(directory / ".new", factor=3.0).rename(directory / "2")
            deadline = time.monotonic() + 60
            while factor(server) == 2:  # there is always one that answers
                assert time.monotonic() < deadline
            assert factor(server) == 3
            wait_for(
                server, 1, "UNLOADING", seconds=0
            )  # while its last request is in work
        finally:
            is_done.touch()
        assert long.result().model_spec.version.value == 1
    wait_for(server, 1, "END")
    with refused(grpc.StatusCode.NOT_FOUND, "Specific(watched, 1)"):
        server.call(version=1, images=IMAGES)

    (directory / "3").mkdir()  # still empty
    shutil.copytree(directory / "2", directory / "4")
    data = directory / "4" / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(b"")
    (directory / "5").mkdir()
    (directory / "5" / "saved_model.pb").write_bytes(b"no protobuf")
    for number in (4, 5):
        assert wait_for(server, number, "END")["error_message"]
    assert (
        factor(server) == 3 and server.call(images=IMAGES).model_spec.version.value == 2
    )
    shutil.copytree(toy / "1", directory / "5", dirs_exist_ok=True)  # now whole
    wait_for(server, 5)
    assert factor(server) == 2
    shutil.rmtree(directory / "5")  # back to the one before
    wait_for(server, 2)
    assert factor(server) == 3
    shutil.rmtree(directory)
    time.sleep(2.5)
    assert factor(server) == 3  # from memory


def test_a_version_is_loaded_once_its_files_are_still(tmp_path, monkeypatch):
    """A copy that takes longer than a look at the directory is not opened."""
    loaded = []

    def fake(path):
        loaded.append(path.name)
        return SimpleNamespace(number=int(path.name), requests=0)

    monkeypatch.setattr(versions, "ModelVersion", fake)

    def write(number, content):
        (tmp_path / number).mkdir(exist_ok=True)
        (tmp_path / number / "saved_model.pb").write_bytes(content)

    async def look_often():
        write("1", b"")
        watching = versions.Versions("toy", tmp_path)
        await watching.start()
        for content in (b"a", b"ab", b"abc"):
            write("2", content)
            await watching._look()
            assert loaded == ["1"] and watching.current.number == 1
        await watching._look()
        assert loaded == ["1", "2"] and watching.current.number == 2

    asyncio.run(look_often())


# Start and stop


def test_sigterm_under_load(toy):
    """What is in work is answered, by gRPC and REST; what comes later is refused."""
    with (
        served.serving(toy) as server,
        concurrent.futures.ThreadPoolExecutor(8) as pool,
    ):
        rounds = 3 * served.ROUNDS_OF_A_SECOND
        calls = [
            pool.submit(
                server.call, "slow", values=[[float(n)]], rounds=np.int32(rounds + n)
            )
            for n in range(2)
        ]
        inputs = {"values": [[7.0]], "rounds": rounds}
        post = pool.submit(server.post, {"signature_name": "slow", "inputs": inputs})
        server.wait_for_work(3)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(requests.ConnectionError):
            server.get()
        with refused(grpc.StatusCode.UNAVAILABLE, ""):
            server.call(images=IMAGES)
        for number, call in enumerate(calls):
            assert call.result().outputs["values"].float_val[:] == [number]
        assert post.result().json() == {"outputs": [[7.0]]}
        assert server.process.wait(timeout=30) == 0


def start(capfd, *options):
    """Call the command, which fails; returns code and error."""
    code = cli.run(serve.main, [*map(str, options)])
    out, err = capfd.readouterr()
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert out == "" and "Traceback" not in err
    return code, line


def test_wrong_directories(capfd, tmp_path, toy):
    code, line = start(capfd, tmp_path / "no")
    assert (code, line) == (1, f"error: {tmp_path}/no: No such file or directory")
    code, line = start(capfd, tmp_path)
    assert code == 1 and "has no version of a model" in line
    code, line = start(capfd, toy / "1")
    assert code == 1 and "the directory above it is meant" in line
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"no protobuf")
    code, line = start(capfd, tmp_path, "--grpc-port", "0", "--rest-port", "0")
    assert (code, line) == (1, f"error: {tmp_path}: no version of it loads")


@pytest.mark.parametrize("option", ["--grpc-port", "--rest-port"])
def test_a_port_in_use(capfd, toy, option):
    other = {"--grpc-port": "--rest-port", "--rest-port": "--grpc-port"}[option]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, line = start(capfd, toy, option, port, other, "0")
    assert code == 1
    assert line.startswith(f"error: port {port} of 127.0.0.1 is in use")
    assert line.endswith(f"{option} takes another")


def test_warm_up_runs_before_a_version_is_served(toy, tmp_path):
    """A warm-up request that fails keeps the version out."""
    directory = shutil.copytree(toy, tmp_path / "warm")
    path = directory / "1" / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir()
    record = prediction_log_pb2.PredictionLog()
    request = record.predict_log.request
    request.model_spec.signature_name = "enhance_bytes"
    for content, is_good in ((b"GIF8", False), (served.png()[0], True)):
        request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([content]))
        with tf.io.TFRecordWriter(str(path)) as writer:
            writer.write(record.SerializeToString())
        from zero_dce_keras.serving.server.model import ModelVersion

        if is_good:
            ModelVersion(directory / "1")
        else:
            with pytest.raises(Exception, match=r"image_bytes\[0\] is no picture"):
                ModelVersion(directory / "1")
