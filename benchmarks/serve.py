"""`zero-dce serve` under load: mixed requests, a folder beside `enhance`, kills.

1. 1,000 requests, 32 at once, by REST and gRPC: good and bad, small and of 12
   megapixels. Every one must be answered, and rightly: a picture is compared with what
   the SavedModel gives in another process, a bad one must be refused with its status.
2. One folder of JPEGs by the server, and by plain `enhance`.
3. The server is killed (`kill -9`) at random moments and started again: clients try
   again, and no answer may be wrong.

    python benchmarks/serve.py [--requests 1000] [--kills 3] [--seed 0] [--json]

Needs the extra `serving`: `make test-serving` sets up `.venv-serving`.
"""

import base64
import concurrent.futures
import contextlib
import io
import itertools
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import grpc
import machine
import numpy as np
import requests
from PIL import Image

from zero_dce_keras import cli

CLIENTS = 32
LARGE = 3000, 4000  # 12 megapixels
SHARE_OF_LARGE, SHARE_OF_BAD = 0.02, 0.2
FOLDER = 100  # JPEGs of 600×400
PARTS = 5  # after each the memory is read
PLACES = 24  # fewer than clients: some are told to try again
PAUSE = 0.5  # seconds before they do
BUSY = ("UNAVAILABLE", "RESOURCE_EXHAUSTED", 429, 503)


