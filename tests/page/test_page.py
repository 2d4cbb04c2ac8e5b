"""The page in a real browser: upload, drag, see the picture change, download.

`make test-ui` runs these in an environment of their own.
"""

import browser
import numpy as np
import pytest
from PIL import Image, ImageCms

from zero_dce_keras import Enhancer
from zero_dce_keras.images import Photograph
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


def test_sliders_change_the_picture_without_the_network(page, server, tmp_path):
    Image.fromarray(slope()).save(tmp_path / "dark.png")
    browser.upload(page, tmp_path / "dark.png")
    enhancer = Enhancer.from_preset("zero_dce_general")
    preview = Preview(enhancer, Photograph.read(tmp_path / "dark.png"))
    browser.wait_for_picture(page, preview.before, 0)
    browser.wait_for_picture(page, preview.after(8, 1.0))
    runs = len(server.told("network"))
    assert runs
    assert browser.drag(page, "Iterations", 0) == 0
    browser.wait_for_picture(page, preview.before)
    assert browser.drag(page, "Iterations", 1) == 16
    browser.wait_for_picture(page, preview.after(16, 1.0))
    strength = browser.drag(page, "Strength", 0.5)
    assert 0.45 < strength < 0.55
    browser.wait_for_picture(page, preview.after(16, strength))
    assert len(server.told("network")) == runs


def test_a_download_has_its_full_size_and_depth(page, tmp_path):
    pixels = slope(800, 1200, 9000, "uint16")  # shown smaller
    Photograph(pixels, dpi=(72, 72)).write(tmp_path / "deep.png")
    browser.upload(page, tmp_path / "deep.png")
    browser.visible(page, "img").nth(1).wait_for()
    assert browser.picture(page, 1).shape == (683, 1024, 3)
    assert browser.drag(page, "Iterations", 0.25) == 4
    strength = browser.drag(page, "Strength", 0.5)
    saved = Photograph.read(browser.download(page, tmp_path))
    expected = Enhancer.from_preset("zero_dce_general")(pixels, 4, strength)
    assert saved.pixels.dtype == np.uint16
    assert saved.dpi == pytest.approx((72, 72), 0.01)
    np.testing.assert_allclose(saved.pixels, expected, atol=2)
    browser.drag(page, "Strength", 1)  # what was made is of another place of the slider
    button = page.get_by_role("button", name="Save").locator("visible=true")
    browser.wait_until(page, lambda: not button.is_enabled())


def test_a_download_has_its_exif_and_profile(page, tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "Maker"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    dark = Image.fromarray(slope())
    dark.save(tmp_path / "dark.jpg", exif=exif, icc_profile=profile, quality=95)
    browser.upload(page, tmp_path / "dark.jpg")
    with Image.open(browser.download(page, tmp_path)) as saved:
        assert saved.format == "JPEG" and saved.size == (320, 480)  # upright
        assert saved.getexif()[MAKER] == "Maker"
        assert saved.getexif()[ORIENTATION] == 1
        assert saved.info["icc_profile"] == profile
        assert np.asarray(saved).mean() > 1.5 * slope().mean()


def test_other_weights_are_other_curves(page, tmp_path):
    Image.fromarray(slope()).save(tmp_path / "dark.png")
    dark = Photograph.read(tmp_path / "dark.png")
    browser.upload(page, tmp_path / "dark.png")
    page.get_by_label("Preset").locator("visible=true").click()
    page.get_by_role("option", name="zero_dce_lol", exact=True).click()
    enhancer = Enhancer.from_preset("zero_dce_lol")
    browser.wait_for_picture(page, Preview(enhancer, dark).after(8, 1.0))


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
    page.get_by_label("Denoise").locator("visible=true").uncheck()
    browser.wait_until(page, lambda: roughness() > 2 * smooth)
    saved = Photograph.read(browser.download(page, tmp_path)).pixels
    expected = enhancer(noisy, denoise=False)
    np.testing.assert_allclose(saved, expected, atol=1)
    assert np.abs(expected - 1.0 * enhancer(noisy)).mean() > 1


def test_a_video(page, write_clip, server, tmp_path):
    import av

    clip = write_clip(tmp_path / "clip.mp4", with_sound=True)
    page.get_by_role("tab", name="Video").click()
    browser.upload(page, clip)
    browser.visible(page, "img").nth(1).wait_for()
    runs = len(server.told("network"))
    browser.drag(page, "Strength", 0)
    browser.wait_for_picture(page, browser.picture(page, 0))
    assert len(server.told("network")) == runs
    browser.drag(page, "Strength", 1)
    saved = browser.download(page, tmp_path)
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
        browser.upload(page, tmp_path / name)
        toast = browser.read_toast(page)
        assert name in toast and why in toast
        assert "zero_dce_page" not in toast  # not where it lies on the disk
        assert browser.visible(page, "img").count() == 0
        page.get_by_label("Clear").locator("visible=true").click()
    browser.upload(page, tmp_path / "whole.jpg")  # the page goes on
    browser.wait_for_picture(page, slope(), 0)


def test_what_is_no_video_is_told_in_one_line(page, write_clip, tmp_path):
    page.get_by_role("tab", name="Video").click()
    (tmp_path / "text.mp4").write_bytes(b"not a video")
    write_clip(tmp_path / "sound.mp4", with_sound=True, with_pictures=False)
    bad = {"text.mp4": "not a video", "sound.mp4": "no video stream"}
    for name, why in bad.items():
        browser.upload(page, tmp_path / name)
        toast = browser.read_toast(page)
        assert name in toast and why in toast and "zero_dce_page" not in toast
        page.get_by_label("Clear").locator("visible=true").click()
    browser.upload(page, write_clip(tmp_path / "clip.mp4"))
    browser.visible(page, "img").nth(1).wait_for()


def test_two_sessions_have_a_picture_each(open_page, tmp_path):
    pages = [open_page(), open_page()]
    dark = [slope(), slope()[:, ::-1]]
    for page, pixels, name in zip(pages, dark, ("a.png", "b.png"), strict=True):
        Image.fromarray(pixels).save(tmp_path / name)
        browser.upload(page, tmp_path / name)
    for page, pixels in zip(pages, dark, strict=True):
        browser.wait_for_picture(page, pixels, 0)
    browser.drag(pages[0], "Iterations", 0)
    browser.wait_for_picture(pages[0], dark[0])
    for page in pages:
        browser.enhance(page)
    saved = [browser.save(page, tmp_path) for page in pages]
    assert [path.name for path in saved] == ["a_enhanced.png", "b_enhanced.png"]
    same, brighter = (np.asarray(Image.open(path)) for path in saved)
    np.testing.assert_array_equal(same, dark[0])
    assert brighter.mean() > 1.5 * dark[1].mean()
    assert brighter[:, :240].mean() > brighter[:, 240:].mean()


def test_the_oldest_of_many_sessions_is_forgotten(open_page, tmp_path):
    Image.fromarray(slope()).save(tmp_path / "dark.png")
    pages = [open_page() for _ in range(SESSIONS + 1)]
    for page in pages:
        browser.upload(page, tmp_path / "dark.png")
        browser.wait_for_picture(page, slope(), 0)
    browser.drag(pages[-1], "Iterations", 0)
    browser.wait_for_picture(pages[-1], slope())
    browser.drag(pages[0], "Iterations", 0)
    browser.visible(pages[0], "img").first.wait_for(state="detached")
    pages[0].get_by_label("Clear").locator("visible=true").click()
    browser.upload(pages[0], tmp_path / "dark.png")
    browser.wait_for_picture(pages[0], slope())
