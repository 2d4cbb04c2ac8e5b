"""Signatures that take files: what they give is what `Enhancer` gives."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from zero_dce_keras import BilateralDCE, Enhancer, MIRNet, export_saved_model
from zero_dce_keras.serving.limits import FileLimits

tf = pytest.importorskip("tensorflow")

SIZE = 61, 43  # width and height
LIMITS = FileLimits(megabytes=0.1, megapixels=0.01)
SOURCE = Path(__file__).with_name("enhance.c")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, data_home_of_tests):
    """As for all tests, but without a seed: that would have every graph made ready again."""
    monkeypatch.setenv("ZERO_DCE_DATA", str(data_home_of_tests))


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return BilateralDCE(num_iterations=3, filters=4, denoising_filter={})


@pytest.fixture(scope="module")
def path(model, tmp_path_factory):
    return export_saved_model(model, tmp_path_factory.mktemp("served"), limits=LIMITS)


@pytest.fixture(scope="module")
def served(path):
    """The signatures of the SavedModel, loaded again."""
    loaded = tf.saved_model.load(str(path))
    return {name: loaded.signatures[name] for name in loaded.signatures}


@pytest.fixture(scope="module")
def enhancer(model):
    return Enhancer(model)


def picture(mode="RGB", seed=0):
    """A dark picture, smooth, with noise."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 120, (5, 7, 4), dtype=np.uint8), "RGBA")
    pixels = np.asarray(small.resize(SIZE, Image.Resampling.BICUBIC), "float32")
    noisy = pixels + rng.normal(0, 3, pixels.shape)
    image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8), "RGBA")
    return image.convert(mode)


def file_of(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def deep_png(channels):
    """A PNG of 16 bits a channel, which Pillow reads with 8."""
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 20000, (*SIZE[::-1], channels), dtype=np.uint16)
    return pixels, tf.io.encode_png(pixels).numpy()


def enhance(served, files, format="png", iterations=3, strength=1.0):
    """Call `enhance_bytes_with`, the same way for all files."""
    return (
        served["enhance_bytes_with"](
            image_bytes=tf.constant(files, tf.string),
            iterations=tf.fill((len(files),), iterations),
            strength=tf.fill((len(files),), strength),
            format=tf.fill((len(files),), format),
        )["enhanced_bytes"]
        .numpy()
        .tolist()
    )


def expect(enhancer, source, enhanced, mode, **options):
    """Compare an enhanced file with what `Enhancer` makes of the pixels of its source."""
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(source))).convert(mode)
    expected = np.asarray(enhancer(upright, **options), "int32")
    found = Image.open(io.BytesIO(enhanced))
    assert (found.mode, found.size) == (mode, upright.size)
    assert np.abs(np.asarray(found, "int32") - expected).max() <= 1
    assert np.abs(expected - np.asarray(upright)).max() > 3 or options


FILES = {
    "jpeg": (file_of(picture(), "JPEG"), "RGB"),
    "progressive": (file_of(picture(), "JPEG", progressive=True), "RGB"),
    "smaller colours": (file_of(picture(), "JPEG", subsampling="4:2:0"), "RGB"),
    "grey jpeg": (file_of(picture("L"), "JPEG"), "L"),
    "cmyk": (file_of(picture("CMYK"), "JPEG"), "RGB"),
    "something behind": (file_of(picture(), "JPEG") + b"a trailer", "RGB"),
    "png": (file_of(picture(), "PNG"), "RGB"),
    "alpha": (file_of(picture("RGBA"), "PNG"), "RGBA"),
    "grey": (file_of(picture("L"), "PNG"), "L"),
    "grey and alpha": (file_of(picture("LA"), "PNG"), "LA"),
    "palette": (file_of(picture().quantize(16), "PNG"), "RGB"),
    "transparent": (file_of(picture().quantize(9), "PNG", transparency=2), "RGBA"),
    "bilevel": (file_of(picture().point(lambda v: 99 * (v > 50)), "PNG"), "RGB"),
    "bmp": (file_of(picture(), "BMP"), "RGB"),
    "gif": (file_of(picture().quantize(64), "GIF"), "RGB"),
    "webp": (file_of(picture(), "WEBP"), "RGB"),
    "webp alpha": (file_of(picture("RGBA"), "WEBP"), "RGBA"),
    "lossless": (file_of(picture("RGBA"), "WEBP", lossless=True, exact=True), "RGBA"),
}


