"""What a user does on the page, by Playwright: choose a file, drag, look, download."""

import io
import re
import time

import numpy as np
from PIL import Image


def visible(page, selector):
    """What is there of the tab that is open."""
    return page.locator(f".tabitem:visible {selector}")


def upload(page, path):
    visible(page, "input[type=file]").set_input_files(path)


def picture(page, place):
    """The pixels of the picture before (0) or after (1)."""
    address = visible(page, "img").nth(place).get_attribute("src")
    image = Image.open(io.BytesIO(page.request.get(address).body()))
    return np.asarray(image).astype(int)


def wait_until(page, is_so):
    """Ask until it is so."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def wait_for_picture(page, expected, place=1):
    """Wait until the page shows these pixels, as far as JPEG keeps them."""
    file = io.BytesIO()
    Image.fromarray(np.uint8(expected)).save(file, "JPEG")
    expected = np.asarray(Image.open(file)).astype(int)

    def is_shown():
        shown = picture(page, place)
        return shown.shape == expected.shape and np.abs(shown - expected).mean() < 1

    visible(page, "img").nth(1).wait_for()
    wait_until(page, is_shown)


def drag(page, label, share):
    """Take a slider's handle to a share of its way; the slider's value there."""
    slider = page.get_by_label(f"range slider for {label}").locator("visible=true")
    box = slider.bounding_box()
    start = slider.evaluate("s => (s.value - s.min) / (s.max - s.min)")
    y, width = box["y"] + box["height"] / 2, box["width"] - 16  # 16: the handle's
    page.mouse.move(box["x"] + 8 + start * width, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 8 + share * width, y, steps=8)
    page.mouse.up()
    return float(slider.input_value())


def download(page, directory):
    """Enhance at full size and save; the file's path."""
    enhance(page)
    return save(page, directory)


def enhance(page):
    page.get_by_text("Enhance at full size").locator("visible=true").click()
    page.get_by_text(re.compile(r"Save \(.* MB\)")).locator("visible=true").wait_for()


def save(page, directory):
    button = page.get_by_role("button", name="Save").locator("visible=true")
    with page.expect_download() as saved:
        button.click()
    path = directory / saved.value.suggested_filename
    saved.value.save_as(path)
    return path


def read_toast(page):
    """The message that popped up; it is closed."""
    toast = page.get_by_test_id("toast-body")
    text = toast.inner_text()
    page.get_by_test_id("toast-close").click()
    toast.wait_for(state="detached")
    return text
