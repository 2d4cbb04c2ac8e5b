"""The commands as a user meets them: options, exit codes, one-line errors."""

import importlib
import logging
import os
import resource
import statistics
import subprocess
import sys
from types import SimpleNamespace

import checks
import keras
import numpy as np
import pytest
from PIL import Image

import zero_dce_keras
from conftest import run_command
from zero_dce_keras import __main__ as main_module
from zero_dce_keras import cli, enhance, export, fit
from zero_dce_keras.models.presets import DEFAULT_PRESET

VERBS = main_module.VERBS
BACKEND = keras.backend.backend()


def files(directory):
    return sorted(
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file()
    )


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A small network's weights file."""
    path = tmp_path_factory.mktemp("weights") / "model.weights.h5"
    checks.small_zero_dce().save_weights(path)
    return str(path)


def error_lines(err):
    """Errors of inputs start with `error:`, argparse's with the command."""
    return [line for line in err.splitlines() if "error: " in line]


# Every command


@pytest.mark.parametrize("verb", VERBS)
def test_help_is_light(verb):
    """No TensorFlow, no Keras, no NumPy: that is what takes the seconds."""
    code = f"""
import sys
from zero_dce_keras import {verb}
text = {verb}.build_parser().format_help()
assert "--weights" in text or "{verb}" in ("serve", "ablate")
assert "--output" in text or "{verb}" in ("app", "serve", "bulk")
heavy = {{"keras", "tensorflow", "numpy", "matplotlib", "PIL", "gradio"}} & set(sys.modules)
assert not heavy, heavy
"""
    checks.fresh_python(code)


@pytest.mark.parametrize("verb", ["app", "enhance", "export"])
def test_one_preset_is_the_default(verb):
    parser = importlib.import_module(f"zero_dce_keras.{verb}").build_parser()
    assert parser.get_default("weights") == DEFAULT_PRESET


def test_the_package_is_light():
    code = """
import sys
import zero_dce_keras
assert "ZeroDCE" in dir(zero_dce_keras) and zero_dce_keras.__version__
zero_dce_keras.RECIPES["official"]()
heavy = {"keras", "tensorflow", "numpy"} & set(sys.modules)
assert not heavy, heavy
"""
    checks.fresh_python(code)


@pytest.mark.parametrize("name", zero_dce_keras.__all__)
def test_every_public_name_loads_and_is_documented(name):
    item = getattr(zero_dce_keras, name)
    if callable(item):
        assert item.__doc__.strip()


def test_dir_and_unknown_names():
    assert set(zero_dce_keras.__all__) <= set(dir(zero_dce_keras))
    with pytest.raises(AttributeError, match="no attribute 'spatial_constancy_loss'"):
        zero_dce_keras.spatial_constancy_loss  # noqa: B018


@pytest.mark.parametrize(
    "command", [["zero_dce_keras"], *(["zero_dce_keras." + verb] for verb in VERBS)]
)
def test_help_comes_at_once_and_without_a_warning(command):
    """In well under a second of processor time, however busy the machine is."""
    run = [sys.executable, "-W", "error", "-m", *command, "--help"]
    seconds = []
    for _ in range(3):
        before = processor_seconds_of_children()
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        seconds.append(processor_seconds_of_children() - before)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("usage: ")
    assert statistics.median(seconds) < 1


def processor_seconds_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_usage_names_the_verbs(capsys):
    assert main_module.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {verb} " in out for verb in VERBS)
    for wrong in ([], ["--verbose"]):
        assert main_module.main(wrong) == 2
        out, err = capsys.readouterr()
        assert not out and err.startswith("usage: ")


def test_misspelt_names_are_asked_back(capsys):
    assert main_module.main(["enhnce", "dark.jpg"]) == 2
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and "Did you mean enhance?" in err
    assert main_module.main(["enhance", "a.jpg", "--weights", "zero_dce_genral"]) == 1
    assert "Did you mean zero_dce_general?" in capsys.readouterr().err