def test_all_kinds_in_one_request(served, enhancer):
    files = [source for source, _ in FILES.values()]
    for (name, (source, mode)), enhanced in zip(
        FILES.items(), enhance(served, files), strict=True
    ):
        if name == "webp alpha":  # lossy colours of what is transparent are anyone's
            continue
        expect(enhancer, source, enhanced, mode)


def test_a_jpeg_for_a_jpeg_and_a_png_for_all_others(served):
    files = tf.constant([source for source, _ in FILES.values()])
    enhanced = served["enhance_bytes"](image_bytes=files)["enhanced_bytes"].numpy()
    for source, target in zip(files.numpy(), enhanced, strict=True):
        kinds = [Image.open(io.BytesIO(each)).format for each in (source, target)]
        assert kinds[1] == ("JPEG" if kinds[0] == "JPEG" else "PNG")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bits_stay(served, enhancer, channels):
    pixels, file = deep_png(channels)
    (target,) = enhance(served, [file], format="")
    assert target[24] == 16  # bits, in the header
    found = tf.io.decode_png(target, dtype=tf.uint16).numpy()
    expected = enhancer(pixels[..., 0] if channels == 1 else pixels)
    difference = found.astype("int32") - expected.reshape(found.shape)
    assert np.abs(difference).max() <= 257  # a level of 8 bits
    if channels == 4:
        np.testing.assert_array_equal(found[..., 3], pixels[..., 3])


