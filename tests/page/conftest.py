"""Fixtures for the page: a tiny clip, the page on its server, a browser."""

import contextlib
import os
import shutil
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

# The command, telling on stderr whenever a network runs or a connection is asked for.
TELLING = """
import sys

def tell(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print("connection", arguments[-1 if event == "socket.connect" else 0],
              file=sys.stderr, flush=True)

sys.addaudithook(tell)
import keras
from zero_dce_keras import app, cli
from zero_dce_keras.inference.compiled.grid_net import GridNet

def telling(function):
    def call(*args, **kwargs):
        print("network", file=sys.stderr, flush=True)
        return function(*args, **kwargs)
    return call

keras.Model.predict_on_batch = telling(keras.Model.predict_on_batch)
GridNet.__call__ = telling(GridNet.__call__)
sys.exit(cli.run(app.main))
"""


class Server:
    """The page's own process.

    Args:
        url: str.
        log: path of what it wrote to stderr.
    """

    def __init__(self, url, log):
        self.url = url
        self._log = log

    def told(self, what):
        """What follows this word in each line of its log that begins with it."""
        lines = self._log.read_text().splitlines()
        return [line.removeprefix(what) for line in lines if line.startswith(what)]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The page, served by a process of its own."""
    pytest.importorskip("gradio", reason="the page needs the extra `ui`: make test-ui")
    directory = tmp_path_factory.mktemp("page")
    log = directory / "stderr"
    nobody = "http://127.0.0.1:9"  # a proxy that is not there
    variables = {"TMPDIR": str(directory), "http_proxy": nobody, "https_proxy": nobody}
    with (
        open(log, "w") as stderr,
        subprocess.Popen(
            [sys.executable, "-c", TELLING],
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        try:
            yield Server(process.stdout.readline().strip(), log)
        finally:
            process.terminate()  # a process in the background may not hear Ctrl-C
            code = process.wait(timeout=30)
    assert code == 0
    assert "Traceback" not in log.read_text()
    assert not list(directory.glob("zero_dce_page_*"))  # uploads, results: all gone


@pytest.fixture(scope="session")
def chromium():
    api = pytest.importorskip(
        "playwright.sync_api", reason="needs the extra `test-ui`: make test-ui"
    )
    if not (path := shutil.which("chromium")):
        pytest.skip("needs chromium: apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox"],  # root, in a container
        )
        with contextlib.closing(browser):
            yield browser


@pytest.fixture
def open_page(chromium, server):
    """Function that opens the page; everything it asks for must come from there."""
    pages, asked = [], []

    def open_one():
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(60_000)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(server.url)
        pages.append(page)
        return page

    yield open_one
    for page in pages:
        page.close()
    allowed = (server.url, "data:", "blob:")
    assert asked and not [url for url in asked if not url.startswith(allowed)]


@pytest.fixture
def write_clip():
    """Function that writes a video."""
    av = pytest.importorskip("av", reason="videos need the extra `video`")

    def write(path, num_frames=3, turn=0, with_sound=False, with_pictures=True):
        """Write a dark clip whose left half is brighter; `turn` in degrees."""
        frame = np.full((32, 48, 3), 10, "uint8")
        frame[:, :24] = 40
        with av.open(str(path), "w") as container:
            if with_pictures:
                stream = container.add_stream("libx264", Fraction(30), {"crf": "1"})
                stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
            if with_sound:
                sound = container.add_stream("aac", 48000, layout="mono")
            if turn:  # clockwise: left becomes top
                quarter = np.int32([0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30])
                stream.set_display_matrix(quarter)
            if with_pictures:
                for _ in range(num_frames):
                    picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
                    container.mux(stream.encode(picture))
                container.mux(stream.encode())
            if with_sound:
                tone = np.sin(np.arange(4800) / 20, dtype="float32")[None]
                samples = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
                samples.sample_rate = 48000
                container.mux(sound.encode(samples))
                container.mux(sound.encode())
        return path

    return write
