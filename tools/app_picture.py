"""Draw docs/app.jpg and docs/app_phone.jpg: the page in headless Chromium.

    .venv-ui/bin/python tools/app_picture.py

needs what `make test-ui` sets up (`.venv-ui`), and chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from zero_dce_keras.data import find_sample

DOCS = Path(__file__).parents[1] / "docs"
PHOTOGRAPHS = (
    *("validation/low/grace_hopper_1_light_1_10.png", "test/low/coffee_light_1_15.png"),
    "test/low/chelsea_light_1_15.png",
)
SHOWN = 1  # of them


def copy_photographs(directory):
    """Copy photographs of the sample under names of people; return their paths."""
    paths = []
    for source in PHOTOGRAPHS:
        path = Path(directory) / f"{Path(source).name.split('_')[0]}.png"
        shutil.copy(find_sample() / source, path)
        paths.append(path)
    return paths


def main():
    command = [sys.executable, "-m", "zero_dce_keras.app"]
    with (
        tempfile.TemporaryDirectory() as directory,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        sync_playwright() as playwright,
    ):
        try:
            url = server.stdout.readline().strip()
            paths = copy_photographs(directory)
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            for name, size in (("app", (1280, 800)), ("app_phone", (390, 844))):
                page = browser.new_page(viewport=dict(zip(("width", "height"), size)))
                page.goto(url)
                page.locator("input[type=file]").first.set_input_files(paths)
                thumbnails = page.locator("#strip button.thumbnail-item")
                thumbnails.nth(len(paths) - 1).wait_for()
                thumbnails.nth(SHOWN).click()
                page.get_by_text(f"{paths[SHOWN].name}: before | after").wait_for()
                page.evaluate("scrollTo(0, 0)")
                page.wait_for_timeout(1000)
                picture = Path(directory) / f"{name}.png"
                page.screenshot(path=picture)
                with Image.open(picture) as image:
                    image.convert("RGB").save(DOCS / f"{name}.jpg", quality=85)
            browser.close()
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
