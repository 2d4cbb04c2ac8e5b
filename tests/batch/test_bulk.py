"""`zero-dce bulk` on a small Ray of this computer: `make test-ray`."""

import contextlib
import io
import json
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from conftest import run_command, write_photo
from zero_dce_keras import bulk, cli
from zero_dce_keras.batch.bulk import engine
from zero_dce_keras.inference import Enhancer

ray = pytest.importorskip("ray", reason="bulk needs the extra `ray`: make test-ray")
cluster_utils = pytest.importorskip("ray.cluster_utils")
parquet = pytest.importorskip("pyarrow.parquet")
moto = pytest.importorskip("moto.server", reason="S3 needs `moto`: make test-ray")


@pytest.fixture(scope="module")
def cluster():
    """A cluster of one node of two cores, whose processes know a key of S3."""
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    found = cluster_utils.Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 2,
            "object_store_memory": 100_000_000,
            "memory": 8_000_000_000,
            "include_dashboard": False,
        },
    )
    yield found
    found.shutdown()


@pytest.fixture
def run(cluster, capsys):
    """Function that runs the command in that cluster: code, stdout's lines, stderr."""

    def run(*arguments):
        options = [*arguments, "--address", cluster.address]
        code, out, err = run_command(bulk.main, capsys, *options)
        return SimpleNamespace(code=code, out=out.splitlines(), err=err)

    return run


def rows_of(target):
    """The rows of a manifest, in the order in which they were written."""
    parts = sorted(Path(target, "zero_dce_manifest").glob("*.parquet"))
    return [row for part in parts for row in parquet.read_table(part).to_pylist()]


def newest(target):
    return {row["target"]: row for row in rows_of(target)}


def names(folder):
    found = (path.relative_to(folder) for path in Path(folder).rglob("*"))
    return sorted(str(path) for path in found if path.suffix in (".jpg", ".png"))


