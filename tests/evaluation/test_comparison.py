import numpy as np
import pytest

from zero_dce_keras.data import Pair
from zero_dce_keras.evaluation import compare
from zero_dce_keras.images import read_image, write_image

METHODS = {
    "input": lambda image: image,
    "runs/twice.keras": lambda image: np.minimum(image, 127) * 2,
}


def photo(seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (32, 48, 3), dtype="uint8")


@pytest.fixture
def pairs(tmp_path):
    pairs = []
    for name, seed in (("a/1", 1), ("b/2", 2)):
        pair = Pair(tmp_path / f"low/{name}.jpg", tmp_path / f"high/{name}.png")
        write_image(pair.low_light, photo(seed) // 4)
        write_image(pair.reference, photo(seed))
        pairs.append(pair)
    return pairs


def test_one_row_per_method_and_pair(pairs, caplog):
    caplog.set_level("INFO", "zero_dce_keras")
    table = compare(METHODS, pairs)
    assert list(table) == list(METHODS)
    for rows in table.values():
        assert [row.name for row in rows] == ["1", "2"]
        assert all(row.scores and not row.error for row in rows)
    assert (
        table["input"][0].scores["psnr"] < table["runs/twice.keras"][0].scores["psnr"]
    )
    assert caplog.messages == [
        "[1/2] input: 1",
        "[1/2] runs/twice.keras: 1",
        "[2/2] input: 2",
        "[2/2] runs/twice.keras: 2",
    ]


def test_enhanced_images_mirror_the_input_folder(pairs, tmp_path):
    output = tmp_path / "out"
    compare(METHODS, pairs, output)
    files = (path for path in output.rglob("*") if path.is_file())
    written = {path.relative_to(output).as_posix() for path in files}
    assert written == {
        "before_after.png",
        "enhanced/input/a/1.png",
        "enhanced/input/b/2.png",
        "enhanced/runs_twice.keras/a/1.png",
        "enhanced/runs_twice.keras/b/2.png",
    }
    np.testing.assert_array_equal(
        read_image(output / "enhanced/runs_twice.keras/b/2.png"),
        METHODS["runs/twice.keras"](read_image(pairs[1].low_light)),
    )


def test_images_are_left_out_on_request(pairs, tmp_path):
    compare(METHODS, pairs, tmp_path / "out", save_images=False)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["before_after.png"]


def test_a_failed_pair_is_logged_and_left_out_of_the_sheet(pairs, tmp_path, caplog):
    def height(pairs, output):
        compare(METHODS, pairs, output)
        return len(read_image(output / "before_after.png"))

    both = height(pairs, tmp_path / "both")
    pairs[0].low_light.write_bytes(b"")
    assert height(pairs, tmp_path / "one") < both
    errors = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert len(errors) == len(METHODS)
    assert errors[0].startswith(f"failed: Cannot read '{pairs[0].low_light}'")


def test_without_references_images_are_only_enhanced(pairs, tmp_path):
    dark = [Pair(pair.low_light) for pair in pairs]
    table = compare(METHODS, dark, tmp_path / "out")
    assert [row.scores for row in table["input"]] == [None, None]
    assert (tmp_path / "out/enhanced/input/b/2.png").is_file()
    assert (tmp_path / "out/before_after.png").is_file()


@pytest.mark.parametrize("folder", ["low/a", "high/b", "enhanced/photos"])
def test_refuses_to_write_where_its_inputs_lie(pairs, tmp_path, folder):
    pairs.append(Pair(tmp_path / folder / "3.png"))
    write_image(pairs[-1].low_light, photo(3))
    output = tmp_path if folder.startswith("enhanced") else tmp_path / folder
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match="output must be another directory"):
        compare(METHODS, pairs, output)
    assert sorted(tmp_path.rglob("*")) == before
