import pytest

from zero_dce_keras import find_pairs


@pytest.fixture
def folders(photo_folder):
    """`low` and `high`, with these names in them."""

    def make(low, high):
        return photo_folder(low, "low"), photo_folder(high, "high")

    return make


def test_pairs_match_by_stem_in_numeric_order(folders):
    low, high = folders(["10.png", "9.jpg", "100.png"], ["100.jpg", "9.jpg", "10.png"])
    pairs = find_pairs(low, high)
    assert [pair.name for pair in pairs] == ["9", "10", "100"]
    assert [pair.low_light.name for pair in pairs] == ["9.jpg", "10.png", "100.png"]
    assert [pair.reference.name for pair in pairs] == ["9.jpg", "10.png", "100.jpg"]
    assert {pair.low_light.parent for pair in pairs} == {low}
    assert {pair.reference.parent for pair in pairs} == {high}


def test_without_references(photo_folder):
    pairs = find_pairs(photo_folder(["b.png", "a.jpg"]))
    assert [(pair.name, pair.reference) for pair in pairs] == [("a", None), ("b", None)]


@pytest.mark.parametrize(
    "low, high, names",
    [
        (["1.png", "2.png"], ["1.png"], ["low/2.png"]),
        (["1.png"], ["1.png", "3.png"], ["high/3.png"]),
        (["1.png", "2.png", "3.png", "4.png"], ["1.png"], ["low/2.png", "2 more"]),
        (["1.png", "1.jpg"], ["1.png"], ["1.png", "1.jpg"]),
        (["1.png"], ["1.png", "1.jpg"], ["1.png", "1.jpg"]),
        ([], ["1.png"], ["low"]),
        (["1.png"], [], ["high"]),
    ],
)
def test_errors_name_the_files(folders, low, high, names):
    with pytest.raises(ValueError) as error:
        find_pairs(*folders(low, high))
    assert all(name in str(error.value) for name in names)


def test_missing_directory(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        find_pairs(tmp_path / "nowhere")
