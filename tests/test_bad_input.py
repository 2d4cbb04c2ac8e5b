"""What a user can get wrong about data, weights and places: one line, nothing torn."""

import checks
import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from conftest import run_command
from zero_dce_keras import MIRNet, cli, enhance, evaluate, export, fit, list_presets
from zero_dce_keras.data import find_pairs, open_splits, read_pairs

SMALL = ("--filters", "4", "--num-layers", "3", "--num-iterations", "2")
TINY_MIRNET = (
    "--model",
    "mirnet",
    "--num-rrg",
    "1",
    "--num-mrb",
    "1",
    "--channels",
    "4",
)


@pytest.fixture
def call(capsys):
    """Function that runs a command; returns exit code and its one line of error."""

    def call(main, *arguments):
        code, out, err = run_command(main, capsys, *arguments)
        assert not out
        lines = [line for line in err.splitlines() if "error: " in line]
        assert len(lines) == 1, err
        return code, lines[0]

    return call


def contents(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


# Directories of data


def missing(folder):
    return folder / "nowhere", "nowhere"


def empty(folder):
    (folder / "empty").mkdir()
    return folder / "empty", "no photographs"


def only_junk(folder):
    (folder / "junk").mkdir()
    (folder / "junk" / ".DS_Store").write_bytes(b"\0")
    (folder / "junk" / "notes.txt").write_text("later")
    return folder / "junk", "no photographs"


def a_file(folder):
    return folder / "1.png", "1.png"


def a_loop(folder):
    (folder / "loop").symlink_to(folder / "loop")
    return folder / "loop", "loop"


def unmatched(folder):
    (folder / "pairs" / "high").mkdir(parents=True)
    for name in ("1.png", "2.jpg"):
        (folder / "pairs" / "low").mkdir(exist_ok=True)
        (folder / "pairs" / "low" / name).write_bytes((folder / name).read_bytes())
    (folder / "1.png").rename(folder / "pairs" / "high" / "1.png")
    return folder / "pairs", "2.jpg has no partner"


def of_other_size(folder):
    for side, name in (("low", "1.png"), ("high", "10.png")):
        (folder / "pairs" / side).mkdir(parents=True)
        with Image.open(folder / name) as image:
            size = (48, 32) if side == "low" else (32, 48)
            image.resize(size).save(folder / "pairs" / side / "1.png")
    return folder / "pairs", "differ in size"


def not_a_photograph(folder):
    (folder / "2.jpg").write_bytes(b"not a photograph")
    return folder, "2.jpg"


def cut_off(folder):
    (folder / "2.jpg").write_bytes((folder / "2.jpg").read_bytes()[:200])
    return folder, "2.jpg"


def of_no_bytes(folder):
    (folder / "2.jpg").write_bytes(b"")
    return folder, "2.jpg"


NO_DATA = (missing, empty, only_junk, a_file, a_loop, unmatched)
# evaluate goes on with the others, and names these: test_evaluate.py
BAD_FILES = (of_other_size, not_a_photograph, cut_off, of_no_bytes)


@pytest.mark.parametrize(
    "main, spoil",
    [(fit.main, spoil) for spoil in NO_DATA + BAD_FILES]
    + [(evaluate.main, spoil) for spoil in NO_DATA],
)
def test_data_that_cannot_be_used(main, spoil, photo_folder, tmp_path, call):
    folder, words = spoil(photo_folder())
    before = contents(tmp_path)
    options = [
        "--dataset",
        "folder",
        "--data-dir",
        folder,
        "--output",
        tmp_path / "out",
    ]
    if main is fit.main:
        options += TINY_MIRNET if spoil is of_other_size else SMALL
    code, line = call(main, *options)
    assert code == 1 and words in line
    assert contents(tmp_path) == before


def test_pairs_of_two_sizes_are_not_stretched(photo_folder, tmp_path, call):
    """Both could become squares of 16. Of evaluate: evaluation/test_scores.py."""
    folder, words = of_other_size(photo_folder())
    command = ["--dataset", "folder", "--data-dir", folder, *SMALL]
    command += ["--no-crop", "--image-size", 16, "--output", tmp_path / "out"]
    code, line = call(fit.main, *command)
    files = f"{folder / 'low' / '1.png'} and {folder / 'high' / '1.png'}"
    assert code == 1 and f"{files} {words}" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options, expected, words",
    [
        (["--image-size", "0"], 2, "image_size must be at least 16"),
        (["--image-size", "15"], 2, "image_size must be at least 16"),
        (["--batch-size", "-1"], 2, "batch_size must be finite and positive"),
        (["--batch-size", "4", "--drop-remainder"], 1, "number of images"),
        (["--recipe", "secret"], 2, "'default'"),  # the list is shown
        (["--model", "unet"], 2, "'mirnet'"),
    ],
)
def test_options_that_cannot_be(options, expected, words, photo_folder, tmp_path, call):
    output = tmp_path / "out"
    command = ["--dataset", "folder", "--data-dir", photo_folder(), *SMALL]
    code, line = call(fit.main, *command, "--output", output, *options)
    assert code == expected and words in line
    assert not output.exists()


