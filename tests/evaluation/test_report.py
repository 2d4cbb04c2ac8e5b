import csv
import json
import math
import sys
from pathlib import Path

import keras
import numpy as np
import PIL
import pytest

from zero_dce_keras.evaluation import (
    build_report,
    format_table,
    json_text,
    write_report,
)
from zero_dce_keras.evaluation.comparison import Row


def scores(psnr):
    return {"psnr": psnr, "ssim": 0.1, "mae": 99.5}


TABLE = {
    "input": [Row("1", scores(7.0)), Row("22", scores(8.0))],
    "best": [Row("1", scores(17.5)), Row("22", error="low/22.png: broken")],
}


def test_means_are_over_the_scored_images_only():
    untouched, best = build_report(TABLE)["methods"]
    assert untouched["mean"]["psnr"] == 7.5 and untouched["scored_images"] == 2
    assert best["mean"]["psnr"] == 17.5 and best["scored_images"] == 1
    assert best["failed"] == [{"name": "22", "error": "low/22.png: broken"}]


def test_report_says_how_and_with_what():
    report = build_report(TABLE, dataset="lol", split="test")
    assert report["dataset"] == "lol" and report["split"] == "test"
    assert "clipped and rounded to uint8" in report["protocol"]
    versions = report["versions"]
    assert versions["keras"] == keras.__version__
    assert versions["numpy"] == np.__version__
    assert versions["pillow"] == PIL.__version__
    backend, version = versions["backend"].split()
    assert backend == keras.backend.backend()
    assert version == sys.modules[backend].__version__


def test_table():
    assert format_table(build_report(TABLE)).splitlines() == [
        "weights  image      PSNR dB   SSIM  MAE /255",
        "input    1             7.00  0.100     99.50",
        "input    22            8.00  0.100     99.50",
        "best     1            17.50  0.100     99.50",
        "--------------------------------------------",
        "input    mean of 2     7.50  0.100     99.50",
        "best     mean of 1    17.50  0.100     99.50",
    ]


def test_what_knows_the_reference_has_a_column_of_its_own():
    table = {
        "a": [Row("1", {**scores(7.0), "psnr_gt_mean": 12.0, "exposure_error": 0.25})]
    }
    header, *_, mean = format_table(build_report(table)).splitlines()
    assert header.endswith("MAE /255  GT-mean PSNR  exposure error, stops")
    assert mean.split()[-2:] == ["12.00", "0.25"]


def test_files_hold_every_digit(tmp_path):
    table = {"input": [Row("ä,1", scores(1 / 3))]}
    report = build_report(table)
    write_report(report, tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "scores.csv",
        "scores.json",
    ]
    loaded = json.loads((tmp_path / "new/scores.json").read_text(encoding="utf-8"))
    assert loaded == report
    with open(tmp_path / "new/scores.csv", encoding="utf-8", newline="") as file:
        image, mean = csv.DictReader(file)
    assert image["name"] == "ä,1" and mean["name"] == "mean"
    assert float(image["psnr"]) == float(mean["psnr"]) == 1 / 3


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "scores.csv").write_bytes(b"old")
    write = Path.write_text

    def torn(path, text, **options):
        write(path, text[:5], **options)
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_text", torn)
    with pytest.raises(OSError, match="disk full"):
        write_report(build_report(TABLE), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]
    assert (tmp_path / "scores.csv").read_bytes() == b"old"


def test_infinite_psnr_is_null_in_json_and_inf_in_the_table():
    report = build_report({"input": [Row("1", scores(math.inf))]})
    strict = json.loads(json_text(report), parse_constant=pytest.fail)
    assert strict["methods"][0]["mean"]["psnr"] is None
    assert " inf " in format_table(report)


def test_a_report_without_scores(tmp_path):
    report = build_report({"input": [Row("1"), Row("2", error="2.png: broken")]})
    assert format_table(report) == "1 enhanced, none scored"
    assert report["methods"][0]["images"] == [{"name": "1"}]
    write_report(report, tmp_path)
    lines = (tmp_path / "scores.csv").read_text().splitlines()
    assert lines == ["weights,name", "input,1", "input,mean"]


def test_a_method_that_failed_on_every_image_keeps_its_line():
    table = {"input": TABLE["input"], "best": [Row("1", error="1.png: broken")]}
    assert format_table(build_report(table)).splitlines()[-1].split() == (
        ["best", "mean", "of", "0", "–", "–", "–"]
    )