def make_photos(folder, count=5, size=(32, 48)):
    """JPEGs with a maker and an orientation, every other one in a folder inside."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    for seed in range(count):
        path = folder / ("x/y" if seed % 2 else "") / f"{seed}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 60, (*size, 3), "uint8")
        Image.fromarray(pixels).save(path, exif=exif)
    return folder


def test_a_folder_is_enhanced_as_enhance_does(tmp_path, run):
    photos = make_photos(tmp_path / "in")
    write_photo(photos / "ä b.png", brightness=60)
    (photos / "bad.jpg").write_bytes(b"\xff\xd8 nothing")
    (photos / "clip.mp4").write_bytes(b"film")
    done = run(photos, tmp_path / "out", "--json")
    assert done.code == 1
    expected = [name for name in names(photos) if name != "bad.jpg"]
    assert names(tmp_path / "out") == expected
    enhancer = Enhancer.from_preset("zero_dce_general")
    for name in expected:
        enhancer.enhance_file(photos / name, tmp_path / f"expected{Path(name).suffix}")
        same = (tmp_path / f"expected{Path(name).suffix}").read_bytes()
        assert (tmp_path / "out" / name).read_bytes() == same, name
    lines = {Path(line["input"]).name: line for line in map(json.loads, done.out)}
    assert lines["0.jpg"]["width"] == 32  # upright
    assert lines["bad.jpg"]["status"] == "failed"
    assert lines["clip.mp4"]["status"] == "left out"
    assert done.err.count("error: ") == 1 and "bad.jpg" in done.err
    assert "6 enhanced, 1 failed, 1 left out" in done.err
    assert "2 actors, 2.0 GB at most" in done.err and "an actor took 0." in done.err
    rows = newest(tmp_path / "out")
    assert (
        rows["bad.jpg"]["status"] == "failed" and "bad.jpg" in rows["bad.jpg"]["error"]
    )
    assert rows["clip.mp4"]["status"] == "left out"
    row = rows["x/y/1.jpg"]
    assert (row["width"], row["height"], row["seconds"] > 0) == (32, 48, True)
    assert row["source_bytes"] == (photos / "x/y/1.jpg").stat().st_size
    assert row["target_bytes"] == (tmp_path / "out/x/y/1.jpg").stat().st_size
    assert row["preset"].startswith("zero_dce_general ") and row["version"]
    assert 5e7 < row["actor_bytes"] < 2e9


def test_a_restart_does_what_is_missing(tmp_path, run):
    photos, out = make_photos(tmp_path / "in"), tmp_path / "out"
    assert run(photos, out).code == 0
    (out / "0.jpg").unlink()
    (out / "2.jpg").write_bytes(b"torn")
    again = run(photos, out)
    assert again.code == 0 and "2 enhanced, 3 skipped" in again.err
    assert sorted(again.out) == [str(out / "0.jpg"), str(out / "2.jpg")]
    assert len(rows_of(out)) == 7
    assert newest(out)["2.jpg"]["target_bytes"] == (out / "2.jpg").stat().st_size > 4
    third = run(photos, out)  # nothing to do: Ray is not even started
    assert third.code == 0 and "0 enhanced, 5 skipped" in third.err
    other = run(photos, out, "--strength", "0.5")
    assert other.err.count("note: ") == 1 and "they stay as they are" in other.err
    assert "5 photographs there were enhanced by zero_dce_keras" in other.err
    assert "5 enhanced" in run(photos, out, "--strength", "0.5", "--overwrite").err
    assert json.loads(newest(out)["0.jpg"]["options"])["strength"] == 0.5


def test_what_is_there_without_a_row_gets_one(tmp_path, run):
    photos, out = make_photos(tmp_path / "in", 2), tmp_path / "out"
    write_photo(out / "0.jpg")
    before = (out / "0.jpg").read_bytes()
    assert "1 enhanced, 1 skipped" in run(photos, out).err
    assert (out / "0.jpg").read_bytes() == before
    assert newest(out)["0.jpg"]["status"] == "skipped"


def test_the_manifest_of_a_later_version(tmp_path, run):
    photos, out = make_photos(tmp_path / "in", 1), tmp_path / "out"
    about = out / "zero_dce_manifest" / "_about.json"
    about.parent.mkdir(parents=True)
    about.write_text('{"format": 2, "version": "9.0"}')
    done = run(photos, out)
    assert (done.code, done.err.count("error: ")) == (1, 1)
    assert "zero_dce_keras 9.0 has written it" in done.err
    about.write_text('{"format": 1}')
    (out / "zero_dce_manifest" / "1.parquet").write_bytes(b"torn")
    done = run(photos, out)
    assert done.code == 1 and "1.parquet: not rows of a manifest" in done.err


def test_a_photograph_that_needs_too_much_memory(tmp_path, run):
    photos = make_photos(tmp_path / "in", 2)
    Image.new("RGB", (9000, 8000)).save(photos / "large.png")
    done = run(photos, tmp_path / "out", "--memory", "0.2")
    assert done.code == 1 and "2 enhanced, 1 failed" in done.err
    assert "large.png': it needs more memory than an actor may take" in done.err


def test_a_photograph_that_kills_its_actor_is_a_row(tmp_path, cluster, monkeypatch):
    class Fatal:
        def __init__(self, task):
            pass

        def __call__(self, batch):
            if "fatal" in batch["source"].to_pylist():
                os.kill(os.getpid(), signal.SIGKILL)
            return batch

    monkeypatch.setattr(engine, "Worker", Fatal)
    monkeypatch.setattr(engine, "RETRIES", 1)
    jobs = [(name, name) for name in ["fatal", *map(str, range(31))]]
    with engine.started(cluster.address):
        found = list(engine.stream(jobs, SimpleNamespace(memory=1e9), 2, 4))
    died = [row for row in found if row.get("error") == engine.DIED]
    assert [row["source"] for row in died] == ["fatal"]
    assert sorted(row["source"] for row in found) == sorted(name for name, _ in jobs)


def workers():
    """Processes of actors."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and b"ray::MapWorker" in (
                (entry / "cmdline").read_bytes()
            ):
                found.append(int(entry.name))
    return found


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_actors_and_a_node_die(tmp_path, cluster):
    node = cluster.add_node(
        num_cpus=1, object_store_memory=80_000_000, memory=4_000_000_000
    )
    photos, out = make_photos(tmp_path / "in", 40, (900, 1200)), tmp_path / "out"
    command = [sys.executable, "-m", "zero_dce_keras", "bulk", photos, out]
    options = ["--address", cluster.address, "--batch-size", "2"]
    others = set(workers())
    process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(names(out)) >= 2)
    victims = [pid for pid in workers() if pid not in others]
    assert victims
    os.kill(victims[0], signal.SIGKILL)
    wait_for(lambda: len(names(out)) >= 6)
    cluster.remove_node(node, allow_graceful=False)
    _, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert "3 actors" in err and "Traceback" not in err
    assert names(out) == names(photos)
    rows = newest(out)
    assert all(rows[name]["status"] == "done" for name in names(photos))
    for name in names(out):
        assert (out / name).stat().st_size == rows[name]["target_bytes"]
        Image.open(out / name).load()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_end_by_a_signal(tmp_path, ending):
    photos, out = make_photos(tmp_path / "in", 24, (900, 1200)), tmp_path / "out"
    command = [sys.executable, "-m", "zero_dce_keras", "bulk", photos, out]
    process = subprocess.Popen(
        [*command, "--batch-size", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = process.stdout.readline()
    process.send_signal(ending)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    code = {"SIGINT": 130, "SIGTERM": 143, "SIGKILL": -9}[ending.name]
    assert process.returncode == code, err
    there = names(out)
    if ending != signal.SIGKILL:
        assert newest(out)[Path(first.strip()).relative_to(out).as_posix()]
    assert len(there) < 24
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert names(out) == names(photos)
    rows = newest(out)
    assert all(rows[name]["status"] in ("done", "skipped") for name in names(photos))
    for name in names(out):
        Image.open(out / name).load()
    assert not list(out.rglob(".zero_dce_*.jpg")) or ending == signal.SIGKILL


@pytest.fixture(scope="module")
def s3(cluster):
    """An S3 of this computer: its requests, a client, what goes behind `?` of a URI."""
    boto3 = pytest.importorskip("boto3")
    server = moto.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"{host}:{port}".replace("0.0.0.0", "127.0.0.1")
    client = boto3.client("s3", endpoint_url=f"http://{address}")
    client.create_bucket(Bucket="night")
    yield SimpleNamespace(
        client=client, query=f"?scheme=http&endpoint_override={address}"
    )
    server.stop()


def test_from_bucket_to_bucket(tmp_path, run, s3):
    photos = make_photos(tmp_path / "in", 4)
    for name in names(photos):
        s3.client.upload_file(str(photos / name), "night", f"in/{name}")
    source, target = f"s3://night/in{s3.query}", f"s3://night/out{s3.query}"
    done = run(source, target)
    assert done.code == 0, done.err
    assert sorted(done.out) == sorted(
        f"s3://night/out/{name}" for name in names(photos)
    )
    enhancer = Enhancer.from_preset("zero_dce_general")
    for name in names(photos):
        enhancer.enhance_file(photos / name, tmp_path / "expected.jpg")
        found = s3.client.get_object(Bucket="night", Key=f"out/{name}")["Body"].read()
        assert found == (tmp_path / "expected.jpg").read_bytes()
    s3.client.delete_object(Bucket="night", Key="out/0.jpg")
    assert "1 enhanced, 3 skipped" in run(source, target).err
    listed = s3.client.list_objects_v2(Bucket="night", Prefix="out/zero_dce_manifest/")
    keys = [found["Key"] for found in listed["Contents"]]
    parts = [
        s3.client.get_object(Bucket="night", Key=key)["Body"].read() for key in keys
    ]
    tables = [
        parquet.read_table(io.BytesIO(part)) for part in parts if part[:4] == b"PAR1"
    ]
    assert sum(map(len, tables)) == 5 and len(tables) == len(parts) - 1


def test_through_fsspec(tmp_path, run):
    photos = make_photos(tmp_path / "in", 3)
    done = run(f"local://{photos}", f"local://{tmp_path}/out")
    assert done.code == 0 and names(tmp_path / "out") == names(photos)
    assert not list((tmp_path / "out").rglob(".zero_dce_*"))
    (tmp_path / "out/0.jpg").write_bytes(b"torn")
    assert "1 enhanced" in run(f"local://{photos}", f"local://{tmp_path}/out").err


def test_places_that_are_wrong_are_one_line(tmp_path, run, s3):
    photos = make_photos(tmp_path / "in", 1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("file")
    out = tmp_path / "out"
    wrong = {
        (tmp_path / "none", out): "none: No such file or directory",
        (tmp_path / "empty", out): "empty: no photographs there",
        (photos / "0.jpg", out): "0.jpg: Not a directory",
        (photos, photos): "would be overwritten",
        (photos, tmp_path / "file"): "file",
        (f"s3://nothing{s3.query}", out): "s3://nothing: ",
        (photos, f"s3://nothing/out{s3.query}"): "s3://nothing/out",
        ("night://x", out): "night://x: Protocol not known: night",
        (
            "s3://night/in?scheme=http&endpoint_override=127.0.0.1:1",
            out,
        ): "s3://night/in",
    }
    for (source, target), text in wrong.items():
        done = run(source, target)
        errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
        assert (done.code, len(errors)) == (1, 1), done.err
        assert text in errors[0], errors


def test_the_blocks_of_the_page(tmp_path, run, s3, monkeypatch, capsys):
    """Those that run here; the buckets are those of the S3 of this computer."""
    text = (Path(__file__).parents[2] / "docs" / "scale.md").read_text("utf-8")
    blocks = re.findall(r"^```(sh|python)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for language, block in blocks for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("zero-dce bulk ")]
    monkeypatch.chdir(tmp_path)
    make_photos(tmp_path / "photos", 2)
    for bucket in ("archive", "archive-bright", "bright"):
        s3.client.create_bucket(Bucket=bucket)
    s3.client.upload_file("photos/0.jpg", "archive", "2026/0.jpg")
    for command in commands:
        words = shlex.split(command)[2:]
        if words[0] == "--address":  # the fixture gives it
            del words[:2]
        places = [
            word.partition("?")[0] + s3.query if word.startswith("s3://") else word
            for word in words
        ]
        assert run(*places).code == 0, command
    assert len(commands) == 4
    (python,) = [block for _, block in blocks if "zero_dce_manifest" in block]
    Path("block.py").write_text(python, encoding="utf-8")
    runpy.run_path("block.py")
    assert "Empty DataFrame" in capsys.readouterr().out


def test_an_address_that_does_not_answer(tmp_path, capsys):
    photos = make_photos(tmp_path / "in", 1)
    arguments = [str(photos), str(tmp_path / "out"), "--address", "127.0.0.1:1"]
    assert cli.run(bulk.main, arguments) == 1
    err = capsys.readouterr().err
    assert err.count("error: ") == 1 and "127.0.0.1:1: nothing answers there" in err


def test_no_room_for_an_actor(tmp_path, run):
    photos = make_photos(tmp_path / "in", 1)
    done = run(photos, tmp_path / "out", "--memory", "1000")
    assert done.code == 1 and "no node has them: the most is 8.0 GB" in done.err


def test_a_full_target_ends_the_run(tmp_path, run):
    photos, full = make_photos(tmp_path / "in", 60, (300, 400)), tmp_path / "full"
    full.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(full)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        done = run(photos, full, "--batch-size", "1")
        assert done.code == 1
        assert done.err.splitlines()[-1].startswith(f"error: {full}: Cannot write")
        assert "No space left on device" in done.err.splitlines()[-1]
        assert len(names(full)) < 30
        for name in names(full):
            Image.open(full / name).load()
    finally:
        subprocess.run(["umount", str(full)], check=True)
