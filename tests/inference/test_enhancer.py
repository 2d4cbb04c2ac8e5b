import struct
from pathlib import Path

import checks
import numpy as np
import pytest
from PIL import Image, ImageCms

from zero_dce_keras import Enhancer, MIRNet, ZeroDCE, ZeroDCEPlusPlus, infer
from zero_dce_keras.images import Photograph
from zero_dce_keras.images.tone_curve import tables_to_srgb
from zero_dce_keras.inference.options import EnhanceOptions
from zero_dce_keras.inference.runner import Runner


@pytest.fixture(scope="module")
def model():
    """Curves strong enough to see."""
    model = checks.small_zero_dce(num_iterations=3)
    model.set_weights([3 * weight for weight in model.get_weights()])
    return model


@pytest.fixture
def enhancer(model):
    return Enhancer(model)


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 80, (32, 48, 3), "uint8")


def expected(model, photo):
    """Float32 in [0, 1] through the model itself."""
    enhanced = checks.predict(model, photo[None].astype("float32") / 255)[0]
    assert np.abs(enhanced - photo / 255).max() > 0.02
    return enhanced


@pytest.mark.parametrize(
    "dtype, white, tolerance",
    [
        ("uint8", 255, 0.501),
        ("uint16", 65535, 0.6),
        ("float16", 1, 1e-3),
        ("float32", 1, 1e-6),
        ("float64", 1, 1e-6),
    ],
)
def test_give_a_type_get_the_type(model, enhancer, photo, dtype, white, tolerance):
    image = np.rint(photo / 255 * white) if white > 1 else photo / 255
    enhanced = enhancer(image.astype(dtype))
    assert enhanced.dtype == dtype and enhanced.shape == photo.shape
    difference = enhanced.astype("float64") - white * expected(model, photo)
    assert np.abs(difference).max() <= tolerance


def test_batch(enhancer, photo):
    other = photo[::-1, ::-1] // 2
    batch = enhancer(np.stack([photo, other]))
    np.testing.assert_array_equal(batch[0], enhancer(photo))
    np.testing.assert_array_equal(batch[1], enhancer(other))


def test_pil_and_path(enhancer, photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "photo.png")
    for image in (
        Image.fromarray(photo),
        tmp_path / "photo.png",
        str(tmp_path / "photo.png"),
    ):
        enhanced = enhancer(image)
        assert isinstance(enhanced, Image.Image) and enhanced.mode == "RGB"
        np.testing.assert_array_equal(enhanced, enhancer(photo))
    grey = enhancer(Image.fromarray(photo[..., 0]))
    assert grey.mode == "L"
    np.testing.assert_array_equal(grey, enhancer(photo[..., 0]))
    clear = Image.fromarray(np.dstack([photo, photo[..., 0]]))
    np.testing.assert_array_equal(enhancer(clear), enhancer(np.array(clear)))
    for mode in ("1", "P", "LA", "CMYK"):
        assert enhancer(Image.fromarray(photo).convert(mode)).size == (48, 32)


def test_the_input_is_left_as_it_was(enhancer, photo):
    copy = photo.copy()
    enhancer(photo)
    np.testing.assert_array_equal(photo, copy)


@pytest.mark.parametrize("options", [{"iterations": 0}, {"strength": 0.0}])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_identity(enhancer, photo, options, dtype):
    image = photo.astype(dtype) / (255 if dtype == "float32" else 1)
    image = image.astype(dtype)
    np.testing.assert_array_equal(enhancer(image, **options), image)


