"""Files at full size: as the commands enhance them, one kept at a time."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from zero_dce_keras import Enhancer
from zero_dce_keras.images import Photograph
from zero_dce_keras.page.kinds import (
    FILMS,
    enhance_into,
    enhance_into_zip,
    place_of,
)


@pytest.fixture(scope="module")
def enhancer():
    return Enhancer.from_preset("zero_dce_lol")


def no_progress(done, expected, text):
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
        made, _ = enhance_into(target, enhancer, folder / name, no_progress)
    assert list(target.iterdir()) == [made]


@pytest.mark.parametrize("session", ["k3xy9", "../../k3xy9", "..", "/etc", ""])
def test_no_session_writes_elsewhere(session, tmp_path):
    place = place_of(session, tmp_path).resolve()
    assert place.parent == tmp_path
    assert place != place_of("another", tmp_path)


def test_videos_are_enhanced_with_progress(enhancer, write_clip, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4")
    told = []
    made, _ = enhance_into(
        tmp_path / "made",
        enhancer,
        clip,
        lambda *numbers: told.append(numbers),
    )
    assert told == [(0, 0, "clip.mp4")] + [
        (done, 3, f"clip.mp4: {done} of 3 frames") for done in (1, 2, 3)
    ]
    before, after = (FILMS.show(path).pixels for path in (clip, made))
    assert after.mean() > 1.5 * before.mean()


def test_a_zip_has_all_that_can_be_enhanced(enhancer, photo_folder, tmp_path):
    """Two of one name, as of two cameras, and one that is no photograph."""
    one, other = photo_folder(["1.png", "2.jpg"]), tmp_path / "other"
    other.mkdir()
    (one / "1.png").rename(one / "2.png")
    (other / "2.jpg").write_bytes((one / "2.jpg").read_bytes())
    (other / "bad.jpg").write_bytes(b"not a photograph")
    sources = [one / "2.jpg", other / "bad.jpg", other / "2.jpg", one / "2.png"]
    told = []
    made, notes, errors = enhance_into_zip(
        tmp_path / "made", enhancer, sources, lambda *state: told.append(state)
    )
    with zipfile.ZipFile(made) as archive:
        assert archive.namelist() == [
            *("2_enhanced.jpg", "2_enhanced_2.jpg", "2_enhanced.png")
        ]
        assert archive.testzip() is None
    assert notes == [] and [source for source, _ in errors] == [other / "bad.jpg"]
    assert told[-1] == (3, 4, "3 of 4: 2.png")
    assert enhance_into_zip(tmp_path / "made", enhancer, [], print)[0] is None


@pytest.mark.parametrize("turn", [0, 90])
def test_the_first_frame_is_upright(write_clip, tmp_path, turn):
    pixels = FILMS.show(write_clip(tmp_path / "clip.mp4", 1, turn)).pixels
    assert pixels.shape == ((48, 32, 3) if turn else (32, 48, 3))
    first, last = np.array_split(pixels, 2, axis=0 if turn else 1)
    assert first.mean() > last.mean() + 20
