"""The page in a real browser: upload, drag, see the picture change, download.

`make test-ui` runs these in an environment of their own.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

from zero_dce_keras import Enhancer
from zero_dce_keras.images import Photograph, read_photograph, write_photograph
from zero_dce_keras.page.kinds import VIDEOS

gradio = pytest.importorskip(
    "gradio", reason="the page needs the extra `ui`: make test-ui"
)
SECOND = 1000  # Playwright counts milliseconds


@contextlib.contextmanager
def serving(directory, *arguments):
    """The command in a process of its own; its URL. Ends it as a terminal does."""
    command = [sys.executable, "-m", "zero_dce_keras.app", *arguments]
    environment = os.environ | {"TMPDIR": str(directory)}
    with (
        open(directory / "stderr", "w") as stderr,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=30)
    assert code == 0
    assert "Traceback" not in (directory / "stderr").read_text()
    assert not list(directory.glob("zero_dce_page_*"))  # uploads, results: all gone


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("page")) as url:
        yield url


@pytest.fixture(scope="module")
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
def page(chromium, url):
    """The page, opened; everything it asks for must come from there."""
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(60 * SECOND)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    yield page
    page.close()
    assert not [one for one in asked if not one.startswith((url, "data:", "blob:"))]


def upload(page, path):
    page.locator(".tabitem:visible input[type=file]").set_input_files(path)


def pictures(page):
    """Addresses of the pictures before and after, once both are there."""
    shown = page.locator(".tabitem:visible img")
    shown.nth(1).wait_for()
    return [image.get_attribute("src") for image in shown.all()[:2]]


def after_change(page, last):
    """The pictures, once the second is another than it was."""
    from playwright.sync_api import expect

    second = page.locator(".tabitem:visible img").nth(1)
    expect(second).not_to_have_attribute("src", last, timeout=60 * SECOND)
    return pictures(page)


def drag(page, label, share):
    """Take a slider's handle to a share of its way."""
    slider = page.get_by_label(f"range slider for {label}").locator("visible=true")
    box = slider.bounding_box()
    start = slider.evaluate("s => (s.value - s.min) / (s.max - s.min)")
    y, width = box["y"] + box["height"] / 2, box["width"] - 16  # 16: the handle's
    page.mouse.move(box["x"] + 8 + start * width, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 8 + share * width, y, steps=8)
    page.mouse.up()
    return slider.input_value()


def download(page, directory):
    """Enhance at full size and save; the file's path."""
    page.get_by_text("Enhance at full size").locator("visible=true").click()
    with page.expect_download() as saved:
        page.get_by_text(re.compile(r"Save \(.* MB\)")).click()
    path = directory / saved.value.suggested_filename
    saved.value.save_as(path)
    return path


@pytest.mark.large
def test_a_photograph(page, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 9000, (320, 480, 3), "uint16")
    dark = Photograph(pixels, dpi=(72, 72))
    write_photograph(tmp_path / "deep.png", dark)
    upload(page, tmp_path / "deep.png")
    before, after = pictures(page)
    assert before != after
    assert drag(page, "Iterations", 0) == "0"
    same, untouched = after_change(page, after)
    assert same == before and untouched == before
    assert drag(page, "Iterations", 0.25) == "4"
    before, after = after_change(page, untouched)
    strength = float(drag(page, "Strength", 0.5))
    assert 0.45 < strength < 0.55 and after_change(page, after)[1] != after
    saved = read_photograph(download(page, tmp_path))
    expected = Enhancer.from_preset("zero_dce_general")(pixels, 4, strength)
    assert saved.pixels.dtype == np.uint16 and saved.dpi == pytest.approx(
        (72, 72), 0.01
    )
    np.testing.assert_allclose(saved.pixels, expected, atol=2)


@pytest.mark.large
def test_a_video(page, write_clip, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4")
    page.get_by_role("tab", name="Video").click()
    upload(page, clip)
    _, after = pictures(page)
    drag(page, "Strength", 0)
    after_change(page, after)
    drag(page, "Strength", 1)
    saved = download(page, tmp_path)
    assert saved.name == "clip_enhanced.mp4"
    assert VIDEOS.show(saved).pixels.mean() > 1.5 * VIDEOS.show(clip).pixels.mean()


@pytest.mark.large
def test_what_is_no_photograph_is_told_in_one_line(page, tmp_path):
    (tmp_path / "broken<b>.png").write_bytes(b"not a photograph")
    upload(page, tmp_path / "broken<b>.png")
    toast = page.get_by_test_id("toast-body").inner_text()
    assert "Cannot read 'broken" in toast and "not an image" in toast
    assert "zero_dce_page" not in toast  # not where it lies on the disk
    assert page.locator(".tabitem:visible img").count() == 0


@pytest.mark.large
def test_other_weights_are_other_curves(page, tmp_path, photo_folder):
    upload(page, photo_folder() / "1.png")
    _, after = pictures(page)
    preset = page.get_by_label("Preset").locator("visible=true")
    preset.click()
    page.get_by_role("option", name="zero_dce_lol", exact=True).click()
    _, other = after_change(page, after)
    page.get_by_label("Fast").locator("visible=true").check()
    after_change(page, other)


@pytest.mark.large
def test_other_hosts_names_are_refused(url):
    """A page of theirs cannot reach this one by a name of its own for 127.0.0.1."""
    import httpx  # Gradio's

    assert httpx.get(url).status_code == 200
    assert httpx.get(url, headers={"Host": "elsewhere.example"}).status_code == 400


@pytest.mark.large
def test_a_port_in_use(capfd):
    from zero_dce_keras import app, cli

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.run(app.main, ["--port", str(port)]) == 1
    assert (
        f"error: port {port} is in use; --port takes another" in capfd.readouterr().err
    )
