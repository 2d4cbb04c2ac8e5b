"""The page in a real browser: upload, drag, see the picture change, save.

`make test-ui` runs these in an environment of their own.
"""

import re
import zipfile

import browser
import numpy as np
import pytest
from PIL import Image, ImageCms

from zero_dce_keras import Enhancer
from zero_dce_keras.images import Photograph, read_image
from zero_dce_keras.page.kinds import FILMS
from zero_dce_keras.page.looks import LOOKS
from zero_dce_keras.page.preview import Preview
from zero_dce_keras.page.serve import SESSIONS

pytestmark = pytest.mark.large
ORIENTATION, MAKER = 0x0112, 0x010F
# A control's name as a screen reader says it: of those that can be seen and used.
NAMELESS = """
() => [...document.querySelectorAll("button, input, select, textarea")]
    .filter(e => e.checkVisibility() && !e.disabled)
    .filter(e => !(e.getAttribute("aria-label") || e.getAttribute("title")
        || e.innerText.trim() || [...(e.labels || [])].some(l => l.innerText.trim())))
    .map(e => e.outerHTML.slice(0, 200))
"""


@pytest.fixture
def page(open_page):
    return open_page()


def slope(height=320, width=480, most=60, dtype="uint8"):
    """A dark picture that JPEG keeps well: brighter to the right, and down in red."""
    picture = np.zeros((height, width, 3))
    picture += np.linspace(0, most, width)[:, None]
    picture[..., 0] *= np.linspace(0.5, 1, height)[:, None]
    return picture.astype(dtype)


def write_slope(path, turned=False):
    Image.fromarray(slope()[:, ::-1] if turned else slope()).save(path)
    return path


def wait_for_example(page):
    page.get_by_text("Example: before | after").wait_for()
    browser.images(page).nth(1).wait_for()


# What is there at once


def test_it_opens_with_an_example(page, tmp_path):
    wait_for_example(page)
    before, after = (browser.picture(page, place) for place in (0, 1))
    assert after.mean() > 2 * before.mean() > 5
    browser.upload(page, write_slope(tmp_path / "dark.png"))
    browser.wait_for_picture(page, slope(), 0)
    browser.clear(page)
    wait_for_example(page)


