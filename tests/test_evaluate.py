import csv
import json
from pathlib import Path

import numpy as np
import pytest

from zero_dce_keras import cli, evaluate
from zero_dce_keras.data import open_splits
from zero_dce_keras.images import read_image, write_image

LOL = Path(__file__).parents[2] / "shared" / "data" / "lol"


def photo(seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (32, 48, 3), dtype="uint8")


@pytest.fixture
def folder(tmp_path):
    """Two pairs, black against grey levels 51 and 255: 13.98 dB and 0 dB."""
    for name, level in (("2", 51), ("10", 255)):
        write_image(tmp_path / f"low/{name}.png", np.zeros((32, 48, 3), "uint8"))
        write_image(tmp_path / f"high/{name}.png", np.full((32, 48, 3), level, "uint8"))
    return tmp_path


def run(*options):
    command = ["--dataset", "folder", "--weights", "input", *map(str, options)]
    return cli.run(evaluate.main, command)


def test_prints_the_table_on_stdout_and_progress_on_stderr(folder, capsys):
    assert run("--data-dir", folder) == 0
    out, err = capsys.readouterr()
    rows = [line.split() for line in out.splitlines()]
    assert rows[1][:3] == ["input", "2", "13.98"]
    assert rows[2][:3] == ["input", "10", "0.00"]
    assert rows[-1][:5] == ["input", "mean", "of", "2", "6.99"]
    assert err.splitlines() == ["[1/2] input: 2", "[2/2] input: 10"]
    assert not (folder / "enhanced").exists()


def test_low_and_high_right_in_the_folder_just_work(folder, capsys):
    """`--data-dir DIR` alone: LOL is the default data set."""
    command = ["--data-dir", str(folder), "--weights", "input", "--json"]
    assert evaluate.main(command) == 0
    report = json.loads(capsys.readouterr().out)
    assert run("--data-dir", folder, "--json") == 0
    expected = json.loads(capsys.readouterr().out)
    assert report["methods"] == expected["methods"]


def test_prints_json(folder, capsys):
    assert run("--data-dir", folder, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["dataset"], report["split"]) == ("folder", "test")
    (method,) = report["methods"]
    assert method["weights"] == "input"
    assert method["mean"]["psnr"] == pytest.approx(6.9897, abs=1e-4)
    assert method["mean"]["mae"] == pytest.approx(153)
    assert {"psnr_gt_mean", "exposure_error"} <= set(method["mean"])


