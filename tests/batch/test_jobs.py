"""Which files a command line means, and where each goes."""

import os

import pytest

from zero_dce_keras.batch import LeftOut, OtherFiles, StableFiles, find_jobs


@pytest.fixture
def shoot(tmp_path, monkeypatch):
    """Factory of empty files under the working directory."""
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return make


def pairs(*args, **kwargs):
    """{source: target} as text, and the errors as text."""
    jobs, errors = find_jobs(*args, **kwargs)
    return {str(j.source): str(j.target) for j in jobs}, [str(e) for e in errors]


def test_beside_the_input(shoot):
    shoot("a.jpg", "b.PNG", "c.heic", "d.NEF", "e.gif")
    found, errors = pairs(["a.jpg", "b.PNG", "c.heic", "d.NEF", "e.gif", "e.gif"])
    assert not errors and found == {
        "a.jpg": "a_enhanced.jpg",
        "b.PNG": "b_enhanced.PNG",
        "c.heic": "c_enhanced.jpg",
        "d.NEF": "d_enhanced.tif",
        "e.gif": "e_enhanced.png",
    }
    found, _ = pairs(["a.jpg"], suffix="-bright", ending=".tif")
    assert found == {"a.jpg": "a-bright.tif"}


def test_output_is_a_file_or_a_directory(shoot):
    shoot("a.jpg", "b.jpg", "in/c.jpg", "there.jpg/x")
    assert pairs(["a.jpg"], "new.png") == ({"a.jpg": "new.png"}, [])
    assert pairs(["a.jpg"], "new") == ({"a.jpg": "new/a.jpg"}, [])
    assert pairs(["a.jpg"], "new.png/") == ({"a.jpg": "new.png/a.jpg"}, [])
    assert pairs(["a.jpg"], "there.jpg") == ({"a.jpg": "there.jpg/a.jpg"}, [])
    assert pairs(["a.jpg", "b.jpg"], "new.png")[0]["b.jpg"] == "new.png/b.jpg"
    assert pairs(["in"], "new.png") == ({"in/c.jpg": "new.png/c.jpg"}, [])
    assert pairs(["a.jpg"], "out", suffix="_b") == ({"a.jpg": "out/a_b.jpg"}, [])
    assert pairs(["a.jpg"], "night.2024") == ({"a.jpg": "night.2024/a.jpg"}, [])
    with pytest.raises(ValueError, match="b.jpg is a file"):
        find_jobs(["in"], "b.jpg")
    for name in ("new.gif", "new.SVG", "new.mpeg"):
        with pytest.raises(ValueError, match=f"^{name}: what is written ends in .png"):
            find_jobs(["a.jpg"], name)
    assert pairs(["a.jpg"], "new.gif/") == ({"a.jpg": "new.gif/a.jpg"}, [])


def test_a_tree_is_mirrored(shoot):
    shoot("in/1.jpg", "in/x/1.jpg", "in/x/y/2.jpg", "in/x/y/notes.txt")
    assert pairs(["in"], "out")[0] == {"in/1.jpg": "out/1.jpg"}
    found, _ = pairs(["in"], "out", recursive=True)
    assert found == {
        "in/1.jpg": "out/1.jpg",
        "in/x/1.jpg": "out/x/1.jpg",
        "in/x/y/2.jpg": "out/x/y/2.jpg",
    }
    assert pairs(["in/*/1.jpg"], "out")[0] == {"in/x/1.jpg": "out/x/1.jpg"}
    assert len(pairs(["in/**/*.jpg"], "out")[0]) == 3


def test_patterns(shoot):
    shoot("1.jpg", "2.jpg", "2.xmp", "[1].jpg")
    assert list(pairs(["?.jpg"])[0]) == ["1.jpg", "2.jpg"]
    assert list(pairs(["2.*"])[0]) == ["2.jpg"]
    assert list(pairs(["[1].jpg"])[0]) == ["[1].jpg"]  # it is there by this name
    assert pairs(["*.tif"]) == ({}, ["*.tif: no photographs match this pattern"])


