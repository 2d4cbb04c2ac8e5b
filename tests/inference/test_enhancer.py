from pathlib import Path

import checks
import numpy as np
import pytest
from PIL import Image

from zero_dce_keras import Enhancer, infer


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
        Image.fromarray(photo).convert("RGBA"),
        tmp_path / "photo.png",
        str(tmp_path / "photo.png"),
    ):
        enhanced = enhancer(image)
        assert isinstance(enhanced, Image.Image) and enhanced.mode == "RGB"
        np.testing.assert_array_equal(enhanced, enhancer(photo))
    grey = enhancer(Image.fromarray(photo[..., 0]))
    assert grey.mode == "RGB" and grey.size == (48, 32)


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


def test_iterations_and_strength_are_those_of_the_curves(model, enhancer, photo):
    image = photo[None].astype("float32") / 255
    maps = checks.predict(model.dce_model, image)
    x = image
    for i in (0, 1, 2, 0, 1):
        alpha = 0.5 * maps[..., 3 * i : 3 * i + 3]
        x = x + alpha * (x * x - x)
    enhanced = enhancer(image, iterations=5, strength=0.5)
    np.testing.assert_allclose(enhanced, x, atol=1e-6)


def test_infer(model, enhancer, photo):
    np.testing.assert_array_equal(infer(model, photo), enhancer(photo))
    assert isinstance(infer(model, Image.fromarray(photo)), Image.Image)


@pytest.mark.parametrize(
    "image, options, message",
    [
        (np.zeros((32, 48), "uint8"), {}, r"image must be .*\(32, 48\)"),
        (np.zeros((32, 48, 4), "uint8"), {}, r"image must be .*\(32, 48, 4\)"),
        (np.zeros((0, 48, 3), "uint8"), {}, r"image must be .*\(0, 48, 3\)"),
        (np.zeros((32, 48, 3), "int32"), {}, "image must be .*int32"),
        (np.zeros((32, 48, 3), bool), {}, "image must be .*bool"),
        (np.full((32, 48, 3), np.nan, "float32"), {}, r"image must be .*\[0, 1\]"),
        (np.full((32, 48, 3), 20.0, "float32"), {}, r"image must be .*\[0, 1\]"),
        ([[0.5]], {}, "image must be .*list"),
        (np.zeros((32, 48, 3), "uint8"), {"strength": 1.5}, "strength must .*1.5"),
        (np.zeros((32, 48, 3), "uint8"), {"strength": -1}, "strength must .*-1"),
        (np.zeros((32, 48, 3), "uint8"), {"iterations": -1}, "num_iterations must"),
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
