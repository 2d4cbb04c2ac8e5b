"""Files at full size: as the commands enhance them, one kept at a time."""

import numpy as np
import pytest
from PIL import Image

from zero_dce_keras import Enhancer
from zero_dce_keras.images import Photograph
from zero_dce_keras.page.kinds import PHOTOGRAPHS, VIDEOS, enhance_into, place_of


@pytest.fixture(scope="module")
def enhancer():
    return Enhancer.from_preset("zero_dce_lol")


def no_progress(done, expected):
    pass


def test_photographs_keep_depth_and_metadata(enhancer, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    pixels = np.random.default_rng(0).integers(0, 9000, (32, 48, 3), "uint16")
    dark = Photograph(
        pixels, exif=exif.tobytes().removeprefix(b"Exif\0\0"), dpi=(72, 72)
    )
    dark.write(tmp_path / "deep.png")
    options = {"iterations": 5, "strength": 0.7}
    made, notes = enhance_into(
        tmp_path / "made",
        PHOTOGRAPHS,
        enhancer,
        tmp_path / "deep.png",
        no_progress,
        **options,
    )
    enhanced = Photograph.read(made)
    assert made.name == "deep_enhanced.png" and notes == []
    np.testing.assert_array_equal(enhanced.pixels, enhancer(pixels, **options))
    assert enhanced.pixels.dtype == np.uint16 and b"Maker" in enhanced.exif


def test_the_last_file_alone_is_kept(enhancer, photo_folder, tmp_path):
    folder, target = photo_folder(), tmp_path / "made"
    for name in ("1.png", "2.jpg"):
        made, _ = enhance_into(
            target, PHOTOGRAPHS, enhancer, folder / name, no_progress
        )
    assert list(target.iterdir()) == [made]


@pytest.mark.parametrize("session", ["k3xy9", "../../k3xy9", "..", "/etc", ""])
def test_no_session_writes_elsewhere(session, tmp_path):
    place = place_of(session, VIDEOS, tmp_path).resolve()
    assert place.parent == tmp_path / "Video"
    assert place != place_of("another", VIDEOS, tmp_path)


def test_videos_are_enhanced_with_progress(enhancer, write_clip, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4")
    told = []
    made, _ = enhance_into(
        tmp_path / "made",
        VIDEOS,
        enhancer,
        clip,
        lambda *numbers: told.append(numbers),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    before, after = (VIDEOS.show(path).pixels for path in (clip, made))
    assert after.mean() > 1.5 * before.mean()


@pytest.mark.parametrize("turn", [0, 90])
def test_the_first_frame_is_upright(write_clip, tmp_path, turn):
    pixels = VIDEOS.show(write_clip(tmp_path / "clip.mp4", 1, turn)).pixels
    assert pixels.shape == ((48, 32, 3) if turn else (32, 48, 3))
    first, last = np.array_split(pixels, 2, axis=0 if turn else 1)
    assert first.mean() > last.mean() + 20
