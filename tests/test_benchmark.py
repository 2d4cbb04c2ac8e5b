import csv
import json
from types import SimpleNamespace

import checks
import keras
import numpy as np
import pytest

from conftest import run_command
from zero_dce_keras import benchmark
from zero_dce_keras.data import Pair, find_split
from zero_dce_keras.data.sice import reference_dark_frames
from zero_dce_keras.evaluation import methods as methods_module
from zero_dce_keras.evaluation import parse_weights, perceptual
from zero_dce_keras.evaluation.scores import PairResult
from zero_dce_keras.evaluation.sheets import WorstAndBest
from zero_dce_keras.images import read_image, write_image

SIZE = 96, 192  # NIQE's smallest


def photo(seed, size=SIZE):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype="uint8")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "model.weights.h5"
    checks.small_zero_dce().save_weights(path)
    return path


@pytest.fixture
def folder(tmp_path):
    """Three pairs, darker from one to the next."""
    for name in (1, 2, 3):
        write_image(tmp_path / f"high/{name}.png", photo(name))
        write_image(tmp_path / f"low/{name}.png", photo(name) // (2 * name))
    return tmp_path


def run(capsys, *options):
    return run_command(benchmark.main, capsys, *options)


def test_one_table_and_its_files(folder, weights, capsys):
    out = folder / "out"
    options = ["--data-dir", folder, "--weights", f"ours={weights}", "-o", out]
    code, table, err = run(capsys, *options, "--format", "markdown")
    assert code == 0, err
    lines = [[c.strip() for c in row.split("|")[1:-1]] for row in table.splitlines()]
    assert lines[0][:7] == [
        *("method", "PSNR dB", "SSIM", "MAE /255", "GT-mean PSNR"),
        *("exposure error, stops", "NIQE"),
    ]
    assert lines[0][-3:-1] == ["ms", "GFLOP at 192×96"]
    counted = keras.backend.backend() == "tensorflow"
    assert (lines[-1][-2] != "–") == counted
    names = ["input", "gamma", "histogram", "clahe", "lime", "ours"]
    assert [line[0] for line in lines[2:]] == names
    assert lines[-1][-1] == f"{checks.small_zero_dce().network.count_params():,}"
    assert "note: no LPIPS: " in err
    assert {path.name for path in out.iterdir()} == {
        *("scores.csv", "scores.json", "summary.csv", "table.md", "table.tex"),
        *("boxes.png", "worst_best.png"),
    }
    assert (out / "table.md").read_text() == table
    with open(out / "summary.csv", newline="") as file:
        summary = list(csv.DictReader(file))
    with open(out / "scores.csv", newline="") as file:
        scores = list(csv.DictReader(file))
    assert [row["method"] for row in summary] == names
    for row in summary:
        own = [s for s in scores if s["weights"] == row["method"]]
        for name in ("psnr", "niqe"):
            values = [float(s[name]) for s in own if s["name"] != "mean"]
            assert len(values) == 3
            assert float(row[name]) == pytest.approx(np.mean(values))
            assert float(row[f"{name}_std"]) == pytest.approx(np.std(values, ddof=1))
        assert float(row["ms"]) >= 0
    assert f"{float(summary[0]['psnr']):.2f}" == lines[2][1].strip("*")


def test_photographs_alone_get_what_needs_no_reference(folder, capsys):
    options = ["--data-dir", folder / "low", "--weights", "input", "--no-classical"]
    code, out, err = run(capsys, *options, "--json")
    report = json.loads(out)
    assert code == 0 and "note: no references" in err and "LPIPS" not in err
    (method,) = report["methods"]
    assert set(method["mean"]) == {"niqe", "ms"} and report["dataset"] == "folder"
    assert len(report["worst_to_best"]) == 3


def test_too_small_for_niqe_is_scored_by_the_rest(tmp_path, capsys):
    for side in ("low", "high"):
        write_image(tmp_path / side / "1.png", photo(1, (32, 48)))
        write_image(tmp_path / side / "2.png", photo(2))
    options = ["--data-dir", tmp_path, "--weights", "input", "--no-classical"]
    code, out, err = run(capsys, *options, "--json")
    assert code == 0 and "note: no NIQE of 1: " in err
    (method,) = json.loads(out)["methods"]
    small, large = method["images"]
    assert "niqe" not in small and method["mean"]["niqe"] == large["niqe"]
    assert small["ssim"] == pytest.approx(1)


def test_rows_without_a_network(tmp_path, weights, capsys):
    """Of models that do more than a network; the time of that means nothing."""
    from zero_dce_keras.evaluation.benchmark import open_all
    from zero_dce_keras.inference import without_network
    from zero_dce_keras.models import ZeroDCE, load_model

    model = ZeroDCE(num_iterations=1, filters=2, num_layers=1, denoising_filter={})
    path = tmp_path / "filtered.keras"
    model.save(path)
    values = [f"plain={weights}", f"filtered={path}", "input"]
    methods = open_all(values, classical=False)
    assert [*methods] == ["input", "plain", "filtered", "filtered, no network"]
    bare, image = methods["filtered, no network"], photo(1) // 4
    np.testing.assert_array_equal(bare(image), without_network(load_model(path), image))
    assert bare.milliseconds is None and bare.parameters == 0
    methods["filtered"](image)
    assert methods["filtered"].milliseconds > 0 < methods["filtered"].parameters


def test_the_first_image_of_a_size_is_not_timed(monkeypatch):
    calls, clock = [], iter(range(100))
    monkeypatch.setattr(
        methods_module, "time", SimpleNamespace(perf_counter=lambda: next(clock))
    )
    for model, expected in ((None, 3), (object(), 5)):
        calls.clear()
        method = methods_module.Method(lambda image: calls.append(1), model)
        for shape in ((2, 3, 3), (2, 3, 3), (4, 3, 3)):
            method(np.zeros(shape))
        assert len(calls) == expected and method.milliseconds == 1000


def test_labels(tmp_path):
    strange = tmp_path / "a=b.pth"
    strange.touch()
    assert parse_weights(["input", "ours=runs/a.keras", str(strange)]) == {
        "input": "input",
        "ours": "runs/a.keras",
        str(strange): str(strange),
    }
    for values in (["a=1.pth", "a=2.pth"], ["lime=1.pth"], ["input=1.pth"], ["=", "="]):
        with pytest.raises(ValueError, match="a label of its own.*Received"):
            parse_weights(values)


@pytest.mark.parametrize(
    "options, code, message",
    [
        ("--weights no_such", 1, "The presets are: .*zero_dce_general"),
        ("--weights a=zero_dce_lol --weights a=input", 1, "a label of its own"),
        ("--data-dir nowhere", 1, "nowhere"),
        ("--dataset sice", 2, "--dataset sice needs --data-dir"),
        ("--format html", 2, "'text', 'markdown', 'latex'|text, markdown, latex"),
        ("--json --format latex", 2, "not allowed with"),
        ("--limit 0", 2, "must be positive"),
    ],
)
def test_errors_are_one_line(options, code, message, folder, monkeypatch, capsys):
    import re

    monkeypatch.chdir(folder)
    if "--data-dir" not in options and "sice" not in options:
        options += " --data-dir ."
    found, out, err = run(capsys, *options.split())
    assert (found, out, err.count("\n")) == (code, "", 1) and re.search(message, err)


def test_sizes_that_differ_name_both_files(folder, capsys):
    write_image(folder / "high/2.png", photo(2, (96, 200)))
    options = ["--data-dir", folder, "--weights", "input", "--no-classical"]
    code, out, err = run(capsys, *options)
    (line,) = [line for line in err.splitlines() if "failed: " in line]
    assert code == 1 and "input" in out
    assert str(folder / "low/2.png") in line and str(folder / "high/2.png") in line


def test_nothing_to_score_is_an_error(folder, capsys):
    for path in folder.glob("low/*"):
        path.write_bytes(b"not a photograph")
    code, out, err = run(capsys, "--data-dir", folder, "--no-classical")
    assert (code, out) == (1, "") and "none of the 3 photographs" in err


# LPIPS


def test_lpips_says_what_is_missing(monkeypatch, tmp_path):
    with pytest.raises(ImportError, match=r"lpips is not installed: .*\[lpips\]"):
        perceptual.open_lpips()
    hub = SimpleNamespace(get_dir=lambda: str(tmp_path))
    modules = {"lpips": SimpleNamespace(), "torch": SimpleNamespace(hub=hub)}
    monkeypatch.setattr(perceptual, "require", modules.get)
    with pytest.raises(FileNotFoundError, match=f"{tmp_path}.*get them from http"):
        perceptual.open_lpips()


def test_lpips_is_a_column_where_it_is_there(folder, monkeypatch, capsys):
    """Against each image's own reference: 0 for the same, and the mean in the table."""

    def distance(reference, enhanced):
        return float(np.abs(reference.astype(float) - enhanced).mean() / 255)

    monkeypatch.setattr(
        "zero_dce_keras.evaluation.benchmark.open_lpips", lambda: distance
    )
    options = ["--data-dir", folder, "--weights", "input", "--no-classical", "--json"]
    (method,) = json.loads(run(capsys, *options)[1])["methods"]
    for image in method["images"]:
        assert image["lpips"] == pytest.approx(image["mae"] / 255)


# Exposure sequences


def test_dark_frames_of_sequences(tmp_path):
    """Frames of mean luma .1, .3, .45, .9; the fusion is .5, its frame .45."""
    levels = {"a": 0.1, "b": 0.3, "c": 0.45, "d": 0.9, "fusion": 0.5, "e": 0.39}
    for name, level in levels.items():
        grey = np.full((8, 12, 3), round(255 * level), "uint8")
        write_image(tmp_path / f"{name}.png", grey)
    fusion = tmp_path / "fusion.png"
    pairs = [Pair(tmp_path / f"{name}.png", fusion) for name in "abcde"]
    dark = reference_dark_frames(pairs)
    assert [pair.name for pair in dark] == ["a", "b", "e"]
    assert {pair.reference for pair in dark} == {fusion}
    nearest = reference_dark_frames(pairs, "nearest")
    assert [pair.name for pair in nearest] == ["a", "b"]
    assert {pair.reference.stem for pair in nearest} == {"c"}
    with pytest.raises(ValueError, match="'fusion', 'nearest'"):
        reference_dark_frames(pairs, "best")


def test_sequences_are_a_data_set(folder, monkeypatch, capsys):
    pairs = [Pair(folder / f"low/{n}.png", folder / "high/1.png") for n in (1, 2, 3)]
    splits = SimpleNamespace(test=pairs)
    monkeypatch.setitem(find_split.__globals__, "open_splits", lambda *args: splits)
    options = ["--dataset", "sice", "--data-dir", folder, "--no-classical", "--json"]
    for reference, names in (("fusion", ["1", "2", "3"]), ("nearest", ["2", "3"])):
        more = ["--weights", "input", "--reference", reference]
        report = json.loads(run(capsys, *options, *more)[1])
        assert report["reference"] == reference
        assert [row["name"] for row in report["methods"][0]["images"]] == names


# The sheet


def test_the_worst_and_the_best_by_what_the_methods_make_of_them(tmp_path):
    sheet = WorstAndBest(count=2)
    for name, psnr in zip("abcdefg", (30, 10, 25, 15, 40, 20, 35), strict=True):
        image = np.full((8, 12, 3), psnr, "uint8")
        make = PairResult(Pair(tmp_path / f"{name}.png"), image, image, image)
        results = {
            "input": make._replace(scores={"psnr": -psnr}),
            "one": make._replace(scores={"psnr": psnr - 20}),
            "two": make._replace(scores={"psnr": psnr + 20}),
        }
        sheet.add(results)
    assert sheet.names == ["b", "d", "g", "e"]
    sheet.write(tmp_path)
    assert read_image(tmp_path / "worst_best.png").shape[1] == 1200


def test_without_references_the_least_niqe_is_best(tmp_path):
    sheet = WorstAndBest(count=1)
    for name, niqe in (("a", 4.0), ("b", 9.0), ("c", 3.0)):
        image = np.zeros((8, 12, 3), "uint8")
        pair = Pair(tmp_path / f"{name}.png")
        sheet.add({"one": PairResult(pair, image, image, scores={"niqe": niqe})})
    failed = PairResult(Pair(tmp_path / "d.png"), error="d.png: broken")
    sheet.add({"one": failed})
    assert sheet.names == ["b", "c"]