# Weights


def unknown(directory):
    return "no_such_preset", ", ".join(list_presets())


def a_directory_of_something_else(directory):
    return directory, ", ".join(list_presets())


def truncated(directory, ending=".weights.h5"):
    path = directory / f"cut{ending}"
    if ending == ".keras":
        checks.small_zero_dce().save(path)
    else:
        checks.small_zero_dce().save_weights(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path, str(path)


def a_truncated_model(directory):
    return truncated(directory, ".keras")


def a_model_of_others(directory):
    layers = [keras.Input((None, None, 3)), keras.layers.Conv2D(3, 3, padding="same")]
    keras.Sequential(layers).save(directory / "others.keras")
    return directory / "others.keras", "a Sequential is not a zero_dce_keras model"


def weights_of_others(directory):
    layers = [keras.Input((8,)), keras.layers.Dense(3)]
    keras.Sequential(layers).save_weights(directory / "others.weights.h5")
    return (
        directory / "others.weights.h5",
        "names and shapes must be those of ZeroDCE, ",
    )


def no_numbers(directory):
    model = checks.small_zero_dce()
    model.network.weights[0].assign(np.full((3, 3, 3, 4), np.nan))
    model.save(directory / "nan.keras")
    return directory / "nan.keras", "the weights conv_1/kernel are not finite"


USELESS = (unknown, a_directory_of_something_else, truncated, a_truncated_model)
USELESS += (a_model_of_others, weights_of_others, no_numbers)


@pytest.mark.parametrize("spoil", USELESS)
@pytest.mark.parametrize("main", [fit.main, enhance.main, evaluate.main, export.main])
def test_weights_that_cannot_be_used(main, spoil, photo_folder, tmp_path, call):
    folder = photo_folder()
    weights, words = spoil(tmp_path)
    command = ["--output", tmp_path / "out", "--weights", weights]
    if main is enhance.main:
        command.append(folder)
    elif main is not export.main:
        command += ["--dataset", "folder", "--data-dir", folder]
    code, line = call(main, *command)
    assert code == 1 and words in line
    assert not (tmp_path / "out").exists()


def of_another_architecture(path):
    MIRNet(num_rrg=1, num_mrb=1, channels=4).save_weights(path)
    return path, "must hold a ZeroDCE. Received: a MIRNet"


def of_other_shapes(path):
    checks.small_zero_dce(filters=8).save_weights(path)
    return path, "(2, 8, 3)"


@pytest.mark.parametrize("spoil", [of_another_architecture, of_other_shapes])
def test_weights_to_start_from_that_do_not_fit(spoil, photo_folder, tmp_path, call):
    weights, words = spoil(tmp_path / "model.weights.h5")
    command = ["--dataset", "folder", "--data-dir", photo_folder(), *SMALL]
    code, line = call(
        fit.main, *command, "--output", tmp_path / "out", "--weights", weights
    )
    assert code == 1 and words in line
    assert not (tmp_path / "out").exists()


# Places to write to


@pytest.mark.parametrize("main", [fit.main, evaluate.main, export.main])
@pytest.mark.parametrize("place", ["file", "/proc"])
def test_an_output_that_cannot_be_written(main, place, lol_folder, tmp_path, call):
    """Below a file, and where not even root may write. Of enhance: test_enhance.py."""
    (tmp_path / "file").write_text("in the way")
    options = ["--output", tmp_path / place / "out"]
    if main is not export.main:
        options += ["--data-dir", lol_folder()]
    if main is fit.main:
        options += [*SMALL, "--train-images", 4, "--validation-images", 2]
        options += ["--no-crop", "--image-size", 16]
    code, line = call(main, *options)
    assert code == 1 and str(tmp_path / place) in line
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_place_where_another_run_is(photo_folder, tmp_path, call):
    (tmp_path / "config.json").write_text('{"recipe": {"epochs": 9}}')
    command = ["--dataset", "folder", "--data-dir", photo_folder(), *SMALL]
    before = contents(tmp_path)
    code, line = call(fit.main, *command, "--output", tmp_path)
    assert code == 1 and f"{tmp_path} holds another run" in line
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"recipe": 3}', '{"dataset": "lol"}', "\0"]
)
def test_a_run_whose_configuration_is_damaged(text, tmp_path, call):
    (tmp_path / "config.json").write_text(text)
    code, line = call(fit.main, "--resume", "--output", tmp_path)
    assert code == 1 and "config.json: not the configuration of a run" in line