def test_output_holds_everything(folder, capsys):
    assert run("--data-dir", folder, "-o", folder / "out") == 0
    out = folder / "out"
    found = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    images = {"enhanced/input/2.png", "enhanced/input/10.png"}
    assert found == {"scores.csv", "scores.json", "before_after.png"} | images
    with open(out / "scores.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["2", "10", "mean"]


def test_methods_share_one_table(folder, capsys):
    import keras

    from zero_dce_keras.inference import Enhancer
    from zero_dce_keras.models import ZeroDCE

    keras.utils.set_random_seed(0)
    model = ZeroDCE(num_iterations=2, filters=4, num_layers=3)
    model.save(folder / "tiny.keras")
    write_image(folder / "low/2.png", photo(2) // 4)
    options = ["--data-dir", folder, "--weights", folder / "tiny.keras"]
    assert run(*options, "--output", folder / "out") == 0
    last = capsys.readouterr().out.splitlines()[-2:]
    assert [line.split()[0] for line in last] == ["input", str(folder / "tiny.keras")]
    (saved,) = folder.glob("out/enhanced/*tiny.keras/2.png")
    expected = Enhancer(model)(photo(2) // 4)
    np.testing.assert_array_equal(read_image(saved), expected)
    assert not np.array_equal(expected, photo(2) // 4)


def test_no_denoise_leaves_out_the_filter(folder, capsys):
    from zero_dce_keras.inference import Enhancer
    from zero_dce_keras.models import ZeroDCE

    photograph, options = photo(2) // 4, ["--data-dir", folder, "--dataset", "folder"]
    write_image(folder / "low/2.png", photograph)
    (folder / "low/10.png").unlink()
    (folder / "high/10.png").unlink()
    model = ZeroDCE(num_iterations=2, filters=4, num_layers=3, denoising_filter={})
    model.save(folder / "tiny.keras")
    pictures = []
    for switch, denoise in ([], None), (["--no-denoise"], False):
        out = folder / f"out{denoise}"
        command = [*options, "--weights", folder / "tiny.keras", "--output", out]
        assert cli.run(evaluate.main, [*map(str, command), *switch]) == 0
        assert json.loads((out / "scores.json").read_text())["denoise"] is denoise
        (saved,) = out.glob("enhanced/*tiny.keras/2.png")
        pictures.append(read_image(saved))
    expected = Enhancer(model)(photograph, denoise=False)
    np.testing.assert_array_equal(pictures[1], expected)
    assert pictures[0].std() < 0.8 * pictures[1].std()


def test_a_bad_image_is_named_and_the_rest_is_scored(folder, capsys):
    (folder / "low/2.png").write_bytes(b"not an image")
    assert run("--data-dir", folder, "--output", folder / "out") == 1
    out, err = capsys.readouterr()
    named = [line for line in err.splitlines() if str(folder / "low/2.png") in line]
    assert len(named) == 1 and "Traceback" not in err
    assert "mean of 1" in out
    assert (folder / "out/enhanced/input/10.png").is_file()


def test_photographs_without_references_are_only_enhanced(tmp_path, capsys):
    write_image(tmp_path / "dark/1.jpg", photo(1))
    assert run("--data-dir", tmp_path / "dark") == 1
    assert "error: these photographs have no references" in capsys.readouterr().err
    assert run("--data-dir", tmp_path / "dark", "--output", tmp_path / "out") == 0
    enhanced = read_image(tmp_path / "out/enhanced/input/1.png")
    np.testing.assert_array_equal(enhanced, read_image(tmp_path / "dark/1.jpg"))


@pytest.mark.parametrize(
    "options, message",
    [
        (["--data-dir", "missing"], "missing"),
        (["--data-dir", ".", "--split", "rest"], "'rest'"),
        (["--data-dir", ".", "--output", "low"], "output must be another directory"),
        (["--data-dir", ".", "--weights", "no_such_preset"], "no_such_preset"),
    ],
)
def test_errors_are_one_line(folder, monkeypatch, capsys, options, message):
    monkeypatch.chdir(folder)
    assert run(*options) == 1
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and message in err


@pytest.mark.parametrize(
    "options, message",
    [
        (["--data-dir", ".", "--split", "holdout"], "holdout"),
        (["--data-dir", ".", "--train-images", "0"], "must be positive"),
        ([], "--dataset folder needs --data-dir"),
    ],
)
def test_wrong_usage_is_exit_code_2(options, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        run(*options)
    out, err = capsys.readouterr()
    assert not out and message in err.splitlines()[-1]


@pytest.mark.parametrize("split", ["train", "validation", "rest"])
def test_the_splits_are_those_of_the_training(split, make_lol, tmp_path, capsys):
    make_lol(tmp_path, train_ids=range(2, 14))
    expected = getattr(open_splits("lol", tmp_path, 4, 3), split)
    assert expected
    options = ["--train-images", "4", "--validation-images", "3", "--weights", "input"]
    options += ["--data-dir", str(tmp_path), "--split", split, "--json"]
    assert cli.run(evaluate.main, options) == 0
    (method,) = json.loads(capsys.readouterr().out)["methods"]
    assert [row["name"] for row in method["images"]] == [pair.name for pair in expected]


def test_eval15_is_scored_without_our485(tmp_path, capsys):
    for number in range(15):
        for light in ("low", "high"):
            path = tmp_path / f"lol_dataset/eval15/{light}/{number}.png"
            write_image(path, photo(number))
    options = ["--data-dir", str(tmp_path), "--weights", "input", "--json"]
    assert cli.run(evaluate.main, options) == 0, capsys.readouterr().err
    (method,) = json.loads(capsys.readouterr().out)["methods"]
    assert len(method["images"]) == 15


@pytest.mark.large
@pytest.mark.skipif(not LOL.is_dir(), reason=f"needs {LOL}")
def test_the_untouched_inputs_of_eval15_score_7_77_db(capsys):
    options = ["--data-dir", str(LOL), "--weights", "input", "--json"]
    assert cli.run(evaluate.main, options) == 0
    (method,) = json.loads(capsys.readouterr().out)["methods"]
    assert len(method["images"]) == 15
    assert method["mean"]["psnr"] == pytest.approx(7.77, abs=0.005)
