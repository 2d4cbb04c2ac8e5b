import pytest

from zero_dce_keras.images import list_images


def test_list_images_order_and_exceptions(tmp_path):
    for name in ("10.png", "2.JPG", "1.png", "b.webp", "a.tif", "notes.txt", "9"):
        (tmp_path / name).touch()
    for name in (".DS_Store", "._1.png", ".hidden.png"):
        (tmp_path / name).touch()
    for folder in ("__MACOSX", ".cache", "sub"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "3.png").touch()
    (tmp_path / "folder.png").mkdir()

    top = ["1.png", "2.JPG", "10.png", "a.tif", "b.webp"]
    assert [path.name for path in list_images(tmp_path)] == top
    found = [p.relative_to(tmp_path) for p in list_images(tmp_path, recursive=True)]
    assert [path.as_posix() for path in found] == [*top, "sub/3.png"]


def test_list_images_inside_a_hidden_directory(tmp_path):
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "1.png").touch()
    assert len(list_images(tmp_path / ".cache", recursive=True)) == 1


def test_list_images_refuses(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such directory: '.*none'"):
        list_images(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="Not a directory: '.*file'"):
        list_images(tmp_path / "file")
