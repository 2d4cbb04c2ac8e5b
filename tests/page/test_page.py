"""The page in a real browser: upload, drag, see the picture change, download.

`make test-ui` runs these in an environment of their own.
"""

import io
import re
import time

import numpy as np
import pytest
from PIL import Image, ImageCms

from zero_dce_keras import Enhancer
from zero_dce_keras.images import Photograph, read_photograph, write_photograph
from zero_dce_keras.page.kinds import VIDEOS
from zero_dce_keras.page.preview import Preview
from zero_dce_keras.page.serve import SESSIONS

pytestmark = pytest.mark.large
ORIENTATION, MAKER = 0x0112, 0x010F


@pytest.fixture
def page(open_page):
    return open_page()


def slope(height=320, width=480, most=60, dtype="uint8"):
    """A dark picture that JPEG keeps well: brighter to the right, and down in red."""
    picture = np.zeros((height, width, 3))
    picture += np.linspace(0, most, width)[:, None]
    picture[..., 0] *= np.linspace(0.5, 1, height)[:, None]
    return picture.astype(dtype)


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

    def is_shown():
        shown = picture(page, place)
        return (
            shown.shape == expected.shape
            and np.abs(shown - expected.astype(int)).mean() < 1
        )

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


def test_sliders_change_the_picture_without_the_network(page, server, tmp_path):
    Image.fromarray(slope()).save(tmp_path / "dark.png")
    upload(page, tmp_path / "dark.png")
    enhancer = Enhancer.from_preset("zero_dce_general")
    preview = Preview(enhancer, read_photograph(tmp_path / "dark.png"))
    wait_for_picture(page, preview.before, 0)
    wait_for_picture(page, preview.after(8, 1.0))
    runs = len(server.told("network"))
    assert runs
    assert drag(page, "Iterations", 0) == 0
    wait_for_picture(page, preview.before)
    assert drag(page, "Iterations", 1) == 16
    wait_for_picture(page, preview.after(16, 1.0))
    strength = drag(page, "Strength", 0.5)
    assert 0.45 < strength < 0.55
    wait_for_picture(page, preview.after(16, strength))
    assert len(server.told("network")) == runs


def test_a_download_has_its_full_size_and_depth(page, tmp_path):
    pixels = slope(800, 1200, 9000, "uint16")  # shown smaller
    write_photograph(tmp_path / "deep.png", Photograph(pixels, dpi=(72, 72)))
    upload(page, tmp_path / "deep.png")
    visible(page, "img").nth(1).wait_for()
    assert picture(page, 1).shape == (683, 1024, 3)
    assert drag(page, "Iterations", 0.25) == 4
    strength = drag(page, "Strength", 0.5)
    saved = read_photograph(download(page, tmp_path))
    expected = Enhancer.from_preset("zero_dce_general")(pixels, 4, strength)
    assert saved.pixels.dtype == np.uint16
    assert saved.dpi == pytest.approx((72, 72), 0.01)
    np.testing.assert_allclose(saved.pixels, expected, atol=2)
    drag(page, "Strength", 1)  # what was made is of another place of the slider
    button = page.get_by_role("button", name="Save").locator("visible=true")
    wait_until(page, lambda: not button.is_enabled())


