"""Many photographs in a row: overlapped, bounded, and each on its own."""

import struct
import threading

import checks
import numpy as np
import pytest
from PIL import Image

from conftest import write_photo
from zero_dce_keras import Enhancer
from zero_dce_keras.batch import Job, enhance_photographs
from zero_dce_keras.batch.photographs import WAITING
from zero_dce_keras.images import (
    Photograph,
    linear_to_srgb,
    srgb_to_linear,
)
from zero_dce_keras.inference import EnhanceOptions

# What counts of Adobe RGB's profile: one curve, the power 563 / 256.
ADOBE_RGB = bytes(128) + struct.pack(">I", 3)
for channel in b"rgb":
    ADOBE_RGB += struct.pack(">B3sII", channel, b"TRC", 168, 14)
ADOBE_RGB += b"curv" + struct.pack(">IIH", 0, 1, 563)


@pytest.fixture(scope="module")
def enhancer():
    model = checks.small_zero_dce()
    model.set_weights([3 * weight for weight in model.get_weights()])
    return Enhancer(model)


@pytest.fixture
def jobs(tmp_path):
    """Of eight photographs."""
    sources = [write_photo(tmp_path / f"{i}.png", i, brightness=60) for i in range(8)]
    return [Job(source, tmp_path / "out" / source.name) for source in sources]