def test_junk_is_passed_over(shoot):
    junk = [".DS_Store", "._1.jpg", "1.xmp", "1.AAE"]
    shoot("in/1.jpg", "in/__MACOSX/._1.jpg", *[f"in/{name}" for name in junk])
    assert list(pairs(["in"], recursive=True)[0]) == ["in/1.jpg"]
    named = [f"in/{name}" for name in junk] + ["in/1.jpg"]  # as `in/*` may expand
    assert pairs(named) == ({"in/1.jpg": "in/1_enhanced.jpg"}, [])


def test_what_is_left_out_of_a_folder_is_named(shoot):
    shoot("in/1.jpg", "in/clip.mp4", "in/notes.txt", "in/x/more.txt", "in/1.xmp")
    shoot("in/todo.md", "in/drawing.svg", "in/Thumbs.db", "in/clip_enhanced.mp4")
    _, errors = find_jobs(["in"])
    assert [str(error) for error in errors] == [
        "in/clip.mp4 is a film: it is enhanced if it is named",
        "in/drawing.svg is of a kind that is not read (image/svg+xml)",
        "in: 2 files are neither photographs nor films and passed over: notes.txt …",
    ]
    kinds = [type(error) for error in errors]
    assert kinds == [LeftOut, LeftOut, OtherFiles]
    _, errors = pairs(["in"], recursive=True)
    assert errors[-1].startswith("in: 3 files are neither")


def test_what_is_named_too_is_not_left_out(shoot):
    shoot("in/1.jpg", "in/clip.mp4", "in/out/2.mp4", "in/more.svg")
    assert pairs(["in", "./in/clip.mp4"], "out")[1] == [
        "in/more.svg is of a kind that is not read (image/svg+xml)"
    ]
    _, errors = pairs(["in"], "in/out", recursive=True)
    assert [error.split()[0] for error in errors] == ["in/clip.mp4", "in/more.svg"]
    found, errors = pairs(["in/*"])  # a pattern means films, too
    assert list(found) == ["in/1.jpg", "in/clip.mp4"]
    assert [error.split()[0] for error in errors] == ["in/more.svg"]
    shoot("films/a.mp4")
    _, errors = pairs(["films"])
    assert len(errors) == 2 and errors[0].startswith("films/a.mp4 is a film")


