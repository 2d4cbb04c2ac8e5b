"""Speed of `zero-dce bulk` beside `zero-dce enhance` on the same cores, and kills.

    python benchmarks/bulk.py                      # 24 photographs of 12 megapixels
    python benchmarks/bulk.py --photographs 300    # the figure of issue 19
    python benchmarks/bulk.py --kills 50           # nothing missing, nothing torn?
    python benchmarks/bulk.py --scaling            # enhance on 1, 2, … cores, by stage
    python benchmarks/bulk.py --listing 200000     # what the driver takes for its list
    python benchmarks/bulk.py --requests           # what a photograph asks of an S3

It runs in `.venv-ray` (`make test-ray` makes it). A run's start lasts until its first
result; the rate is that of the results from there on.
"""

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import CORES, cpu_name, photo, table

from zero_dce_keras.images import Photograph
from zero_dce_keras.version import __version__

HEIGHT, WIDTH, QUALITY = 3000, 4000, 97
COMMAND = [sys.executable, "-m", "zero_dce_keras"]
# The processes of a run that a kill may hit, by a part of their command line.
VICTIMS = ("bulk", "ray::MapWorker", "raylet/raylet")


def write_photographs(folder, count, size=(HEIGHT, WIDTH)):
    """JPEGs of 5.2 MB, as of a camera: one is made, the others are links to it."""
    folder.mkdir(parents=True)
    first = folder / "0.jpg"
    Photograph(photo(*size)).write(first, QUALITY)
    for number in range(1, count):
        os.link(first, folder / f"{number}.jpg")
    return folder


def time_run(command, count):
    """For each result, seconds after which it came and processor seconds until then."""
    start = time.perf_counter()
    times, processor = [], []
    with subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"RAY_worker_niceness": "0"},  # as nice to others as enhance
    ) as process:
        for _ in process.stdout:
            times.append(time.perf_counter() - start)
            processor.append(processor_seconds(process.pid))
    if process.returncode or len(times) != count:
        raise SystemExit(f"{command}: {process.returncode}, {len(times)} of {count}")
    return times, processor


def processor_seconds(pid):
    """Of a process and what it started, as far as that still runs."""
    ticks = 0
    for each in [pid, *children(pid)]:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def compare(args, directory):
    """Time both commands in turn; the start of each is apart."""
    photos = write_photographs(directory / "photos", args.photographs)
    commands = {"enhance": ["enhance"], "bulk": ["bulk", "--actors", args.actors]}
    runs = {name: [] for name in commands}
    for number in range(args.repeats):
        for name, (verb, *options) in commands.items():
            output = directory / f"{name}_{number}"
            places = [photos, "-o", output] if verb == "enhance" else [photos, output]
            times, processor = time_run(
                [*COMMAND, verb, *places, *options], args.photographs
            )
            subprocess.run(["rm", "-rf", output], check=True)
            # Each actor has a batch ready when the first one comes: they do not count.
            first = sum(at < times[0] + 0.1 for at in times)
            count = len(times) - first * (args.actors if name == "bulk" else 1)
            rate = count / (times[-1] - times[0])
            runs[name].append((rate, (processor[-1] - processor[0]) / count, times[0]))
            print(name, runs[name][-1], file=sys.stderr)
    medians = {
        name: [statistics.median(column) for column in zip(*found, strict=True)]
        for name, found in runs.items()
    }
    rate, work, _ = medians["enhance"]
    print(
        table(
            [
                {
                    "command": name,
                    "photographs a second": f"{found[0]:.2f}",
                    "× enhance": f"{found[0] / rate:.2f}",
                    "processor seconds each": f"{found[1]:.3f}",
                    "enhance ÷ that": f"{work / found[1]:.2f}",
                    "until the first, s": f"{found[2]:.1f}",
                }
                for name, found in medians.items()
            ]
        )
    )


