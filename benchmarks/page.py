"""How soon the page answers: in headless Chromium, from a slider's move to the picture.

    .venv-ui/bin/python benchmarks/page.py [--repeats 20] [--megapixels 24]

needs what `make test-ui` sets up (`.venv-ui`), and chromium.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from zero_dce_keras.data import find_sample

PHOTOGRAPH = "test/low/coffee_light_1_15.png"
# Moves a slider and waits until the browser has loaded another picture: milliseconds.
MOVE = """
(slider, value) => new Promise(resolve => {
    const start = performance.now()
    document.addEventListener(
        "load", () => resolve(performance.now() - start), {capture: true, once: true})
    slider.value = value
    slider.dispatchEvent(new Event("input", {bubbles: true}))
})
"""


def write_photograph(path, megapixels):
    """A photograph of the sample, enlarged."""
    with Image.open(find_sample() / PHOTOGRAPH) as photograph:
        scale = (megapixels * 1e6 / photograph.width / photograph.height) ** 0.5
        size = round(photograph.width * scale), round(photograph.height * scale)
        photograph.resize(size, Image.Resampling.BICUBIC).save(path, quality=95)
    return size


def measure(page, path, repeats):
    """Seconds from the upload to the picture, and milliseconds of each move."""
    start = time.perf_counter()
    page.locator("input[type=file]").first.set_input_files(path)
    page.get_by_text(f"{path.name}: before | after").wait_for()
    opened = time.perf_counter() - start
    page.wait_for_timeout(1000)
    slider = page.get_by_label("range slider for Iterations")
    moves = [slider.evaluate(MOVE, str(i % 16 + 1)) for i in range(8, 8 + repeats)]
    return opened, moves


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20, help="moves (%(default)s)")
    parser.add_argument("--megapixels", type=float, default=24, help="(%(default)s)")
    args = parser.parse_args()
    command = [sys.executable, "-m", "zero_dce_keras.app"]
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import gradio"], check=True)
    print(f"import gradio: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as directory,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
    ):
        try:
            url = server.stdout.readline().strip()
            print(f"served after {time.perf_counter() - start:.1f} s")
            path = Path(directory, "dark.jpg")
            width, height = write_photograph(path, args.megapixels)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox"]
                )
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                start = time.perf_counter()
                page.goto(url)
                page.locator("#picture img").nth(1).wait_for()
                print(f"the example is there {time.perf_counter() - start:.1f} s later")
                page.get_by_role("button", name="Advanced").click()
                for name in ("first", "next"):
                    opened, moves = measure(page, path, args.repeats)
                    print(
                        f"{name} photograph, {width}×{height}: shown after "
                        f"{opened:.1f} s; a slider's move: "
                        f"{statistics.median(moves):.0f} ms, at most {max(moves):.0f}"
                    )
                    page.get_by_label("Clear").click()
                    page.get_by_text("Example: before | after").wait_for()
                browser.close()
        finally:
            server.terminate()


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    main()