@pytest.mark.parametrize("options", [{"iterations": 0}, {"strength": 0.0}])
def test_identity_of_a_photograph(enhancer, photo, options):
    """A profile's tone curve goes there and back, and dark levels fall together."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # Its parametric curves become a plain power.
    curve = profile.index(b"para", 132)
    power = struct.pack(">4s4xHHi", b"para", 0, 0, round(2.2 * 65536))
    profile = profile[:curve] + power + profile[curve + len(power) :]
    pixels = photo.astype("uint16") * 40
    photograph = Photograph(pixels, icc_profile=profile)
    assert tables_to_srgb(profile, "uint16")
    enhanced = enhancer.enhance_photograph(photograph, EnhanceOptions(**options))
    np.testing.assert_array_equal(enhanced.pixels, pixels)


def test_iterations_and_strength_are_those_of_the_curves(model, enhancer, photo):
    image = photo[None].astype("float32") / 255
    maps = checks.predict(model.dce_model, image)
    x = image
    for i in (0, 1, 2, 0, 1):
        alpha = 0.5 * maps[..., 3 * i : 3 * i + 3]
        x = x + alpha * (x * x - x)
    enhanced = enhancer(image, iterations=5, strength=0.5)
    np.testing.assert_allclose(enhanced, x, atol=1e-6)


def test_grey_stays_grey_and_alpha_untouched(enhancer, photo):
    grey = enhancer(photo[..., 0])
    assert grey.shape == photo.shape[:2] and grey.dtype == photo.dtype
    colour = enhancer(np.repeat(photo[..., :1], 3, axis=-1)) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(grey, colour, atol=0.51)
    alpha = photo[..., ::-1].sum(axis=-1, dtype="uint8")
    for shape in ((32, 48, 4), (1, 32, 48, 4)):
        enhanced = enhancer(np.dstack([photo, alpha]).reshape(shape))
        assert enhanced.shape == shape
        np.testing.assert_array_equal(enhanced.reshape(32, 48, 4)[..., 3], alpha)
        expected = enhancer(photo)
        np.testing.assert_array_equal(enhanced.reshape(32, 48, 4)[..., :3], expected)


# Tiles

WHOLE = {"exposure_normalization": {}}
TILED = {
    "plain": (lambda: checks.small_zero_dce(num_iterations=3), 9),
    "all": (lambda: checks.small_zero_dce(**WHOLE, denoising_filter={}), 17),
    "plus_plus": (
        lambda: ZeroDCEPlusPlus(
            4, "area", 2, filters=4, num_layers=3, **WHOLE, denoising_filter={}
        ),
        44,
    ),
}


@pytest.mark.parametrize("name", TILED)
def test_tiles_give_what_the_whole_image_does(name):
    make_model, tile = TILED[name]
    enhancer = Enhancer(make_model())
    image = np.random.default_rng(0).random((61, 83, 3), "float32") / 5
    for size in (tile, 64):
        tiled = enhancer(image, tile=size)
        np.testing.assert_allclose(tiled, enhancer(image, tile=0), atol=1e-5)
        curves = enhancer.curves(image, tile=size)
        np.testing.assert_allclose(curves.apply(), tiled, atol=1e-5)


def test_large_images_are_cut_by_themselves(monkeypatch):
    enhancer = Enhancer(checks.small_zero_dce())
    image = np.random.default_rng(0).integers(0, 60, (40, 60, 3), "uint8")
    whole = enhancer(image)
    monkeypatch.setattr("zero_dce_keras.inference.runner.LARGEST_WHOLE", 2000)
    monkeypatch.setattr("zero_dce_keras.inference.runner.TILE", 24)
    seen = []
    run = enhancer._runner._run
    monkeypatch.setattr(
        enhancer._runner,
        "_run",
        lambda method, images, *rest: (
            seen.append(images.shape) or run(method, images, *rest)
        ),
    )
    np.testing.assert_allclose(enhancer(image), whole, atol=1)
    assert set(seen) == {(1, 24, 24, 3)} and len(seen) > 4


@pytest.mark.parametrize("model", [ZeroDCE, MIRNet])
def test_tiles_are_told_of(model):
    told = []
    image = np.zeros((2, 100, 150, 3), "uint8")
    enhancer = Enhancer(checks.small_model(model))
    enhancer(image, tile=96, progress=lambda *counts: told.append(counts))
    count = len(told)
    assert count % 2 == 0 and count >= 8
    assert told == [(number, count) for number in range(1, count + 1)]


def test_tiles_of_a_model_that_sees_the_whole_image_are_blended():
    """Approximate, and without seams: no jump where tiles meet."""
    enhancer = Enhancer(checks.small_model(MIRNet))
    rows, columns = np.mgrid[:161, :203] / 40  # tiles must not begin anywhere
    image = np.stack([np.sin(rows + k) * np.cos(columns) for k in range(3)], -1)
    image = (0.1 + 0.05 * image).astype("float32")
    whole, tiled = enhancer(image, tile=0), enhancer(image, tile=96)
    assert np.abs(tiled - whole).max() < 0.02
    steps = [
        np.abs(np.diff(x, axis=axis)).max() for x in (tiled, whole) for axis in (0, 1)
    ]
    assert max(steps[:2]) < 1.5 * max(steps[2:])


@pytest.mark.parametrize("size", [(300, 200), (160, 400)])
def test_tiles_of_a_flat_sky_that_differ_show_no_seams(size, monkeypatch):
    """A grey for each tile: at most 10 levels apart, over 64 pixels or more."""
    greys = []

    def grey_of_a_tile(self, method, images, arguments, gains=None):
        greys.append((100 + len(greys) * 7 % 11) / 255)
        return np.full_like(images, greys[-1])

    monkeypatch.setattr(Runner, "_run", grey_of_a_tile)
    sky = np.zeros((*size, 3), "float32")
    tiled = Enhancer(checks.small_model(MIRNet))(sky, tile=128)
    assert len(greys) >= 10 and tiled.min() >= min(greys)
    assert np.ptp(tiled) * 255 > 5
    for axis in (0, 1):
        assert np.abs(np.diff(tiled, axis=axis)).max() * 255 < 1.5 * 10 / 64
    monkeypatch.setattr(Runner, "_run", lambda self, method, images, *rest: images)
    photo = np.random.default_rng(0).random((*size, 3), dtype="float32")
    tiled = Enhancer(checks.small_model(MIRNet))(photo, tile=128)
    np.testing.assert_allclose(tiled, photo, atol=1e-6)


# Curves


def test_curves_are_applied_again_and_again(enhancer, photo):
    for image in (photo, photo[..., 0], photo / np.float32(255)):
        curves = enhancer.curves(image)
        for iterations in (None, 0, 2, 3, 7):
            for strength in (0.0, 0.3, 1.0):
                expected = enhancer(image, iterations, strength)
                actual = curves.apply(iterations, strength)
                assert actual.dtype == image.dtype and actual.shape == image.shape
                close = 1 if image.dtype == np.uint8 else 1e-6
                np.testing.assert_allclose(actual, expected, atol=close)


def test_curves_errors(enhancer, photo):
    with pytest.raises(ValueError, match="one image, not a batch"):
        enhancer.curves(photo[None])
    with pytest.raises(ValueError, match="strength must .*2"):
        enhancer.curves(photo).apply(strength=2)
    with pytest.raises(ValueError, match="curves are for models with curves: MIRNet"):
        Enhancer(checks.small_model(MIRNet)).curves(photo)


def test_infer(model, enhancer, photo):
    np.testing.assert_array_equal(infer(model, photo), enhancer(photo))
    assert isinstance(infer(model, Image.fromarray(photo)), Image.Image)


@pytest.mark.parametrize(
    "image, options, message",
    [
        (np.zeros((32,), "uint8"), {}, r"image must be .*\(32,\)"),
        (np.zeros((32, 48, 2), "uint8"), {}, r"image must be .*\(32, 48, 2\)"),
        (np.zeros((0, 48, 3), "uint8"), {}, r"image must be .*\(0, 48, 3\)"),
        (np.zeros((32, 48, 3), "int32"), {}, "image must be .*int32"),
        (np.zeros((32, 48, 3), bool), {}, "image must be .*bool"),
        (np.full((32, 48, 3), np.nan, "float32"), {}, r"image must be .*\[0, 1\]"),
        (np.full((32, 48, 3), 20.0, "float32"), {}, r"image must be .*\[0, 1\]"),
        ([[0.5]], {}, "image must be .*list"),
        (np.zeros((32, 48, 3), "uint8"), {"strength": 1.5}, "strength must .*1.5"),
        (np.zeros((32, 48, 3), "uint8"), {"strength": -1}, "strength must .*-1"),
        (np.zeros((32, 48, 3), "uint8"), {"iterations": -1}, "iterations must"),
        (np.zeros((32, 48, 3), "uint8"), {"iterations": 2.5}, "iterations must .*2.5"),
        (np.zeros((32, 48, 3), "uint8"), {"gains": 3}, "gains must be numbers.*3"),
        (np.zeros((32, 48, 3), "uint8"), {"gains": [np.nan] * 8}, "gains must .*nan"),
        (np.zeros((32, 48, 3), "uint8"), {"tile": -1}, "tile must .*-1"),
        (np.zeros((32, 48, 3), "uint8"), {"tile": 6}, "tile must be at least 7"),
    ],
)
def test_errors(enhancer, image, options, message):
    with pytest.raises(ValueError, match=message):
        enhancer(image, **options)


# Files


def test_enhance_file(enhancer, photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "photo.png")
    enhancer.enhance_file(tmp_path / "photo.png", tmp_path / "new" / "bright.png")
    enhanced = Image.open(tmp_path / "new" / "bright.png")
    np.testing.assert_array_equal(enhanced, enhancer(photo))


def test_enhance_file_never_overwrites_its_input(
    enhancer, photo, tmp_path, monkeypatch
):
    Image.fromarray(photo).save(tmp_path / "photo.png")
    content = (tmp_path / "photo.png").read_bytes()
    (tmp_path / "link.png").symlink_to(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    for target in (tmp_path / "photo.png", "photo.png", "link.png"):
        with pytest.raises(ValueError, match="overwritten"):
            enhancer.enhance_file(tmp_path / "photo.png", target)
    assert (tmp_path / "photo.png").read_bytes() == content


def test_enhance_file_leaves_nothing_torn(enhancer, photo, tmp_path, monkeypatch):
    Image.fromarray(photo).save(tmp_path / "photo.png")
    (tmp_path / "out").mkdir()

    def fail(self, content):
        with open(self, "wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="no space"):
        enhancer.enhance_file(tmp_path / "photo.png", tmp_path / "out" / "bright.png")
    assert list((tmp_path / "out").iterdir()) == []


def test_from_preset(model, enhancer, photo, tmp_path):
    model.save_weights(tmp_path / "model.weights.h5")
    model.save_to_preset(tmp_path / "preset")
    for path in (tmp_path / "model.weights.h5", tmp_path / "preset"):
        opened = Enhancer.from_preset(path)
        np.testing.assert_array_equal(opened(photo), enhancer(photo))