def test_links_to_nowhere_and_closed_folders_are_errors(shoot, monkeypatch):
    root = shoot("in/1.jpg", "in/closed/2.jpg")
    os.symlink("nowhere.jpg", root / "in" / "3.jpg")
    scan = os.scandir

    def refuse(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found, errors = pairs(["in"], recursive=True)
    assert list(found) == ["in/1.jpg"]
    assert sorted(errors) == [
        "in/3.jpg: a link to what is not there",
        "in/closed: Permission denied",
    ]


def test_names_that_look_like_patterns(shoot):
    shoot("a[1].jpg", "what?.jpg")
    assert pairs(["a[1].jpg"], "b[2].png") == ({"a[1].jpg": "b[2].png"}, [])
    assert list(pairs(["a[1].jpg", "what?.jpg"])[0]) == ["a[1].jpg", "what?.jpg"]


def test_more_suffixes(shoot):
    shoot("a.jfif", "b.HIF", "c.dib", "d.avif", "e.ts", "f.MPG")
    assert pairs(["a.jfif", "b.HIF", "c.dib", "d.avif", "e.ts", "f.MPG"]) == (
        {
            "a.jfif": "a_enhanced.jfif",
            "b.HIF": "b_enhanced.jpg",
            "c.dib": "c_enhanced.dib",
            "d.avif": "d_enhanced.avif",
            "e.ts": "e_enhanced.ts",
            "f.MPG": "f_enhanced.mkv",
        },
        [],
    )
    assert pairs(["e.ts"], "new.ts") == ({"e.ts": "new.ts"}, [])


def test_own_outputs_are_not_enhanced_again(shoot):
    shoot("in/1.jpg", "in/1_enhanced.jpg", "in/old_enhanced.jpg", "out/1.jpg")
    assert list(pairs(["in"])[0]) == ["in/1.jpg"]
    assert list(pairs(["in/1.jpg", "in/1_enhanced.jpg"])[0]) == ["in/1.jpg"]
    alone = {"in/old_enhanced.jpg": "in/old_enhanced_enhanced.jpg"}
    assert pairs(["in/old_enhanced.jpg"]) == (alone, [])  # as it was named
    shoot("in/out/1.jpg")
    found, _ = pairs(["in"], "in/out", recursive=True)
    assert found == {"in/1.jpg": "in/out/1.jpg"}
    found, _ = pairs(["out"], ".")  # a folder inside that of the outputs
    assert found == {"out/1.jpg": "1.jpg"}


def test_what_would_be_overwritten_is_refused(shoot):
    shoot("in/1.jpg", "two/1.jpg")
    for output in ("in", "in/1.jpg"):
        found, errors = pairs(["in/1.jpg"], output)
        assert not found and len(errors) == 1 and "overwritten" in errors[0]
    for inputs, output in ((["in"], "./in"), (["in", "two"], "two")):
        with pytest.raises(ValueError, match="overwritten; give another"):
            find_jobs(inputs, output)
    found, errors = pairs(["in/1.jpg", "two/1.jpg"], "two")
    assert not found and len(errors) == 2
    found, errors = pairs(["in/1.jpg"], suffix="")
    assert not found and "overwritten" in errors[0]
    os.symlink("in/1.jpg", "link.jpg")
    found, errors = pairs(["in/1.jpg"], "link.jpg")
    assert not found and "overwritten" in errors[0]


def test_two_inputs_with_one_target(shoot):
    shoot("1.jpg", "1.heic")
    found, errors = pairs(["1.jpg", "1.heic"])
    assert found == {"1.jpg": "1_enhanced.jpg"}
    assert len(errors) == 1 and errors[0].startswith(
        "1.heic: 1_enhanced.jpg is already"
    )


def test_errors_name_their_input_and_stop_no_other(shoot):
    shoot("1.jpg", "empty/x.txt", "done/1_enhanced.jpg")
    found, errors = pairs(["none.jpg", "empty", "done", "1.jpg"])
    assert list(found) == ["1.jpg"]
    names = [error.split(":")[0] for error in errors]
    assert names == ["none.jpg", "empty", "empty", "done"]
    assert "x.txt" in errors[1] and "--recursive" in errors[2]
    assert "_enhanced" in errors[3]
    assert pairs(["nul\0l.jpg"])[1]


def test_a_loop_of_links(shoot):
    shoot("in/x/1.jpg")
    os.symlink("..", "in/x/up")
    os.symlink("in", "link")
    assert list(pairs(["in"], recursive=True)[0]) == ["in/x/1.jpg"]
    assert list(pairs(["link"], recursive=True)[0]) == ["link/x/1.jpg"]


def test_stable_files(shoot):
    """A file is taken once it has stopped growing, and again if it changes."""
    folder = shoot("in/1.jpg", "in/2.jpg")
    jobs, _ = find_jobs(["in"])
    stable_files = StableFiles()
    sources = [str(job.source) for job in jobs]

    def look():
        return [str(job.source) for job in stable_files.choose(jobs)]

    assert look() == look() == []  # both are empty
    (folder / sources[0]).write_bytes(b"1")
    (folder / sources[1]).write_bytes(b"1")
    assert look() == []
    (folder / sources[1]).write_bytes(b"12")
    assert look() == [sources[0]]
    assert look() == [sources[1]]
    assert look() == []
    (folder / sources[0]).write_bytes(b"123")
    (folder / sources[1]).unlink()
    assert look() == []
    assert look() == [sources[0]]