def test_16_bits_as_a_jpeg(served, enhancer):
    pixels, file = deep_png(3)
    (target,) = enhance(served, [file], format="jpeg")
    found = np.asarray(Image.open(io.BytesIO(target)), "float32")
    assert np.abs(found - enhancer(pixels) / 257).mean() < 3  # of JPEG's own error


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_orientation(served, enhancer, kind):
    files = []
    for orientation in (*range(1, 9), 0, 9):
        exif = Image.Exif()
        exif[0x010F] = "a camera"
        exif[0x0112] = orientation
        files.append(file_of(picture(), kind, exif=exif))
    files.append(file_of(picture(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0"))
    for source, target in zip(files, enhance(served, files), strict=True):
        expect(enhancer, source, target, "RGB")


def test_profile(served):
    """It stays where the format does, and with the colours that it is for."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kinds = [("RGB", "JPEG"), ("RGB", "PNG"), ("CMYK", "JPEG"), ("L", "JPEG")]
    files = [file_of(picture(m), kind, icc_profile=profile) for m, kind in kinds]
    found = [
        Image.open(io.BytesIO(target)).info.get("icc_profile")
        for target in enhance(served, files, format="")
    ]
    assert found[:2] == [profile, profile] and found[3] is None
    (target,) = enhance(served, files[:1], format="png")
    assert "icc_profile" not in Image.open(io.BytesIO(target)).info


@pytest.mark.parametrize("iterations, strength", [(1, 1.0), (5, 1.0), (2, 0.4)])
def test_iterations_and_strength(served, enhancer, iterations, strength):
    source = FILES["png"][0]
    (target,) = enhance(served, [source], "png", iterations, strength)
    options = {"iterations": iterations, "strength": strength}
    expect(enhancer, source, target, "RGB", **options)


@pytest.mark.parametrize("iterations, strength", [(0, 1.0), (3, 0.0)])
def test_the_identity(served, iterations, strength):
    (target,) = enhance(served, [FILES["png"][0]], "", iterations, strength)
    found = np.asarray(Image.open(io.BytesIO(target)))
    np.testing.assert_array_equal(found, np.asarray(picture()))


def animated(kind):
    frames = [picture("RGB", seed) for seed in range(3)]
    return file_of(frames[0], kind, save_all=True, append_images=frames[1:])


def test_the_first_frame_of_a_gif(served):
    (target,) = enhance(served, [animated("GIF")])
    assert Image.open(io.BytesIO(target)).size == SIZE


large = Image.new("RGB", (200, 51))
JPEG, PNG = FILES["jpeg"][0], FILES["png"][0]
BAD_FILES = {
    "nothing": (b"", "is not a JPEG, PNG, BMP, GIF or WebP"),
    "text": (b"hello", "is not a JPEG"),
    "tiff": (file_of(picture(), "TIFF"), "is not a JPEG"),
    "frames": (animated("WEBP"), "is not a JPEG.* or WebP of one frame"),
    "only a marker": (b"\xff\xd8\xff\xe0", "is damaged or cut off"),
    "half a jpeg": (JPEG[: len(JPEG) // 2], "is damaged or cut off"),
    "no end marker": (JPEG[:-2], "is damaged or cut off"),
    "half a png": (PNG[: len(PNG) // 2], "is damaged or cut off"),
    "half a webp": (FILES["webp"][0][:200], "is damaged or cut off"),
    "half a gif": (FILES["gif"][0][:900], "is damaged or cut off"),
    "half a bmp": (FILES["bmp"][0][:900], "is damaged or cut off"),
    "png of other bytes": (PNG[:60] + b"?" * 50 + PNG[110:], "is damaged or cut off"),
    "pixels": (file_of(large, "PNG"), "has 10200 pixels, more than 0.01 megapixels"),
    "jpeg of them": (file_of(large, "JPEG"), "has 10200 pixels"),
    "gif of them": (file_of(large, "GIF"), "has 10200 pixels"),
    "bmp of them": (file_of(large, "BMP"), "has 10200 pixels"),
    "webp of them": (file_of(large, "WEBP"), "has 10200 pixels"),
    "a large webp": (file_of(large, "WEBP", exif=b"II*\0"), "has 10200 pixels"),
    "a huge png": (
        PNG[:16] + b"\x7f\xff\xff\xff" * 2 + PNG[24:],
        "has 4611686014132420609 pixels",
    ),
    "bytes": (JPEG + bytes(10**5), "has .* bytes, more than 0.1 megabytes"),
}


@pytest.mark.parametrize("file, message", BAD_FILES.values(), ids=BAD_FILES)
def test_bad_files_are_named(served, file, message):
    """By their place; TensorFlow Serving turns the error into its INVALID_ARGUMENT."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"\[2\] {message}"):
        served["enhance_bytes"](image_bytes=tf.constant([JPEG, PNG, file]))


def test_bad_arguments_are_named(served):
    for match, arguments in (
        ("iterations of 0 or more: -1", {"iterations": -1}),
        ("a strength in .0, 1.: 1.5", {"strength": 1.5}),
        ("a strength in .0, 1.: nan", {"strength": float("nan")}),
        ("a format that is not .*tiff", {"format": "tiff"}),
        ("transparency, which needs the format", {"format": "jpeg"}),
    ):
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=rf"\[0\] (has|needs) {match}"
        ):
            enhance(served, [FILES["alpha"][0]], **arguments)
    with pytest.raises(tf.errors.InvalidArgumentError, match="image_bytes is empty"):
        enhance(served, [], "")


@pytest.mark.parametrize("name", ["serving_default", "curve_maps"])
def test_bad_images(served, name):
    for match, images in (
        ("must be in .0, 1.: from 0 to 255", 255 * np.eye(4)),
        ("must be in .0, 1.", np.full((4, 4), np.nan)),
        ("is empty", np.zeros((0, 4))),
    ):
        images = np.repeat(images[None, ..., None], 3, axis=-1).astype("float32")
        with pytest.raises(tf.errors.InvalidArgumentError, match=match):
            served[name](images=tf.constant(images))


def test_curve_maps(served, model, low_light):
    found = served["curve_maps"](images=tf.constant(low_light))["curve_maps"]
    np.testing.assert_allclose(found, model.estimate(low_light)[1], atol=1e-5)


@pytest.mark.large  # seconds; `make test-serving` runs it
def test_a_model_without_curves(tmp_path):
    model = MIRNet(num_rrg=1, num_mrb=1, channels=4, block="residual")
    names = ["enhance_bytes_with"]
    path = export_saved_model(model, tmp_path, signatures=names)
    signatures = tf.saved_model.load(str(path)).signatures
    with pytest.raises(ValueError, match="curve_maps"):
        export_saved_model(model, tmp_path, signatures=["curve_maps"])
    enhanced = signatures["enhance_bytes_with"](
        image_bytes=tf.constant([PNG]), format=tf.constant([""])
    )["enhanced_bytes"].numpy()
    expect(Enhancer(model), PNG, enhanced[0], "RGB")


# Other loaders than Python's


def tensor_names(path, signature):
    """Return the names of the input and the output of a signature, for sessions."""
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString(
        (path / "saved_model.pb").read_bytes()
    )
    definition = saved.meta_graphs[0].signature_def[signature]
    (source,), (target,) = definition.inputs.values(), definition.outputs.values()
    return source.name, target.name


def test_c_api(path, served, tmp_path):
    """A program in C: variables must be restored, strings go in and come out."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    library = Path(tf.sysconfig.get_lib())
    program = tmp_path / "enhance"
    subprocess.run(
        [
            *("gcc", "-o", program, SOURCE, f"-I{tf.sysconfig.get_include()}"),
            *(f"-L{library}", "-l:libtensorflow_cc.so.2"),
            *("-l:libtensorflow_framework.so.2", f"-Wl,-rpath,{library}"),
        ],
        check=True,
    )
    source, target = (name.split(":") for name in tensor_names(path, "enhance_bytes"))
    (tmp_path / "dark.png").write_bytes(PNG)
    files = tmp_path / "dark.png", tmp_path / "enhanced.png"
    command = [program, path, source[0], *target, *files]
    subprocess.run(command, check=True, capture_output=True)
    expected = enhance(served, [PNG], format="")
    assert files[1].read_bytes() == expected[0]


@pytest.mark.large  # seconds; `make test-serving` runs it
def test_loader_of_tensorflow_1(path, served):
    names = tensor_names(path, "enhance_bytes")
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        tf.compat.v1.saved_model.load(session, ["serve"], str(path))
        (found,) = session.run(names[1], {names[0]: [PNG]})
    assert found == enhance(served, [PNG], format="")[0]


@pytest.mark.large  # seconds; `make test-serving` runs it
def test_saved_model_cli(path, tmp_path):
    np.save(tmp_path / "files.npy", np.array([PNG, JPEG], dtype=object))
    np.save(tmp_path / "images.npy", np.full((1, 32, 48, 3), 0.2, "float32"))
    command = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", "run"]
    options = ["--dir", path, "--tag_set", "serve", "--outdir", tmp_path, "--overwrite"]
    options += ["--signature_def", "serving_default"]
    options += ["--inputs", f"images={tmp_path / 'images.npy'}"]
    subprocess.run([*command, *options], check=True, capture_output=True)
    enhanced = np.load(tmp_path / "enhanced.npy")
    assert enhanced.shape == (1, 32, 48, 3) and 0.2 < enhanced.mean() < 1


# What lies beside the model


def test_versions_and_settings(path, model):
    directory = path.parent
    assert path.name == "1"
    assert f'name: "{directory.name}"' in (directory / "models.config").read_text()
    assert "max_batch_size" in (directory / "batching.config").read_text()


def test_warm_up(path):
    """A request for each signature, in TensorFlow Serving's own messages."""
    pytest.importorskip("tensorflow_serving", reason="needs tensorflow-serving-api")
    from tensorflow_serving.apis import prediction_log_pb2

    file = path / "assets.extra" / "tf_serving_warmup_requests"
    loaded = tf.saved_model.load(str(path)).signatures
    names = []
    for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        request = log.predict_log.request
        names.append(request.model_spec.signature_name)
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        assert inputs
        loaded[names[-1]](**{key: tf.constant(x) for key, x in inputs.items()})
    assert sorted(names) == sorted(loaded)