def children(pid):
    """Process ids of what a process started, and what that did."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        found.setdefault(parent, []).append(int(entry.name))
    result, waiting = [], [pid]
    while waiting:
        waiting += (new := found.get(waiting.pop(), []))
        result += new
    return result


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def kill_once(process, rng):
    """Kill the driver, an actor or the raylet; returns which, or None."""
    kind = rng.choice(VICTIMS)
    if kind == "bulk":
        victims = [process.pid]
    else:
        victims = [pid for pid in children(process.pid) if kind in command_line(pid)]
    if not victims or process.poll() is not None:
        return None
    os.kill(rng.choice(victims), signal.SIGKILL)
    return kind


def finish(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"a run that nobody disturbed has failed: {done.stderr}")


def read_tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.jpg"))
        if not path.name.startswith(".")
    }


def kill(args, directory):
    """Kill at random moments, start again: are all outputs there, whole, with a row?"""
    from pyarrow import parquet

    rng = random.Random(args.seed)
    photos = directory / "photos"
    for number in range(args.photographs):
        pixels = np.random.default_rng(number).integers(0, 60, (1200, 1600, 3), "uint8")
        Photograph(pixels).write(photos / f"{number % 3}/{number}.jpg")
    bulk = [*COMMAND, "bulk", photos, "--actors", args.actors, "--batch-size", 4]
    bulk = [str(part) for part in bulk]
    finish([*bulk, str(directory / "expected")])
    expected = read_tree(directory / "expected")
    kills, torn, missing, rowless, output = {}, 0, 0, 0, directory / "out"
    began = time.monotonic()
    while sum(kills.values()) < args.kills and time.monotonic() - began < args.seconds:
        subprocess.run(["rm", "-rf", output], check=True)
        process = subprocess.Popen(
            [*bulk, str(output)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        if rng.random() < 0.8:  # else during the start
            process.stdout.readline()
        time.sleep(rng.random() * args.window)
        if kind := kill_once(process, rng):
            kills[kind] = kills.get(kind, 0) + 1
        process.stdout.close()
        process.wait()
        torn += sum(expected[n] != found for n, found in read_tree(output).items())
        finish([*bulk, str(output)])
        found = read_tree(output)
        missing += len(expected.keys() - found.keys())
        torn += sum(expected[name] != content for name, content in found.items())
        rows = parquet.read_table(output / "zero_dce_manifest").to_pylist()
        there = {row["target"] for row in rows if row["status"] in ("done", "skipped")}
        rowless += len(expected.keys() - there)
        print(kills, torn, missing, rowless, file=sys.stderr)
    hit = ", ".join(f"{count} {kind}" for kind, count in sorted(kills.items()))
    print(
        f"{sum(kills.values())} kills ({hit}) of runs over {args.photographs} "
        f"photographs: {missing} missing, {torn} torn, {rowless} without a row"
    )
    return 1 if torn or missing or rowless else 0


def show_scaling(args, directory):
    """`enhance` bound to 1, 2, … cores, and a photograph's processor seconds by stage."""
    photos = write_photographs(directory / "photos", args.photographs)
    rows = []
    for cores in range(1, CORES + 1):
        mask = sorted(os.sched_getaffinity(0))[:cores]
        code = (
            f"import os, sys; os.sched_setaffinity(0, {mask}); "
            "from zero_dce_keras.__main__ import main; sys.exit(main())"
        )
        output = directory / f"out_{cores}"
        command = [sys.executable, "-c", code, "enhance", photos, "-o", output]
        times, _ = time_run(command, args.photographs)
        each = (times[-1] - times[1]) / (len(times) - 2)
        rows.append({"cores": cores, "photographs a second": f"{1 / each:.2f}"})
        stages = time_stages(mask, photos / "0.jpg")
        rows[-1] |= {f"{name}, CPU s": f"{took:.3f}" for name, took in stages.items()}
    print(table(rows))


def time_stages(cores, path):
    """Processor seconds, of all threads, of reading, enhancing and encoding."""
    code = f"""
import io, os, statistics, time
os.sched_setaffinity(0, {cores})
from zero_dce_keras import Enhancer
from zero_dce_keras.images import Photograph
enhancer = Enhancer.from_preset("zero_dce_general")
content = open({str(path)!r}, "rb").read()
def timed(work):
    start = time.process_time()
    return work(), time.process_time() - start
for turn in range(6):
    photograph, read = timed(lambda: Photograph.read(content))
    bright, enhance = timed(lambda: enhancer.enhance_photograph(photograph))
    _, write = timed(lambda: bright.write(io.BytesIO()))
    if turn:
        print(read, enhance, write)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True
    )
    turns = [[float(x) for x in line.split()] for line in done.stdout.splitlines()]
    medians = [statistics.median(times) for times in zip(*turns, strict=True)]
    return dict(zip(("decode", "enhance", "encode"), medians, strict=True))


def show_listing(args, directory):
    """Seconds and memory of a driver that has a list, and a manifest, of so many."""
    code = """