def statuses(outcomes):
    return [(outcome.status, outcome.job.source.stem) for outcome in outcomes]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_what_is_no_color_stays(enhancer, dtype):
    """Grey stays grey, alpha untouched, 16 bits 16, and the rest as it was."""
    white = np.iinfo(dtype).max
    rng = np.random.default_rng(0)
    grey, alpha = rng.integers(0, white // 4, (2, 32, 48)).astype(dtype)
    photograph = Photograph(grey, alpha, b"exif", b"icc", b"xmp", (300, 300), "PNG")
    enhanced = enhancer.enhance_photograph(photograph)
    assert enhanced.pixels.shape == (32, 48) and enhanced.pixels.dtype == dtype
    assert np.abs(enhanced.pixels.astype(float) - grey).max() > white / 100
    assert enhanced.alpha is alpha
    names = ("exif", "icc_profile", "xmp", "dpi", "file_format")
    assert all(getattr(enhanced, n) == getattr(photograph, n) for n in names)
    color = Photograph(np.dstack([grey] * 3))
    enhanced = enhancer.enhance_photograph(color, EnhanceOptions(3, 0.5))
    expected = enhancer(color.pixels, iterations=3, strength=0.5)
    np.testing.assert_array_equal(enhanced.pixels, expected)


def test_each_is_enhanced_as_alone(enhancer, jobs):
    outcomes = list(enhance_photographs(enhancer.enhance_photograph, jobs))
    assert statuses(outcomes) == [("done", str(i)) for i in range(8)]
    assert outcomes[0].size == (48, 32)
    for job in jobs:
        expected = enhancer(Photograph.read(job.source).pixels)
        np.testing.assert_array_equal(Image.open(job.target), expected)


def test_what_is_done_is_skipped(enhancer, jobs):
    list(enhance_photographs(enhancer.enhance_photograph, jobs[:3]))
    before = jobs[0].target.stat().st_mtime_ns
    outcomes = list(enhance_photographs(enhancer.enhance_photograph, jobs))
    assert [outcome.status for outcome in outcomes] == ["skipped"] * 3 + ["done"] * 5
    assert jobs[0].target.stat().st_mtime_ns == before
    outcomes = list(
        enhance_photographs(enhancer.enhance_photograph, jobs, overwrite=True)
    )
    assert {outcome.status for outcome in outcomes} == {"done"}
    assert jobs[0].target.stat().st_mtime_ns > before


def test_bad_ones_do_not_stop_the_rest(enhancer, jobs, tmp_path):
    jobs[1].source.write_bytes(b"no photograph")
    jobs[3].source.unlink()
    jobs[5] = Job(jobs[5].source, jobs[4].source / "5.png")  # no directory
    jobs[7] = Job(jobs[7].source, tmp_path / "out" / "7.xyz")
    outcomes = {
        o.job: o for o in enhance_photographs(enhancer.enhance_photograph, jobs)
    }
    failed = [job for job in jobs if outcomes[job].status == "failed"]
    assert failed == jobs[1::2]
    named = [str(jobs[1].source), str(jobs[3].source), str(jobs[5].target), "7.xyz"]
    for job, name in zip(failed, named, strict=True):
        assert name in str(outcomes[job].error)
    out = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert out == ["0.png", "2.png", "4.png", "6.png"]


def test_reading_and_writing_go_on_beside_the_network(enhancer, jobs, monkeypatch):
    """While the network holds one photograph, the next are read and one is written."""
    read, written = threading.Semaphore(0), threading.Semaphore(0)
    read_file, write_file = Photograph.read, Photograph.write

    def reading(path):
        photograph = read_file(path)
        read.release()
        return photograph

    def writing(*args):
        notes = write_file(*args)
        written.release()
        return notes

    calls = []

    def network(photograph):
        calls.append(1)
        for _ in range(3 if len(calls) == 1 else 1 if len(calls) < 7 else 0):
            assert read.acquire(timeout=10)  # this one's, and the next two
        if len(calls) > 1:
            assert written.acquire(timeout=10)  # the one before
        return photograph

    monkeypatch.setattr(Photograph, "read", reading)
    monkeypatch.setattr(Photograph, "write", writing)
    assert len(list(enhance_photographs(network, jobs))) == len(calls) == 8


def test_no_more_are_held_than_said(jobs, monkeypatch):
    """A slow disk does not fill the memory with what waits for it."""
    alive, most, lock = [0], [0], threading.Lock()
    read_file = Photograph.read

    def reading(path):
        with lock:
            alive[0] += 1
            most[0] = max(most[0], alive[0])
        return read_file(path)

    def writing(*args):
        threading.Event().wait(0.02)
        with lock:
            alive[0] -= 1
        return []

    monkeypatch.setattr(Photograph, "read", reading)
    monkeypatch.setattr(Photograph, "write", writing)
    list(enhance_photographs(lambda photograph: photograph, jobs * 3, overwrite=True))
    assert WAITING < most[0] <= 2 * WAITING + 1


def test_ctrl_c_finishes_what_is_being_written(enhancer, jobs):
    calls = []

    def network(photograph):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return enhancer.enhance_photograph(photograph)

    with pytest.raises(KeyboardInterrupt):
        list(enhance_photographs(network, jobs))
    names = sorted(path.name for path in jobs[0].target.parent.iterdir())
    assert names == ["0.png", "1.png", "2.png"]
    assert threading.active_count() == 1 or not any(
        thread.name.startswith("ThreadPoolExecutor") for thread in threading.enumerate()
    )


def test_the_network_sees_the_tone_curve_of_srgb(enhancer):
    """A photograph in Adobe RGB's encoding is enhanced like the same light in sRGB's."""
    srgb = np.random.default_rng(0).integers(0, 80, (32, 48, 3), "uint8")
    light = srgb_to_linear(srgb / 255)
    adobe = np.rint(65535 * light ** (256 / 563)).astype("uint16")
    photograph = Photograph(adobe, icc_profile=ADOBE_RGB)
    enhanced = enhancer.enhance_photograph(photograph)
    assert enhanced.icc_profile == ADOBE_RGB
    found = linear_to_srgb((enhanced.pixels / 65535) ** (563 / 256))
    assert np.abs(255 * found - enhancer(srgb)).max() < 1
    unknown = enhancer.enhance_photograph(Photograph(adobe, icc_profile=b"unknown"))
    assert np.abs(unknown.pixels - enhanced.pixels.astype(float)).max() > 655
