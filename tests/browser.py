"""What a user does on the page, by Playwright: choose a file, drag, look, download."""

import io
import time

import numpy as np
from PIL import Image


def upload(page, *paths):
    page.locator("input[type=file]").first.set_input_files(paths)


def clear(page):
    """Take the files back that were given."""
    page.get_by_label("Clear").click()


def images(page):
    return page.locator("#picture img")


def picture(page, place):
    """The pixels of the picture before (0) or after (1)."""
    address = images(page).nth(place).get_attribute("src")
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

    images(page).nth(1).wait_for()
    wait_until(page, is_shown)


def range_slider(page, label):
    return page.get_by_label(f"range slider for {label}")


def open_advanced(page):
    page.get_by_role("button", name="Advanced").click()
    range_slider(page, "Iterations").wait_for()


def drag(page, label, share):
    """Take a slider's handle to a share of its way; the slider's value there."""
    slider = range_slider(page, label)
    box = slider.bounding_box()
    start = slider.evaluate("s => (s.value - s.min) / (s.max - s.min)")
    y, width = box["y"] + box["height"] / 2, box["width"] - 16  # 16: the handle's
    page.mouse.move(box["x"] + 8 + start * width, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 8 + share * width, y, steps=8)
    page.mouse.up()
    return float(slider.input_value())


def download(page, directory, button="Save"):
    """Save at full size by one click; the file's path."""
    with page.expect_download() as saved:
        page.get_by_role("button", name=button, exact=True).click()
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
