"""Several devices give what one gives: weights, logs and files.

Each training is a process of its own, because a process chooses its devices once.
"""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from zero_dce_keras import Recipe
from zero_dce_keras.training import distribution

BACKEND = keras.backend.backend()
PROGRAM = Path(__file__).parents[1] / "distributed.py"
# Clips every step; 7 images in batches of 4 have a ragged end.
RECIPE = {
    "image_size": 16,
    "batch_size": 4,
    "epochs": 2,
    "train_images": 7,
    "validation_images": 3,
    "num_iterations": 2,
    "filters": 2,
    "num_layers": 3,
    "learning_rate": 1e-3,
    "global_clipnorm": 0.01,
    "l2": 1e-4,
    "drop_remainder": BACKEND == "jax",  # whose devices have equal parts
}
several = pytest.mark.skipif(BACKEND == "torch", reason="docs/gpu.md says how there")
# `make test-backends` runs it on JAX, `make test-all` on TensorFlow.
slow = pytest.mark.large if BACKEND == "tensorflow" else lambda function: function


@pytest.fixture(scope="module")
def pairs(tmp_path_factory, make_lol):
    """A folder of ten pairs."""
    return make_lol(tmp_path_factory.mktemp("pairs"), range(10)) / "our485"


def begin(devices=1, tf_config=None, **options):
    """Begin a training; `options` as for `distributed.py`."""
    environment = {**os.environ, "KERAS_BACKEND": BACKEND}
    environment.pop("TF_CONFIG", None)
    if tf_config is not None:
        environment["TF_CONFIG"] = tf_config
    return subprocess.Popen(
        [sys.executable, PROGRAM, json.dumps({"devices": devices, **options})],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def finish(process, seconds=300):
    """Return exit code and stderr, without the lines of C libraries."""
    _, err = process.communicate(timeout=seconds)
    lines = [line for line in err.splitlines() if is_ours(line)]
    return process.returncode, "\n".join(lines)


def is_ours(line):
    foreign = line[1:5].isdecimal() or "absl::" in line
    return bool(line) and not foreign


def run(pairs, output, devices=1, resume=False, tf_config=None, **changes):
    arguments = {"dataset": "folder", "data_dir": str(pairs), "output": str(output)}
    arguments["resume"] = resume
    return begin(devices, tf_config, recipe=RECIPE | changes, arguments=arguments)


def run_hosts(pairs, output, **options):
    """Begin the training of two hosts, which are processes here."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in (one, other)]
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    configs = [
        json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        for index in range(2)
    ]
    return [run(pairs, output, tf_config=each, **options) for each in configs]


def assert_same_run(one, other):
    """Weights, optimizer and history agree to 1e-4; the weights far better."""
    with np.load(one / "state.npz") as first, np.load(other / "state.npz") as second:
        assert first.keys() == second.keys()
        for name in first.keys() - {"progress"}:
            np.testing.assert_allclose(
                first[name], second[name], rtol=1e-4, atol=1e-6, err_msg=name
            )
        histories = [
            json.loads(str(each["progress"]))["history"] for each in (first, second)
        ]
    assert histories[0].keys() == histories[1].keys()
    for name, values in histories[0].items():
        np.testing.assert_allclose(
            values, histories[1][name], rtol=1e-4, atol=1e-7, err_msg=name
        )


@several
@slow
def test_two_devices_are_as_one(pairs, tmp_path):
    """A run of one device, and one of two that is resumed after its first epoch."""
    assert finish(run(pairs, tmp_path / "one"))[0] == 0
    two = tmp_path / "two"
    # The cosine has no part in this recipe: one epoch is the first of two.
    assert finish(run(pairs, two, devices=2, epochs=1))[0] == 0
    config = json.loads((two / "config.json").read_text())
    assert config["devices"] == 2
    config["recipe"]["epochs"] = 2
    (two / "config.json").write_text(json.dumps(config))
    assert finish(run(pairs, two, devices=2, resume=True))[0] == 0
    assert_same_run(tmp_path / "one", two)


@several
@pytest.mark.large
@pytest.mark.parametrize("model", ["mirnet", "zero_dce_plus_plus", "bilateral_dce"])
def test_every_model_on_two_devices(model, pairs, tmp_path):
    sizes = {"model": model, "epochs": 1}
    if model == "mirnet":
        sizes |= {"num_rrg": 1, "num_mrb": 1, "channels": 8, "monitor": "total_loss"}
    for devices in (1, 2):
        assert finish(run(pairs, tmp_path / str(devices), devices, **sizes))[0] == 0
    assert_same_run(tmp_path / "1", tmp_path / "2")


hosts = pytest.mark.skipif(BACKEND != "tensorflow", reason="hosts are TensorFlow's")


@hosts
@pytest.mark.large
def test_two_hosts_of_which_one_is_killed(pairs, tmp_path):
    """The other ends by one line; both go on, to the end of a run of one device."""
    epochs = {"epochs": 40}
    killed, other = run_hosts(pairs, tmp_path / "two", **epochs)
    while not (tmp_path / "two" / "state.npz").exists():
        assert other.poll() is None
        time.sleep(0.1)
    killed.kill()
    killed.communicate()
    code, err = finish(other)
    assert code == 1
    assert err.splitlines()[-1].startswith("error: another host does not answer any")
    assert "Traceback" not in err
    done = len((tmp_path / "two" / "history.csv").read_text().splitlines()) - 1
    assert 1 <= done < 40
    both = run_hosts(pairs, tmp_path / "two", resume=True, **epochs)
    ends = [finish(process) for process in both]
    assert [code for code, _ in ends] == [0, 0], ends
    assert finish(run(pairs, tmp_path / "one", **epochs))[0] == 0
    assert_same_run(tmp_path / "one", tmp_path / "two")
    names = [{path.name for path in (tmp_path / n).iterdir()} for n in ("one", "two")]
    assert names[0] == names[1]


@hosts
@pytest.mark.large
def test_a_host_that_does_not_come(pairs, tmp_path, monkeypatch):
    monkeypatch.setenv("ZERO_DCE_HOSTS_SECONDS", "2")
    alone, other = run_hosts(pairs, tmp_path / "run")
    other.kill()
    other.communicate()
    code, err = finish(alone)
    assert code == 1 and not (tmp_path / "run").exists()
    assert err.startswith("waiting for every host of TF_CONFIG, at most 2 seconds")
    assert err.count("\n") == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"cluster": {}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "ps", "index": 0}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
        '{"cluster": {"worker": ["a", "b"]}, "task": {"type": "worker", "index": 1}}',
    ],
)
def test_a_damaged_tf_config(text):
    with pytest.raises(ValueError, match="TF_CONFIG must be like") as caught:
        distribution.check_tf_config(text)
    assert "\n" not in str(caught.value)


def test_the_tf_config_of_two_hosts():
    cluster = {"worker": ["a:1", "b:1"]}
    task = {"type": "worker", "index": 1}
    distribution.check_tf_config(json.dumps({"cluster": cluster, "task": task}))


@several
def test_one_device_is_not_several(tmp_path, pairs):
    command = ["--device", "all", "--dataset", "folder", "--data-dir", str(pairs)]
    code, err = finish(begin(command=[*command, "-o", str(tmp_path / "run")]))
    assert code == 1
    assert err == f"error: --device all, but {BACKEND} sees one device: leave it out"
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("backend", "devices", "changes", "message"),
    [
        ("jax", 2, {"drop_remainder": False}, "end with one of 3; --drop-remainder"),
        ("jax", 2, {"drop_remainder": True}, None),
        ("jax", 3, {"drop_remainder": True}, "of 3 devices: 7 .* change --batch-size"),
        ("tensorflow", 2, {"drop_remainder": False}, None),
        ("tensorflow", 4, {"drop_remainder": False}, "end with one of 3"),
        ("tensorflow", 5, {"drop_remainder": True}, "change --batch-size"),
        ("tensorflow", 2, {"whole_epochs": 1}, "whole_epochs must be 0"),
        ("tensorflow", 1, {"whole_epochs": 1}, None),
    ],
)
def test_batches_that_devices_cannot_share(
    backend, devices, changes, message, monkeypatch
):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setattr(distribution, "num_devices", lambda: devices)
    recipe = Recipe(**RECIPE | changes)
    if message is None:
        distribution.check_batches(recipe, 7)
    else:
        with pytest.raises(ValueError, match=message):
            distribution.check_batches(recipe, 7)


def test_validation_batches_on_jax(monkeypatch):
    """All are equal parts, or none is: the devices then have all of each."""
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(distribution, "num_devices", lambda: 2)
    for images in range(1, 40):
        for batch_size in range(1, 20):
            size = distribution.shared_size(images, batch_size)
            sizes = [min(size, images), images % size or size]
            assert 1 <= size <= batch_size
            assert size % 2 == 1 or not any(each % 2 for each in sizes)
