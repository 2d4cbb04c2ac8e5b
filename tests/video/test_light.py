"""Films whose light changes, by the default preset: what is brighter stays brighter."""

import numpy as np
import pytest

av = pytest.importorskip("av")
pytest.importorskip("numba")

from zero_dce_keras import Enhancer
from zero_dce_keras.video import enhance_video

HEIGHT, WIDTH, RATE = 96, 160, 25


@pytest.fixture(scope="module")
def enhancer():
    return Enhancer.from_preset("zero_dce_general")


def night(light=1.0, coded=1.0, seed=0, is_grey=False):
    """A dark scene of soft shapes; `light` as a lamp, `coded` as an editor's fade."""
    cells = np.random.default_rng(seed).random((6, 8, 1 if is_grey else 3)) ** 2
    linear = np.kron(cells, np.ones((HEIGHT // 6, WIDTH // 8, 1))) * 0.06
    scene = 255 * np.clip(linear * light, 0, 1) ** (1 / 2.2) * coded
    return np.broadcast_to(scene, (HEIGHT, WIDTH, 3)).round().astype("uint8")


def lumas(tmp_path, enhancer, frames, rows=slice(None)):
    """Mean luma of each frame, before and after, from 16 to 235."""
    source, target = tmp_path / "a.mp4", tmp_path / "b.mp4"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", RATE, {"crf": "1"})
        stream.width, stream.height = WIDTH, HEIGHT
        for name, tag in {"colorspace": 1, "color_range": 1, "color_trc": 1}.items():
            setattr(stream.codec_context, name, tag)
        for rgb in frames:
            frame = av.VideoFrame.from_ndarray(rgb).reformat(
                format="yuv420p", dst_colorspace=1, dst_color_range=1
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    enhance_video(enhancer, source, target, overwrite=True, quality=100)
    return [
        np.array([plane(f, 0)[rows].mean() for f in decoded(path)])
        for path in (source, target)
    ]


def decoded(path):
    with av.open(str(path)) as container:
        yield from container.decode(video=0)


def plane(frame, index):
    samples = frame.planes[index]
    rows = np.frombuffer(samples, "uint8").reshape(-1, samples.line_size)
    return rows[:, : samples.width].astype(float)


def inversions(before, after, smallest=1.5):
    """How many pairs of frames changed their order, of those that differ visibly."""
    later, sooner = np.tril_indices(len(before), -1)
    steps, results = before[later] - before[sooner], after[later] - after[sooner]
    return int(np.sum((np.abs(steps) > smallest) & (np.sign(steps) * results < -1)))


def test_black_frames_stay_black(enhancer, tmp_path):
    frames = [0 * night()] * 5 + [night()] * 10 + [0 * night()] * 10 + [night()] * 5
    before, after = lumas(tmp_path, enhancer, frames)
    black = before < 16.5
    assert black.sum() == 15
    np.testing.assert_allclose(after[black], 16, atol=0.5)
    assert np.all(after[~black] > before[~black] + 20)


def test_bars_stay_black(enhancer, tmp_path):
    frame = night().copy()
    frame[:16] = frame[-16:] = 0
    _, bars = lumas(tmp_path, enhancer, [frame] * 5, rows=slice(0, 14))
    np.testing.assert_allclose(bars, 16, atol=0.5)


def test_a_fade_is_monotone_and_ends_as_it_began(enhancer, tmp_path):
    fade = [1.0] * 20 + [*np.linspace(1, 0, 20)] + [0.0] * 5
    frames = [night(coded=k) for k in fade + fade[::-1]]
    before, after = lumas(tmp_path, enhancer, frames)
    assert np.diff(after[19:41]).max() <= 0 <= np.diff(after[-41:-19]).min()
    assert after[-1] == pytest.approx(after[0], abs=2)
    assert inversions(before, after) == 0


@pytest.mark.parametrize(
    "lights",
    [
        [1] * 15 + [12] + [1] * 15,
        [1, 1, 1, 8, 8, 8] * 6,
        [10] * 20 + [1] * 20,
        [*(1 + 15 * np.exp(-(np.linspace(-3, 3, 50) ** 2)))] + [1] * 10,
    ],
    ids=["flash", "strobe", "lights off", "headlight"],
)
def test_what_is_brighter_stays_brighter(enhancer, tmp_path, lights):
    before, after = lumas(tmp_path, enhancer, [night(light=k) for k in lights])
    assert np.ptp(before) > 40 and np.ptp(after) > 20
    assert inversions(before, after) == 0


def test_infrared_stays_neutral(enhancer, tmp_path):
    lumas(tmp_path, enhancer, [night(is_grey=True)] * 3)
    for frame in decoded(tmp_path / "b.mp4"):
        chroma = [plane(frame, index) for index in (1, 2)]
        assert np.abs(np.array(chroma) - 128).max() <= 1