@pytest.mark.parametrize("width", [1280, 768, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_comes_first(chromium, server, width, theme):
    page = chromium.new_page(viewport={"width": width, "height": 844})
    page.goto(f"{server.url}?__theme={theme}")
    wait_for_example(page)
    box = page.locator("#picture").bounding_box()
    assert box["y"] < 200 and box["width"] > 0.45 * width
    scrolls = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not scrolls
    slider = browser.range_slider(page, "Strength")
    slider.scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    picture, handle = page.locator("#picture").bounding_box(), slider.bounding_box()
    assert picture["y"] >= 0 and picture["y"] + 200 < 844  # it can be seen, …
    if width < 768:  # … and does not lie over the slider
        assert picture["y"] + picture["height"] <= handle["y"]
    page.close()


def test_every_control_has_a_name(page):
    wait_for_example(page)
    browser.open_advanced(page)
    assert page.evaluate(NAMELESS) == []


def test_sliders_move_by_keyboard(page):
    wait_for_example(page)
    before = browser.picture(page, 0)
    browser.range_slider(page, "Strength").focus()
    page.keyboard.press("Home")
    browser.wait_for_picture(page, before)


# Sliders and looks


def test_sliders_change_the_picture_without_the_network(page, server, tmp_path):
    browser.upload(page, write_slope(tmp_path / "dark.png"))
    enhancer = Enhancer.from_preset("zero_dce_general")
    preview = Preview(enhancer, Photograph.read(tmp_path / "dark.png"))
    browser.wait_for_picture(page, preview.before, 0)
    browser.wait_for_picture(page, preview.after(8, 1.0))
    runs = len(server.told("network"))
    assert runs
    browser.open_advanced(page)
    assert browser.drag(page, "Iterations", 0) == 0
    browser.wait_for_picture(page, preview.before)
    assert browser.drag(page, "Iterations", 1) == 16
    browser.wait_for_picture(page, preview.after(16, 1.0))
    strength = browser.drag(page, "Strength", 0.5)
    assert 0.45 < strength < 0.55
    browser.wait_for_picture(page, preview.after(16, strength))
    assert len(server.told("network")) == runs


@pytest.mark.parametrize("look", LOOKS[1:], ids=lambda look: look.preset)
def test_looks_are_presets(page, tmp_path, look):
    browser.upload(page, write_slope(tmp_path / "dark.png"))
    browser.wait_for_picture(page, slope(), 0)
    browser.open_advanced(page)
    page.get_by_label(look.label).check()
    enhancer = Enhancer.from_preset(look.preset)
    preview = Preview(enhancer, Photograph.read(tmp_path / "dark.png"))
    browser.wait_for_picture(page, preview.after(8, 1.0))
    assert page.get_by_label("Preset").input_value() == look.preset
    strength = browser.range_slider(page, "Strength")
    browser.wait_until(page, lambda: strength.is_enabled() == enhancer.has_curves)
    saved = read_image(browser.download(page, tmp_path))
    np.testing.assert_allclose(saved, enhancer(slope()), atol=1)


def test_every_preset_is_there(page, tmp_path):
    browser.upload(page, write_slope(tmp_path / "dark.png"))
    browser.open_advanced(page)
    page.get_by_label("Preset").click()
    page.get_by_role("option", name="zero_dce_lol", exact=True).click()
    enhancer = Enhancer.from_preset("zero_dce_lol")
    dark = Photograph.read(tmp_path / "dark.png")
    browser.wait_for_picture(page, Preview(enhancer, dark).after(8, 1.0))
    assert not page.get_by_label(LOOKS[0].label).is_checked()


def test_noise_is_left_where_denoise_is_off(page, tmp_path):
    def roughness():  # JPEG changes noise too much to compare it
        return np.abs(np.diff(browser.picture(page, 1), axis=1)).mean()

    noise = np.random.default_rng(0).normal(0, 1, (*slope().shape[:2], 1))
    noisy = np.clip(slope() + noise, 0, 255).astype("uint8")
    Image.fromarray(noisy).save(tmp_path / "dark.png")
    dark = Photograph.read(tmp_path / "dark.png")
    browser.upload(page, tmp_path / "dark.png")
    enhancer = Enhancer.from_preset("zero_dce_general")
    browser.wait_for_picture(page, Preview(enhancer, dark).after(8, 1.0))
    smooth = roughness()
    browser.open_advanced(page)
    page.get_by_label("Denoise").uncheck()
    browser.wait_until(page, lambda: roughness() > 2 * smooth)
    saved = Photograph.read(browser.download(page, tmp_path)).pixels
    expected = enhancer(noisy, denoise=False)
    np.testing.assert_allclose(saved, expected, atol=1)
    assert np.abs(expected - 1.0 * enhancer(noisy)).mean() > 1


# Saving


def test_what_is_saved_has_its_full_size_and_depth(page, tmp_path):
    pixels = slope(800, 1200, 9000, "uint16")  # shown smaller
    Photograph(pixels, dpi=(72, 72)).write(tmp_path / "deep.png")
    browser.upload(page, tmp_path / "deep.png")
    page.get_by_text("deep.png: before | after").wait_for()
    assert browser.picture(page, 1).shape == (683, 1024, 3)
    browser.open_advanced(page)
    assert browser.drag(page, "Iterations", 0.25) == 4
    strength = browser.drag(page, "Strength", 0.5)
    saved = Photograph.read(browser.download(page, tmp_path))
    expected = Enhancer.from_preset("zero_dce_general")(pixels, 4, strength)
    assert saved.pixels.dtype == np.uint16
    assert saved.dpi == pytest.approx((72, 72), 0.01)
    np.testing.assert_allclose(saved.pixels, expected, atol=2)
    again = page.get_by_role("button", name=re.compile("Save .* again"))
    again.wait_for()
    browser.drag(page, "Strength", 1)  # what was made is of another place of the slider
    again.wait_for(state="detached")


def test_what_is_saved_has_its_exif_and_profile(page, tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "Maker"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    dark = Image.fromarray(slope())
    dark.save(tmp_path / "dark.jpg", exif=exif, icc_profile=profile, quality=95)
    browser.upload(page, tmp_path / "dark.jpg")
    page.get_by_text("dark.jpg: before | after").wait_for()
    with Image.open(browser.download(page, tmp_path)) as saved:
        assert saved.format == "JPEG" and saved.size == (320, 480)  # upright
        assert saved.getexif()[MAKER] == "Maker"
        assert saved.getexif()[ORIENTATION] == 1
        assert saved.info["icc_profile"] == profile
        assert np.asarray(saved).mean() > 1.5 * slope().mean()


def test_several_are_in_a_strip_and_in_a_zip(page, write_clip, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"not a photograph")
    files = [
        write_slope(tmp_path / "a.png"),
        tmp_path / "broken.png",
        write_slope(tmp_path / "b.png", turned=True),
        write_clip(tmp_path / "clip.mp4"),
    ]
    browser.upload(page, *files)
    assert "broken.png" in browser.read_toast(page)  # the others are there
    thumbnails = page.locator("#strip button.thumbnail-item")
    browser.wait_until(page, lambda: thumbnails.count() == 3)
    browser.wait_for_picture(page, slope(), 0)
    thumbnails.nth(1).click()
    browser.wait_for_picture(page, slope()[:, ::-1], 0)
    saved = browser.download(page, tmp_path)
    assert saved.name == "b_enhanced.png"
    archive = browser.download(page, tmp_path, "Save all as a zip")
    with zipfile.ZipFile(archive) as file:
        names = ["a_enhanced.png", "b_enhanced.png", "clip_enhanced.mp4"]
        assert file.namelist() == names
        file.extractall(tmp_path / "all")
    np.testing.assert_array_equal(
        read_image(tmp_path / "all" / names[1]), read_image(saved)
    )
    page.get_by_text("enhanced.zip").wait_for()
    assert page.locator("#bar progress").count() == 0


def test_a_bar_shows_how_far_it_is_over_the_picture(page, tmp_path):
    Image.fromarray(slope(1400, 2100)).save(tmp_path / "large.png")
    browser.upload(page, tmp_path / "large.png")
    page.get_by_text("large.png: before | after").wait_for()
    page.get_by_label(LOOKS[1].label).check()
    browser.open_advanced(page)
    browser.wait_until(
        page, lambda: page.get_by_label("Preset").input_value() == LOOKS[1].preset
    )
    page.locator("#bar progress").wait_for(state="detached")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text(re.compile(r"large.png: \d+ of \d+ tiles")).wait_for()
    bar = page.locator("#bar progress").bounding_box()
    frame = page.locator("#picture").bounding_box()
    assert browser.images(page).nth(1).is_visible()
    assert frame["y"] < bar["y"] < frame["y"] + frame["height"]
    page.get_by_role("button", name=re.compile("again")).wait_for()


def test_a_film(page, write_clip, server, tmp_path):
    import av

    clip = write_clip(tmp_path / "clip.mp4", with_sound=True)
    browser.upload(page, clip)
    page.get_by_text("clip.mp4 (first frame): before | after").wait_for()
    runs = len(server.told("network"))
    browser.drag(page, "Strength", 0)
    browser.wait_for_picture(page, browser.picture(page, 0))
    assert len(server.told("network")) == runs
    browser.drag(page, "Strength", 1)
    saved = browser.download(page, tmp_path)
    assert saved.name == "clip_enhanced.mp4"
    assert FILMS.show(saved).pixels.mean() > 1.5 * FILMS.show(clip).pixels.mean()
    sounds = []
    for path in (clip, saved):
        with av.open(str(path)) as container:
            sounds.append([bytes(p) for p in container.demux(audio=0) if p.size])
    assert sounds[0] and sounds[0] == sounds[1]


# What goes wrong


def test_what_cannot_be_read_is_told_in_one_line(page, write_clip, tmp_path):
    whole = write_slope(tmp_path / "whole.jpg").read_bytes()
    write_clip(tmp_path / "sound.mp4", with_sound=True, with_pictures=False)
    sound = (tmp_path / "sound.mp4").read_bytes()
    bad = {
        "broken.png": (b"not a photograph", "not an image"),
        "text.jpg": (b"Dear diary, \n" * 100, "not an image"),
        "cut.jpg": (whole[: len(whole) // 2], "truncated"),
        "text.mp4": (b"not a video", "not a video"),
        "sound.mp4": (sound, "no video stream"),
    }
    for name, (content, why) in bad.items():
        (tmp_path / name).write_bytes(content)
        browser.upload(page, tmp_path / name)
        toast = browser.read_toast(page)
        assert name in toast and why in toast
        assert "zero_dce_page" not in toast  # not where it lies on the disk
        browser.images(page).first.wait_for(state="detached")
        browser.clear(page)
        wait_for_example(page)
    browser.upload(page, tmp_path / "whole.jpg")  # the page goes on
    browser.wait_for_picture(page, slope(), 0)


# Many at once


def test_two_sessions_have_a_picture_each(open_page, tmp_path):
    pages = [open_page(), open_page()]
    dark = [slope(), slope()[:, ::-1]]
    for page, name, turned in zip(
        pages, ("a.png", "b.png"), (False, True), strict=True
    ):
        browser.upload(page, write_slope(tmp_path / name, turned))
    for page, pixels in zip(pages, dark, strict=True):
        browser.wait_for_picture(page, pixels, 0)
    browser.drag(pages[0], "Strength", 0)
    browser.wait_for_picture(pages[0], dark[0])
    saved = [browser.download(page, tmp_path) for page in pages]
    assert [path.name for path in saved] == ["a_enhanced.png", "b_enhanced.png"]
    same, brighter = (np.asarray(Image.open(path)) for path in saved)
    np.testing.assert_array_equal(same, dark[0])
    assert brighter.mean() > 1.5 * dark[1].mean()
    assert brighter[:, :240].mean() > brighter[:, 240:].mean()


def test_the_oldest_of_many_sessions_is_forgotten(open_page, tmp_path):
    write_slope(tmp_path / "dark.png")
    pages = [open_page() for _ in range(SESSIONS + 1)]
    for page in pages:
        browser.upload(page, tmp_path / "dark.png")
        browser.wait_for_picture(page, slope(), 0)
    browser.drag(pages[-1], "Strength", 0)
    browser.wait_for_picture(pages[-1], slope())
    browser.drag(pages[0], "Strength", 0)
    browser.images(pages[0]).first.wait_for(state="detached")
    browser.clear(pages[0])
    browser.upload(pages[0], tmp_path / "dark.png")
    browser.wait_for_picture(pages[0], slope())
