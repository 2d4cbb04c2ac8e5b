import numpy as np
import pytest

from zero_dce_keras.images import contact_sheet


def solid(color, height=32, width=48):
    return np.full((height, width, 3), color, "uint8")


def test_contact_sheet_places_every_image():
    red, green, blue = (solid(color) for color in np.eye(3, dtype="uint8") * 255)
    rows = [[red, green], [blue, red[:, :16]]]
    sheet = contact_sheet(rows, ["input", "output"], width=400)
    assert sheet.size[0] == 400 and sheet.mode == "RGB"
    pixels = np.array(sheet)
    assert (pixels[:24] < 128).any(), "the titles are missing"
    top, bottom = 24 + 60, 24 + 127 + 6 + 60  # inside the first and second row
    assert pixels[top, 100].tolist() == [255, 0, 0]
    assert pixels[top, 300].tolist() == [0, 255, 0]
    assert pixels[bottom, 100].tolist() == [0, 0, 255]
    # The narrow image stands in the middle of its cell, white around it.
    assert pixels[bottom, 300].tolist() == [255, 0, 0]
    assert pixels[bottom, 220].tolist() == [255, 255, 255]


def test_contact_sheet_keeps_the_end_of_a_wide_title():
    """Each title stays in its column, and says which weights it is."""
    width, gap = 600, 6
    cell = (width - gap) // 5 - gap
    row = [solid(0)] * 5
    names = [f"runs/{'long' * 20}/{end}.weights.h5" for end in ("one", "two")]
    one, two = (
        np.array(contact_sheet([row], ["in", name, name, name, name], width=width))
        for name in names
    )
    titles = (one[:24] < 255).any(axis=(0, 2))  # the columns of pixels with ink
    for column in range(6):
        left = column * (cell + gap)
        assert not titles[left : left + gap].any(), "a title leaves its column"
    inks = [titles[gap + k * (cell + gap) :][:cell].sum() for k in range(5)]
    assert inks[0] < 20 and min(inks[1:]) > cell / 2
    assert (one[:24] != two[:24]).any(), "the ends of the names differ"


def test_contact_sheet_refuses():
    with pytest.raises(ValueError, match=r"titles \(2\). Received: rows of \[1\]"):
        contact_sheet([[solid(0)]], ["a", "b"])
    with pytest.raises(ValueError, match=r"Received: rows of \[\]"):
        contact_sheet([], ["a"])
    with pytest.raises(ValueError, match="room for 1 columns. Received: 10"):
        contact_sheet([[solid(0)]], ["a"], width=10)