class Server:
    """A server's process, and its addresses.

    Args:
        model: directory that `zero-dce export` wrote.
    """

    def __init__(self, model):
        self.model = model
        self.ports = [free_port(), free_port()]
        self.url = f"http://127.0.0.1:{self.ports[1]}/v1/models/{model.name}"

    def start(self):
        ports = [
            f"--{api}-port={port}" for api, port in zip(("grpc", "rest"), self.ports)
        ]
        command = [
            sys.executable,
            "-m",
            "zero_dce_keras.serve",
            str(self.model),
            *ports,
            f"--max-requests={PLACES}",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():
            raise SystemExit("the server does not start")

    def memory(self, field="VmRSS"):
        """MB that it has, or (`VmHWM`) had at its peak."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) / 1024


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class Client:
    """Asks by REST or gRPC; an answer is a status and the pictures."""

    def __init__(self, server):
        from tensorflow_serving.apis import prediction_service_pb2_grpc

        self.server = server
        options = [
            (f"grpc.max_{way}_message_length", -1) for way in ("send", "receive")
        ]
        options.append(("grpc.max_reconnect_backoff_ms", 1000))
        channel = grpc.insecure_channel(f"127.0.0.1:{server.ports[0]}", options)
        self.stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        self.sessions = threading.local()

    def grpc(self, signature, inputs):
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2

        request = predict_pb2.PredictRequest()
        request.model_spec.name = self.server.model.name
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        try:
            outputs = self.stub.Predict(request, timeout=600).outputs
        except grpc.RpcError as error:
            return error.code().name, None
        (output,) = outputs.values()
        return "OK", list(tf.make_ndarray(output))

    def rest(self, signature, inputs):
        if not hasattr(self.sessions, "session"):
            self.sessions.session = requests.Session()
        document = {"signature_name": signature, "inputs": jsonable(inputs)}
        try:
            answer = self.sessions.session.post(
                f"{self.server.url}:predict", json=document, timeout=600
            )
        except requests.ConnectionError:
            return 503, None  # killed: as good as a server that says so
        if not answer.ok:
            assert list(answer.json()) == ["error"]
            return answer.status_code, None
        values = answer.json()["outputs"]
        if isinstance(values[0], dict):
            return 200, [base64.b64decode(value["b64"]) for value in values]
        return 200, list(np.float32(values))


def jsonable(value):
    if isinstance(value, dict):
        return {name: jsonable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [jsonable(item) for item in value]
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return value.tolist()


def encoded(image, format, **options):
    file = io.BytesIO()
    Image.fromarray(image).save(file, format, **options)
    return file.getvalue()


def good_requests(rng):
    """(kind, signature, inputs) of pictures; REST gets small arrays only."""
    sizes = [(400, 600), (240, 320), (301, 203)]
    small = [machine.photo(*size, seed) for seed, size in enumerate(sizes)]
    files = [encoded(image, kind) for image in small for kind in ("jpeg", "png")]
    found = [("small", "enhance_bytes", {"image_bytes": [file]}) for file in files]
    found.append(("several", "enhance_bytes", {"image_bytes": files[:4]}))
    settings = {
        "iterations": np.int32([4]),
        "strength": np.float32([0.5]),
        "format": [b"png"],
    }
    found.append(
        ("settings", "enhance_bytes_with", {"image_bytes": files[:1], **settings})
    )
    tiny = (rng.random((2, 32, 48, 3)) / 4).astype("float32")
    found.append(("array", "serving_default", {"images": tiny}))
    large = encoded(machine.photo(*LARGE), "jpeg", quality=90)
    return found, ("large", "enhance_bytes", {"image_bytes": [large]})


def bad_requests(files):
    """(signature, inputs, gRPC's status, HTTP's)."""
    invalid = "INVALID_ARGUMENT", 400
    images = np.zeros((1, 8, 8, 3), "float32")
    return [
        ("enhance_bytes", {"image_bytes": [b"no picture"]}, *invalid),
        ("enhance_bytes", {"image_bytes": [files[0], files[0][:400]]}, *invalid),
        ("enhance_bytes", {"image_bytes": files[:1] * 33}, *invalid),
        ("enhance_bytes", {"images": images}, *invalid),
        ("serving_default", {"images": images[0]}, *invalid),
        ("serving_default", {"images": images[:0]}, *invalid),
        ("nothing", {"images": images}, "FAILED_PRECONDITION", 400),
    ]


def expect(model, good, directory):
    """Answers of the SavedModel itself, by plain TensorFlow in another process."""
    code = """
import pickle, sys, tensorflow as tf
model, path = sys.argv[1:]
signatures = tf.saved_model.load(model).signatures
with open(path, "rb") as file:
    good = pickle.load(file)
answers = []
for _, signature, inputs in good:
    inputs = {name: tf.constant(value) for name, value in inputs.items()}
    (output,) = signatures[signature](**inputs).values()
    answers.append(list(output.numpy()))
with open(path, "wb") as file:
    pickle.dump(answers, file)
"""
    import pickle

    path = directory / "expected.pickle"
    path.write_bytes(pickle.dumps(good))
    version = max(int(p.name) for p in model.iterdir() if p.name.isdecimal())
    subprocess.run(
        [sys.executable, "-c", code, str(model / str(version)), str(path)], check=True
    )
    return pickle.loads(path.read_bytes())


def is_right(answer, expected):
    """Within one level: requests that run together round a little differently."""
    if answer is None or len(answer) != len(expected):
        return False
    return all(map(is_same, answer, expected))


def is_same(one, other):
    if isinstance(one, bytes):
        if one == other:
            return True
        one, other = (
            np.asarray(Image.open(io.BytesIO(f)), "int16") for f in (one, other)
        )
        return one.shape == other.shape and np.abs(one - other).max() <= 1
    return one.shape == other.shape and np.abs(one - other).max() < 1e-4


def until_answered(ask, signature, inputs):
    """Status, answer, and how often the server had to be asked."""
    for tries in itertools.count(1):
        status, answer = ask(signature, inputs)
        if status not in BUSY:
            return status, answer, tries
        time.sleep(PAUSE)


class Load:
    """Mixed requests of many clients, and what came of them."""

    def __init__(self, client, expected_of, good, large, bad, seed):
        self.client = client
        self.expected_of = expected_of
        self.good, self.large, self.bad = good, large, bad
        self.rng = np.random.default_rng(seed)
        self.rows = []  # (api, kind, seconds, tries, whether the answer is right)
        self.lock = threading.Lock()

    def run(self, count):
        kinds = self.rng.choice(
            ["large", "bad", "good"],
            count,
            p=[SHARE_OF_LARGE, SHARE_OF_BAD, 1 - SHARE_OF_LARGE - SHARE_OF_BAD],
        )
        numbers = self.rng.integers(0, 2**31, count)
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self.ask, kinds, numbers))
        return self

    def ask(self, kind, number):
        api = ("grpc", "rest")[number % 2]
        number //= 2
        if kind == "bad":
            signature, inputs, *statuses = self.bad[number % len(self.bad)]
            wanted, expected = statuses[api == "rest"], None
        else:
            index = number % len(self.good) if kind == "good" else len(self.good)
            all_of_them = [*self.good, self.large]
            kind, signature, inputs = all_of_them[index]
            wanted, expected = ("OK", 200)[api == "rest"], self.expected_of[index]
        start = time.perf_counter()
        ask = getattr(self.client, api)
        status, answer, tries = until_answered(ask, signature, inputs)
        seconds = time.perf_counter() - start
        right = status == wanted and (expected is None or is_right(answer, expected))
        with self.lock:
            self.rows.append((api, kind, seconds, tries, right))
            if not right:
                print(f"wrong: {api} {kind} {signature} {status}", file=sys.stderr)

    def table(self):
        rows = []
        for api, kind in sorted({row[:2] for row in self.rows}):
            seconds = [row[2] for row in self.rows if row[:2] == (api, kind)]
            cuts = statistics.quantiles(seconds * 2, n=100)  # of one, too
            rows.append(
                {
                    "api": api,
                    "requests": kind,
                    "count": len(seconds),
                    **{f"p{p}, s": f"{cuts[p - 1]:.2f}" for p in (50, 90, 99)},
                    "told to try again": sum(
                        row[3] - 1 for row in self.rows if row[:2] == (api, kind)
                    ),
                    "wrong": sum(
                        not row[4] for row in self.rows if row[:2] == (api, kind)
                    ),
                }
            )
        return rows


def serve_folder(client, files):
    """Seconds for all files, the clients' way."""
    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:

        def ask(file):
            inputs = {"image_bytes": [file]}
            return until_answered(client.grpc, "enhance_bytes", inputs)[0]

        statuses = set(pool.map(ask, files))
    assert statuses == {"OK"}, statuses
    return time.perf_counter() - start


def enhance_folder(photos, output):
    """Seconds of plain `enhance`, start and all."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "zero_dce_keras.enhance", str(photos)]
    subprocess.run([*command, "-o", str(output)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def kill_under_load(server, load, kills, rng):
    """Kill and start the server again while a load runs; the load."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        working = pool.submit(load.run, 40 * kills)
        for _ in range(kills):
            time.sleep(1 + 3 * rng.random())
            server.process.kill()
            server.process.wait()
            server.start()
        return working.result()


def main(argv=None):
    parser = machine.parse_options(__doc__.splitlines()[0], repeats=1)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, help="directory of an export (its own)")
    args = parser.parse_args(argv)
    rng = np.random.default_rng(args.seed)
    cli.start_backend("cpu")
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        directory = Path(directory)
        model = args.model or directory / "zero_dce"
        if not args.model:
            command = [sys.executable, "-m", "zero_dce_keras.export", "-o", str(model)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        good, large = good_requests(rng)
        expected_of = expect(model, [*good, large], directory)
        bad = bad_requests(good[0][2]["image_bytes"])
        server = Server(model)
        server.start()
        start = server.memory()
        stack.callback(lambda: server.process.kill())
        client = Client(server)
        parts = client, expected_of, good, large, bad
        load, memory = Load(*parts, args.seed), []
        for part in np.array_split(range(args.requests), PARTS):
            load.run(len(part))
            memory.append(f"{server.memory():.0f}")
        peak = server.memory("VmHWM")

        photos = directory / "photos"
        photos.mkdir()
        for number in range(FOLDER):
            content = encoded(machine.photo(400, 600, number), "jpeg")
            (photos / f"{number}.jpg").write_bytes(content)
        files = [path.read_bytes() for path in photos.iterdir()]
        folder = {
            "server": serve_folder(client, files),
            "enhance": enhance_folder(photos, directory / "enhanced"),
        }
        killed = kill_under_load(server, Load(*parts, args.seed + 2), args.kills, rng)
        server.process.terminate()
        stopped = server.process.wait(timeout=60)
    facts = {
        "requests": f"{args.requests}, {CLIENTS} at once, each answered",
        "memory": f"{start:.0f} MB at the start, {', '.join(memory)} MB after each "
        f"part of {PARTS}, {peak:.0f} MB at the peak",
        "folder": f"{FOLDER} JPEGs of 600×400: server {FOLDER / folder['server']:.1f}/s, "
        f"enhance {FOLDER / folder['enhance']:.1f}/s with its start",
        "kills": f"{args.kills} under {len(killed.rows)} requests, "
        f"{sum(row[3] - 1 for row in killed.rows)} tries again, "
        f"{sum(not row[4] for row in killed.rows)} wrong answers",
        "exit code at SIGTERM": stopped,
    }
    machine.report(load.table(), args, **facts)
    wrong = sum(not row[4] for row in [*load.rows, *killed.rows])
    return 1 if wrong or stopped or len(load.rows) != args.requests else 0


if __name__ == "__main__":
    sys.exit(main())