import sys, time
from zero_dce_keras.batch.bulk.manifest import Manifest
from zero_dce_keras.batch.bulk.places import Place
from zero_dce_keras.batch.bulk.plan import make_plan
from zero_dce_keras.batch.bulk.worker import peak_memory
place, before, start = Place(sys.argv[1]), peak_memory(), time.perf_counter()
names = [name for name, _ in place.files()]
plan = make_plan(names)
listed = time.perf_counter() - start
manifest = Manifest(Place(sys.argv[2]), {"preset": "p", "version": "v", "options": "{}"})
manifest.open()
for source, target in plan.targets.items():
    manifest.add({"source": source, "target": target, "status": "done", "seconds": 1.0})
manifest.write()
manifest.open()
start = time.perf_counter()
there, _ = manifest.newest()
count = len(there)
print(listed / count * 1e6, (time.perf_counter() - start) / count * 1e6,
      (peak_memory() - before) / count)
"""
    for number in range(args.listing):
        if number % 1000 == 0:
            folder = directory / "photos" / f"2026-{number // 1000:05}"
            folder.mkdir(parents=True)
        (folder / f"IMG_{number:08}.jpg").touch()
    done = subprocess.run(
        [sys.executable, "-c", code, directory / "photos", directory / "out"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    listed, read, memory = map(float, done.stdout.split())
    print(
        f"{args.listing} names in folders of 1,000: {listed:.1f} µs each to list and plan, "
        f"{read:.1f} µs each to read the manifest, {memory:.0f} bytes each at the peak"
    )


def count_requests(directory):
    """Requests that an S3 of this computer gets for each photograph more."""
    import boto3
    from moto.server import ThreadedMotoServer
    from werkzeug.serving import WSGIRequestHandler

    seen = []
    log_request = WSGIRequestHandler.log_request
    WSGIRequestHandler.log_request = lambda self, *_, **__: seen.append(
        (self.command, self.path.partition("?")[2].partition("=")[0])
    )
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    server = ThreadedMotoServer(port=0)
    server.start()
    _, port = server.get_host_and_port()
    address = f"127.0.0.1:{port}"
    client = boto3.client("s3", endpoint_url=f"http://{address}")
    client.create_bucket(Bucket="night")
    path = directory / "1.jpg"
    Photograph(photo(HEIGHT, WIDTH)).write(path, QUALITY)
    counts = {}
    for count in (2, 8):
        for number in range(count):
            client.upload_file(str(path), "night", f"in_{count}/{number}.jpg")
        seen.clear()
        query = f"?scheme=http&endpoint_override={address}"
        places = [f"s3://night/{way}_{count}{query}" for way in ("in", "out")]
        finish([*COMMAND, "bulk", *places, "--actors", "1"])
        counts[count] = {kind: seen.count(kind) for kind in set(seen)}
    server.stop()
    WSGIRequestHandler.log_request = log_request
    size = path.stat().st_size
    print(f"a photograph of {size / 1e6:.1f} MB more, of an S3:")
    for kind in sorted(counts[8]):
        more = (counts[8][kind] - counts[2].get(kind, 0)) / 6
        if more:
            print(f"  {more:.2f} {' '.join(kind)}")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=24)
    parser.add_argument("--actors", type=int, default=CORES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for kills")
    parser.add_argument(
        "--window", type=float, default=2, help="after the first output"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--listing", type=int)
    parser.add_argument("--requests", action="store_true")
    args = parser.parse_args(argv)
    print(
        f"- {cpu_name()}, {CORES} cores, load {os.getloadavg()[0]:.1f}, zero_dce_keras "
        f"{__version__}, {args.photographs} photographs of {WIDTH}×{HEIGHT}\n"
    )
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        if args.kills:
            return kill(args, directory)
        if args.scaling:
            show_scaling(args, directory)
        elif args.listing:
            show_listing(args, directory)
        elif args.requests:
            count_requests(directory)
        else:
            compare(args, directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