def test_verbs_run_their_commands(photo_folder, weights, tmp_path, capsys):
    command = ["enhance", str(photo_folder()), "-o", str(tmp_path / "out")]
    assert main_module.main([*command, "--weights", weights]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize(
    "verb, arguments",
    [
        (enhance, ["-o", "out"]),  # no input
        (enhance, ["photo.png", "-o", "out", "--strength", "much"]),
        (enhance, ["photo.png", "-o", "out", "--strength", "2"]),
        (enhance, ["photo.png", "-o", "out", "--iterations", "-1"]),
        (export, []),
        (export, ["-o", "out", "--model-version", "0"]),
        (export, ["-o", "out", "--model-version", "one"]),
        (fit, ["--recipe", "secret"]),
        (fit, ["--dataset", "sidd"]),
        (fit, ["--batch-size", "many"]),
        (fit, ["--loss-form", "seed"]),
        (fit, ["--nonsense"]),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_wrong_usage_is_exit_code_2(verb, arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run_command(verb.main, capsys, *arguments)
    assert (code, out) == (2, "") and "error: " in err
    assert files(tmp_path) == []


def test_version(capsys):
    code, out, _ = run_command(fit.main, capsys, "--version")
    assert code == 0 and zero_dce_keras.__version__ in out
    assert main_module.main(["--version"]) == 0
    assert capsys.readouterr().out == out


# What becomes of errors


@pytest.mark.parametrize(
    "error, code, line",
    [
        (ValueError("first\nsecond"), 1, "error: first second"),
        (
            FileNotFoundError(2, "No such file", "a.png"),
            1,
            "error: a.png: No such file",
        ),
        (ImportError("pip install this"), 1, "error: pip install this"),
        (ValueError(), 1, "error: ValueError"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_become_one_line(error, code, line, capsys):
    def main(argv):
        raise error

    assert cli.run(main, []) == code
    out, err = capsys.readouterr()
    assert (out, err) == ("", line + "\n")


def test_lines_come_once_whatever_the_root_logger_does(capsys):
    """TensorFlow's and Keras' absl gives the root logger a handler of its own."""

    def main(argv):
        log = logging.getLogger("zero_dce_keras.batch")
        log.info("note: one")
        log.debug("not for users")
        return 0

    root = logging.getLogger()
    handler = logging.StreamHandler(sys.stderr)
    root.addHandler(handler)
    try:
        assert cli.run(main, []) == 0
    finally:
        root.removeHandler(handler)
    assert capsys.readouterr().err == "note: one\n"


def test_a_missing_module_is_one_line(capsys):
    def main(argv):
        raise ModuleNotFoundError("first\nsecond", name="nowhere")

    assert cli.run(main, []) == 1
    assert capsys.readouterr().err == "error: first second\n"


def test_output_into_a_closed_pipe(photo_folder, weights, tmp_path):
    """`enhance … | head -0` ends without a traceback."""
    command = [sys.executable, "-m", "zero_dce_keras.enhance", str(photo_folder())]
    command += ["-o", str(tmp_path / "out"), "--weights", weights]
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env=buffered
    )
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(timeout=60) == 141 and not error_lines(err)
    assert "Traceback" not in err and "BrokenPipe" not in err


# enhance


def test_enhance_files_and_folders(photo_folder, weights, tmp_path, capsys):
    folder, single = photo_folder(), photo_folder(["7.png"], "more") / "7.png"
    out_dir = tmp_path / "out"
    code, out, err = run_command(
        enhance.main, capsys, folder, single, "-o", out_dir, "--weights", weights
    )
    names = ["1.png", "10.png", "2.jpg", "7.png"]
    assert code == 0 and not error_lines(err)
    assert sorted(out.split()) == sorted(str(out_dir / name) for name in names)
    assert files(out_dir) == names
    expected = zero_dce_keras.Enhancer.from_preset(weights)(single)
    np.testing.assert_array_equal(Image.open(out_dir / "7.png"), expected)


def test_enhance_options(photo_folder, weights, tmp_path, capsys):
    folder = photo_folder(["1.png"])
    for options in (["--iterations", "0"], ["--strength", "0"]):
        command = [folder, "-o", tmp_path / "out", "--weights", weights, *options]
        assert run_command(enhance.main, capsys, *command, "--overwrite")[0] == 0
        same = Image.open(tmp_path / "out" / "1.png")
        np.testing.assert_array_equal(same, Image.open(folder / "1.png"))


def test_enhance_goes_on_after_a_bad_input(photo_folder, weights, tmp_path, capsys):
    folder = photo_folder(["1.png", "2.png", "3.png"])
    (folder / "2.png").write_bytes(b"not a photograph")
    inputs = [folder, folder / "missing.png"]
    command = [*inputs, "-o", tmp_path / "out", "--weights", weights]
    code, _, err = run_command(enhance.main, capsys, *command)
    assert code == 1
    lines = error_lines(err)
    assert len(lines) == 2 and "missing.png" in lines[0] and "2.png" in lines[1]
    assert files(tmp_path / "out") == ["1.png", "3.png"]


def test_enhance_an_empty_folder(photo_folder, weights, tmp_path, capsys):
    folder = photo_folder([])
    command = [folder, "-o", tmp_path / "out", "--weights", weights]
    code, out, err = run_command(enhance.main, capsys, *command)
    assert code == 1 and not out
    assert len(error_lines(err)) == 1 and str(folder) in err


def test_enhance_goes_on_after_an_empty_folder(photo_folder, weights, tmp_path, capsys):
    empty, folder = photo_folder([], "empty"), photo_folder(["1.png"])
    command = [empty, folder, "-o", tmp_path / "out", "--weights", weights]
    code, out, err = run_command(enhance.main, capsys, *command)
    assert code == 1 and out.split() == [str(tmp_path / "out" / "1.png")]
    assert len(error_lines(err)) == 1 and str(empty) in err
    assert files(tmp_path / "out") == ["1.png"]


def test_enhance_names_a_folder_that_cannot_be_read(
    photo_folder, weights, tmp_path, capsys, monkeypatch
):
    from zero_dce_keras.batch import jobs

    secret, folder = photo_folder(["2.png"], "secret"), photo_folder(["1.png"])
    list_images = jobs.list_images

    def refuse(directory, *args, **options):
        if directory == secret:
            raise PermissionError(13, "Permission denied", str(secret))
        return list_images(directory, *args, **options)

    monkeypatch.setattr(jobs, "list_images", refuse)
    command = [secret, folder, "-o", tmp_path / "out", "--weights", weights]
    code, out, err = run_command(enhance.main, capsys, *command)
    assert code == 1 and out.split() == [str(tmp_path / "out" / "1.png")]
    assert error_lines(err) == [f"error: {secret}: Permission denied"]


def test_enhance_never_overwrites_an_input(photo_folder, weights, tmp_path, capsys):
    """Neither its own, nor one of the others."""
    one, two = photo_folder(["1.png"], "one"), photo_folder(["1.png"], "two")
    (two / "1.png").write_bytes((one / "1.png").read_bytes() + b"\0")
    before = [(one / "1.png").read_bytes(), (two / "1.png").read_bytes()]
    for command in ([one, "-o", one], [one, two, "-o", two]):
        code, _, err = run_command(enhance.main, capsys, *command, "--weights", weights)
        assert code == 1 and "error: " in err
        assert [(one / "1.png").read_bytes(), (two / "1.png").read_bytes()] == before


def test_enhance_never_overwrites_its_own_output(
    photo_folder, weights, tmp_path, capsys
):
    """Two inputs of one name have one target: one of them is refused, aloud."""
    one, two = photo_folder(["1.png"], "one"), photo_folder(["1.png"], "two")
    command = [one, two, "-o", tmp_path / "out", "--weights", weights]
    code, out, err = run_command(enhance.main, capsys, *command)
    assert code == 1 and str(two / "1.png") in err
    assert out.split() == [str(tmp_path / "out" / "1.png")]


@pytest.mark.parametrize(
    "name", ["no_such_preset", "missing.weights.h5", "missing.keras", "garbage.keras"]
)
@pytest.mark.parametrize("main", [enhance.main, export.main, fit.main])
def test_wrong_weights_are_one_line(name, main, photo_folder, tmp_path, capsys):
    folder = photo_folder()
    path = tmp_path / "garbage.keras"
    path.write_bytes(b"not a model")
    name = path if name == path.name else name
    command = ["-o" if main is not fit.main else "--output", tmp_path / "out"]
    if main is enhance.main:
        command.append(folder)
    if main is fit.main:
        command += ["--dataset", "folder", "--data-dir", folder]
    code, out, err = run_command(main, capsys, *command, "--weights", name)
    assert code == 1 and not out
    assert len(error_lines(err)) == 1 and str(name) in err
    assert not (tmp_path / "out").exists()


# export and fit


@pytest.mark.skipif(BACKEND != "tensorflow", reason="a SavedModel needs TensorFlow")
def test_export(weights, tmp_path, capsys):
    command = ["-o", tmp_path / "served", "--weights", weights]
    code, out, _ = run_command(export.main, capsys, *command, "--model-version", 3)
    assert code == 0 and out.splitlines()[-1] == str(tmp_path / "served" / "3")
    assert (tmp_path / "served" / "3" / "saved_model.pb").is_file()
    code, _, err = run_command(export.main, capsys, *command, "--model-version", 3)
    assert code == 1 and "is there already" in err


def test_fit_options_replace_the_recipes(tmp_path, monkeypatch, capsys):
    """Every field has an option, and what is not given stays the recipe's."""
    calls = []

    def train(recipe, *args, **options):
        calls.append((recipe, *args, options))
        return None, SimpleNamespace(epoch=range(recipe.epochs))

    monkeypatch.setattr("zero_dce_keras.training.run.train", train)
    options = ["--dataset", "sample", "--data-dir", "d", "--output", "o"]
    options += ["--weights", "w", "--mixed-precision", "--recipe", "official"]
    options += ["--epochs", "3", "--l2", "0.5", "--crop", "--monitor", "psnr"]
    code, out, _ = run_command(fit.main, capsys, *options)
    assert (code, out) == (0, "o\n")
    recipe = zero_dce_keras.RECIPES["official"]()
    expected = recipe.replace(epochs=3, l2=0.5, crop=True, monitor="psnr")
    options = {"resume": False, "fold": None}
    assert calls == [(expected, "sample", "d", "o", "w", True, options)]


@pytest.mark.parametrize(
    "options, code, message",
    [
        ("--dataset folder", 2, "--dataset folder needs --data-dir"),
        ("--data-dir nowhere", 1, "nowhere: no LOL data set here"),
        (
            "--dataset folder --data-dir photos --epochs 0",
            2,
            "epochs must be finite and positive",
        ),
        ("--dataset folder --data-dir photos --num-layers 4", 2, "num_layers must be"),
        ("--recipe mirnet --model zero_dce", 2, "--recipe mirnet trains mirnet, not"),
        (
            "--dataset folder --data-dir photos --crop --image-size 99",
            1,
            "image_size must be at most the shorter side of every image",
        ),
    ],
)
def test_fit_errors_are_one_line(
    options, code, message, photo_folder, tmp_path, monkeypatch, capsys
):
    photo_folder()
    monkeypatch.chdir(tmp_path)
    found, out, err = run_command(fit.main, capsys, *options.split(), "--filters", "2")
    (line,) = error_lines(err)
    assert (found, out) == (code, "") and line.startswith(f"error: {message}")
    assert not (tmp_path / "runs").exists()


def test_fit_repeats_a_run_by_its_configuration(
    photo_folder, tmp_path, monkeypatch, capsys
):
    """Recipe, data, weights, precision and fold, as they were; options change them."""
    from zero_dce_keras.training import RECIPES
    from zero_dce_keras.training.run_config import write_config

    recipe = RECIPES["official"]().replace(
        epochs=2, extra_losses={"self_adaptive": 2.0}
    )
    config = {
        "recipe": recipe,
        "dataset": "folder",
        "data_dir": str(photo_folder()),
        "weights": "w",
        "mixed_precision": True,
        "fold": [2, 3],
    }
    write_config(tmp_path / "run", config)
    calls = []

    def train(recipe, *args, **options):
        calls.append((recipe, *args, options))
        return None, SimpleNamespace(epoch=range(recipe.epochs))

    monkeypatch.setattr("zero_dce_keras.training.run.train", train)
    path = tmp_path / "run" / "config.json"
    assert run_command(fit.main, capsys, "--config", path, "-o", "new")[0] == 0
    more = ["--epochs", "5", "--extra-losses", "none"]
    assert (
        run_command(fit.main, capsys, "--config", path.parent, "-o", "new", *more)[0]
        == 0
    )
    place = ["folder", config["data_dir"], "new", "w", True]
    options = {"resume": False, "fold": [2, 3]}
    assert calls == [
        (recipe, *place, options),
        (recipe.replace(epochs=5, extra_losses=None), *place, options),
    ]


@pytest.mark.parametrize(
    "options, code, message",
    [
        ("--config nowhere/config.json", 1, "nowhere/config.json: no such file"),
        ("--config run.json", 2, "--config must be the config.json of a run"),
        ("--config torn/config.json", 1, "torn/config.json: not the configuration"),
        ("--config torn/config.json --resume -o o", 2, "--config is a run of its own"),
        ("--dataset sample --extra-losses much", 2, "--extra-losses: invalid"),
        ("--dataset sample --extra-losses l1=2", 2, "extra_losses must be weights by"),
    ],
)
def test_wrong_configurations_are_one_line(
    options, code, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "config.json").write_text('{"recipe": ')
    found, out, err = run_command(fit.main, capsys, *options.split())
    (line,) = error_lines(err)
    assert (found, out) == (code, "") and message in line
