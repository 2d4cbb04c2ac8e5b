import re

import numpy as np
import pytest

from zero_dce_keras.data.faces import SHEET_SIZE, find_faces, make_faces, read_label
from zero_dce_keras.images import write_image


@pytest.fixture
def dark_face(tmp_path):
    """Two photographs laid out as DARK FACE, and a label more, as of a part of it."""
    texts = {"10": "2\n1 2 30 40\n 5 6 7.5 8 \n", "9": "0\n", "11": "1\n0 0 1 1\n"}
    (tmp_path / "label").mkdir()
    for name, text in texts.items():
        (tmp_path / f"label/{name}.txt").write_text(text)
    for name in ("10", "9"):
        write_image(tmp_path / f"image/{name}.png", np.full((32, 48, 3), 9, "uint8"))
    return tmp_path


def test_dark_face(dark_face):
    nine, ten = find_faces(dark_face)
    assert (nine.name, ten.name) == ("9", "10")
    assert nine.boxes.shape == (0, 4)
    assert ten.boxes.tolist() == [[1, 2, 30, 40], [5, 6, 7.5, 8]]
    assert ten.read().shape == (32, 48, 3) and ten.read().max() == 9
    assert ten.reference is None and ten.light is None


def test_windows_line_ends_and_signature(tmp_path):
    path = tmp_path / "1.txt"
    path.write_bytes(b"\xef\xbb\xbf1\r\n1 2 3 4\r\n")
    assert read_label(path).tolist() == [[1, 2, 3, 4]]


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "line 1: must be the number of faces. Received: ''"),
        ("1 2 3 4\n", "line 1: must be the number of faces. Received: '1 2 3 4'"),
        ("-1\n", "line 1: must be the number of faces. Received: '-1'"),
        ("2\n1 2 3 4\n", "line 1: must be the number of the lines below, 1"),
        ("0\n1 2 3 4\n", "line 1: must be the number of the lines below, 1"),
        ("2\n1 2 3 4\n1 2 3\n", "line 3: must be x1 y1 x2 y2, .* Received: '1 2 3'"),
        ("1\n1 2 3 4 5\n", "line 2: must be x1 y1 x2 y2"),
        ("1\n1 2 x 4\n", "line 2: must be x1 y1 x2 y2"),
        ("1\n1 2 nan 4\n", "line 2: must be x1 y1 x2 y2"),
        ("1\n3 2 3 4\n", "line 2: .* with x1 < x2 and y1 < y2"),
        ("1\n1 5 3 4\n", "line 2: .* with x1 < x2 and y1 < y2"),
        ("2\n\n1 2 3 4\n", "line 2: must be x1 y1 x2 y2"),
    ],
)
def test_bad_labels_name_file_and_line(text, message, dark_face):
    path = dark_face / "label" / "10.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}, {message}"):
        find_faces(dark_face)


def test_a_label_of_bytes(dark_face):
    path = dark_face / "label" / "10.txt"
    path.write_bytes(b"\x89PNG\r\n\xff")
    with pytest.raises(ValueError, match="10.txt, line 1"):
        find_faces(dark_face)


def test_what_is_missing_is_named(dark_face, tmp_path):
    (dark_face / "label/9.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"label.9\.txt"):
        find_faces(dark_face)
    for path in (dark_face / "image").iterdir():
        path.unlink()
    with pytest.raises(FileNotFoundError, match="image: no photographs"):
        find_faces(dark_face)
    with pytest.raises(FileNotFoundError, match="nowhere.image: no such folder"):
        find_faces(tmp_path / "nowhere")


@pytest.fixture(scope="module")
def sample():
    return make_faces(divisors=(100, 400))


def test_the_sample(sample):
    assert len(sample) == 24 and sum(len(each.boxes) for each in sample) == 204
    assert [each.name for each in sample[:3]] == [
        f"{name}_light_1_100" for name in ("astronaut", "grace_hopper", "sheet_1")
    ]
    assert {each.light for each in sample[12:]} == {"1/400"}
    for each in sample:
        height, width, _ = each.reference.shape
        left, top, right, bottom = each.boxes.T
        assert (left >= 0).all() and (top >= 0).all()
        assert (right <= width).all() and (bottom <= height).all()
        assert each.image.shape == each.reference.shape
        assert each.image.mean() < each.reference.mean() / 5
        is_sheet = each.name.startswith("sheet")
        assert ((height, width) == SHEET_SIZE) == is_sheet
    for first, second in zip(sample[:12], sample[12:], strict=True):
        np.testing.assert_array_equal(first.boxes, second.boxes)
        assert second.image.mean() < first.image.mean()


def test_the_sample_has_the_same_pixels_again(sample):
    for first, second in zip(sample, make_faces(divisors=(100,)), strict=False):
        np.testing.assert_array_equal(first.image, second.image)


def test_each_face_of_the_sample_is_where_its_box_is(sample):
    """In grey, on coloured photographs; as many patches show no face."""
    sheet = sample[2]
    grey = np.ptp(sheet.reference.astype(int), axis=-1) == 0
    for left, top, right, bottom in sheet.boxes.round().astype(int):
        assert grey[top:bottom, left:right].all()
    areas = (sheet.boxes[:, 2:] - sheet.boxes[:, :2]).prod(-1)
    assert grey.sum() > 1.5 * areas.sum()