# Files nobody thought of


@pytest.fixture(scope="module")
def real_files(tmp_path_factory):
    """Bytes of real files of every kind, with and without what files may have."""
    directory = tmp_path_factory.mktemp("real")
    pixels = np.random.default_rng(0).integers(0, 256, (32, 48, 4), "uint8")
    rgb = Image.fromarray(pixels[..., :3])
    exif = rgb.getexif()
    exif[274] = 6  # to be turned
    images = {
        "rgb.png": rgb,
        "grey.png": rgb.convert("L"),
        "palette.png": rgb.quantize(16),
        "rgba.png": Image.fromarray(pixels),
        "16_bit.png": Image.fromarray(pixels[..., 0].astype("uint16") * 257),
        "cmyk.jpg": rgb.convert("CMYK"),
        "one.png": rgb.resize((1, 1)),
        "rgb.bmp": rgb,
        "rgb.tif": rgb,
        "rgb.webp": rgb,
    }
    for name, image in images.items():
        image.save(directory / name)
    rgb.save(directory / "turned.jpg", exif=exif)
    rgb.save(directory / "moving.webp", save_all=True, append_images=[rgb.rotate(9)])
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def test_every_kind_is_enhanced_or_named(real_files, tmp_path, capsys, monkeypatch):
    """Whatever its ending says. Refused: what moves, is too large, or has no white."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    photos, weights = tmp_path / "photos", tmp_path / "model.weights.h5"
    photos.mkdir()
    for name, content in real_files.items():
        (photos / name).write_bytes(content)
    (photos / "a_png.jpg").write_bytes(real_files["rgb.png"])
    Image.new("1", (1001, 1000)).save(photos / "huge.png")
    Image.new("F", (48, 32), 2.5).save(photos / "float.tif")
    Image.new("I", (48, 32), 70_000).save(photos / "deep.tif")
    checks.small_zero_dce().save_weights(weights)
    command = [photos, "-o", tmp_path / "out", "--weights", weights]
    command += ["--max-megapixels", 1]
    assert cli.run(enhance.main, [str(part) for part in command]) == 1
    errors = [
        line for line in capsys.readouterr().err.splitlines() if "error: " in line
    ]
    refused = {"huge.png", "moving.webp", "float.tif", "deep.tif"}
    assert len(errors) == len(refused)
    assert all(any(name in line for line in errors) for name in refused)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {path.name for path in photos.iterdir()} - refused
    for name in written:
        with Image.open(tmp_path / "out" / name) as image:
            expected = {"one.png": (1, 1), "turned.jpg": (32, 48)}.get(name, (48, 32))
            assert image.size == expected, name


@st.composite
def mutations(draw):
    """A function of bytes: what transfers, disks and people do to files."""
    kind = draw(st.sampled_from(["cut", "flip", "zero", "insert", "swap", "double"]))
    where = draw(st.floats(0, 1))
    noise = draw(st.binary(min_size=1, max_size=40))

    def mutate(data):
        place = int(where * (len(data) - 1))
        if kind == "cut":
            return data[:place]
        if kind == "double":
            return data + data[place:]
        if kind == "insert":
            return data[:place] + noise + data[place:]
        if kind == "swap":
            return data[place:] + data[:place]
        if kind == "zero":
            return data[:place] + bytes(len(noise)) + data[place + len(noise) :]
        changed = bytearray(data)
        for offset, byte in enumerate(noise):
            changed[(place + 7 * offset) % len(data)] ^= byte
        return bytes(changed)

    return mutate


@settings(
    max_examples=300,
    deadline=None,  # the machine may be busy
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_mutated_files_are_read_or_refused(data, real_files, tmp_path):
    """Pixels, or a `ValueError` or `OSError` in one line that names the file."""
    for side in ("low", "high"):
        name = data.draw(st.sampled_from(sorted(real_files)))
        content = real_files[name]
        for mutate in data.draw(st.lists(mutations(), max_size=3)):
            content = mutate(content) if content else content
        directory = tmp_path / side
        directory.mkdir(exist_ok=True)
        for path in directory.iterdir():
            path.unlink()
        suffix = data.draw(st.sampled_from([name.rpartition(".")[2], "png", "jpg"]))
        (directory / f"1.{suffix}").write_bytes(content)
    image_size = data.draw(st.sampled_from([None, 16]))
    try:
        (pixels,) = read_pairs(
            find_pairs(tmp_path / "low", tmp_path / "high"), image_size
        )
    except (ValueError, OSError) as error:
        assert "1." in str(error) and "\n" not in str(error)
    else:
        assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[-1] == 6
    split = open_splits("folder", tmp_path, 1, 0)
    assert len(split.train) == 1