def test_a_download_has_its_exif_and_profile(page, tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "Maker"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    dark = Image.fromarray(slope())
    dark.save(tmp_path / "dark.jpg", exif=exif, icc_profile=profile, quality=95)
    upload(page, tmp_path / "dark.jpg")
    with Image.open(download(page, tmp_path)) as saved:
        assert saved.format == "JPEG" and saved.size == (320, 480)  # upright
        assert saved.getexif()[MAKER] == "Maker"
        assert saved.getexif()[ORIENTATION] == 1
        assert saved.info["icc_profile"] == profile
        assert np.asarray(saved).mean() > 1.5 * slope().mean()


def test_other_weights_are_other_curves(page, tmp_path):
    Image.fromarray(slope()).save(tmp_path / "dark.png")
    dark = read_photograph(tmp_path / "dark.png")
    upload(page, tmp_path / "dark.png")
    page.get_by_label("Preset").locator("visible=true").click()
    page.get_by_role("option", name="zero_dce_lol", exact=True).click()
    enhancer = Enhancer.from_preset("zero_dce_lol")
    wait_for_picture(page, Preview(enhancer, dark).after(8, 1.0))
    page.get_by_label("Fast").locator("visible=true").check()
    wait_for_picture(page, Preview(enhancer, dark, fast=True).after(8, 1.0))


def test_a_video(page, write_clip, server, tmp_path):
    import av

    clip = write_clip(tmp_path / "clip.mp4", with_sound=True)
    page.get_by_role("tab", name="Video").click()
    upload(page, clip)
    visible(page, "img").nth(1).wait_for()
    runs = len(server.told("network"))
    drag(page, "Strength", 0)
    wait_for_picture(page, picture(page, 0))
    assert len(server.told("network")) == runs
    drag(page, "Strength", 1)
    saved = download(page, tmp_path)
    assert saved.name == "clip_enhanced.mp4"
    assert VIDEOS.show(saved).pixels.mean() > 1.5 * VIDEOS.show(clip).pixels.mean()
    sounds = []
    for path in (clip, saved):
        with av.open(str(path)) as container:
            sounds.append([bytes(p) for p in container.demux(audio=0) if p.size])
    assert sounds[0] and sounds[0] == sounds[1]


def test_what_is_no_photograph_is_told_in_one_line(page, tmp_path):
    Image.fromarray(slope()).save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    bad = {
        "broken.png": (b"not a photograph", "not an image"),
        "text.jpg": (b"Dear diary, \n" * 100, "not an image"),
        "cut.jpg": (whole[: len(whole) // 2], "truncated"),
    }
    for name, (content, why) in bad.items():
        (tmp_path / name).write_bytes(content)
        upload(page, tmp_path / name)
        toast = read_toast(page)
        assert name in toast and why in toast
        assert "zero_dce_page" not in toast  # not where it lies on the disk
        assert visible(page, "img").count() == 0
        page.get_by_label("Clear").locator("visible=true").click()
    upload(page, tmp_path / "whole.jpg")  # the page goes on
    wait_for_picture(page, slope(), 0)


def test_what_is_no_video_is_told_in_one_line(page, write_clip, tmp_path):
    page.get_by_role("tab", name="Video").click()
    (tmp_path / "text.mp4").write_bytes(b"not a video")
    write_clip(tmp_path / "sound.mp4", with_sound=True, with_pictures=False)
    bad = {"text.mp4": "not a video", "sound.mp4": "no video stream"}
    for name, why in bad.items():
        upload(page, tmp_path / name)
        toast = read_toast(page)
        assert name in toast and why in toast and "zero_dce_page" not in toast
        page.get_by_label("Clear").locator("visible=true").click()
    upload(page, write_clip(tmp_path / "clip.mp4"))
    visible(page, "img").nth(1).wait_for()


def test_two_sessions_have_a_picture_each(open_page, tmp_path):
    pages = [open_page(), open_page()]
    dark = [slope(), slope()[:, ::-1]]
    for page, pixels, name in zip(pages, dark, ("a.png", "b.png"), strict=True):
        Image.fromarray(pixels).save(tmp_path / name)
        upload(page, tmp_path / name)
    for page, pixels in zip(pages, dark, strict=True):
        wait_for_picture(page, pixels, 0)
    drag(pages[0], "Iterations", 0)
    wait_for_picture(pages[0], dark[0])
    for page in pages:
        enhance(page)
    saved = [save(page, tmp_path) for page in pages]
    assert [path.name for path in saved] == ["a_enhanced.png", "b_enhanced.png"]
    same, brighter = (np.asarray(Image.open(path)) for path in saved)
    np.testing.assert_array_equal(same, dark[0])
    assert brighter.mean() > 1.5 * dark[1].mean()
    assert brighter[:, :240].mean() > brighter[:, 240:].mean()


def test_the_oldest_of_many_sessions_is_forgotten(open_page, tmp_path):
    Image.fromarray(slope()).save(tmp_path / "dark.png")
    pages = [open_page() for _ in range(SESSIONS + 1)]
    for page in pages:
        upload(page, tmp_path / "dark.png")
        wait_for_picture(page, slope(), 0)
    drag(pages[-1], "Iterations", 0)
    wait_for_picture(pages[-1], slope())
    drag(pages[0], "Iterations", 0)
    visible(pages[0], "img").first.wait_for(state="detached")
    pages[0].get_by_label("Clear").locator("visible=true").click()
    upload(pages[0], tmp_path / "dark.png")
    wait_for_picture(pages[0], slope())
