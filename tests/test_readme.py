"""Every command and every line of Python in the README runs, on small data."""

import importlib
import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from conftest import write_photo
from zero_dce_keras import cli
from zero_dce_keras.__main__ import VERBS

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", README, re.MULTILINE | re.DOTALL)
SHELL, PYTHON = ("sh", "bash", "shell"), ("py", "python")

# How a command begins that is not run here, and why, or what else runs it.
NOT_RUN = {
    "make demo": "test_make_demo does, which is large",
    "make test": ".ci/run does: this is one of the tests",
    "make lint": ".ci/run does",
    "make venv": "what runs this test, it has set up",
    "pip install": "no network; test_wheel.py installs the wheel",
    "git clone": "no network",
    "python -m venv": "as `make venv` does",
    ". .venv/bin/activate": "as `make venv` does",
    "python -m zero_dce_keras.app": "it serves until Ctrl-C; tests/page starts it",
    "zero-dce app": "the same",
    "KERAS_BACKEND=": "a backend a process; `make test-backends`, in .ci/run",
    "docker": "no containers; tests/serving calls the signatures",
    "curl": "it asks what docker runs",
}

# A training of seconds in place of the README's; the last option of a name counts.
SMALL_FIT = shlex.split(
    "--train-images 4 --validation-images 2 --epochs 1 --batch-size 2 --image-size 16"
    " --no-crop --filters 2 --num-layers 1 --num-iterations 1"
    " --num-rrg 1 --num-mrb 1 --channels 4"
)
SMALL_PYTHON = {
    r"\btrain_images=\d+": "train_images=4",
    r"\bvalidation_images=\d+": "validation_images=2",
    r"\bepochs=\d+": "epochs=1",
}


def of_language(languages):
    blocks = [text for language, text in BLOCKS if language in languages]
    assert blocks  # a parametrised test of nothing would pass
    return pytest.mark.parametrize(
        "text", blocks, ids=lambda text: text.splitlines()[0][:60]
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory, make_lol):
    """A directory with what the README's commands find, under the names it uses.

    One for all blocks, as for a reader who goes from top to bottom.
    """
    place = tmp_path_factory.mktemp("work") / "checkout"
    for name in ("DIR", "../shared/data/lol"):
        make_lol(place / name, train_ids=(2, 5, 6, 7, 8, 9))
    for folder in ("photos", "my_dark_photos", "test/low"):
        for seed in range(6):
            write_photo(place / folder / f"{seed}.jpg", seed, brightness=60)
    for name in ("photo.jpg", "dark.jpg"):
        write_photo(place / name, brightness=60)
    write_clip(place / "clip.mp4")
    return place


@pytest.fixture
def there(place, monkeypatch, without_xla):
    monkeypatch.chdir(place)


def write_clip(path):
    frame = av.VideoFrame.from_ndarray(np.full((32, 48, 3), 10, "uint8"))
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", 30, width=48, height=32, pix_fmt="yuv420p")
        file.mux(stream.encode(frame))
        file.mux(stream.encode())


def commands(text):
    """The lines of a shell block, without comments; of continued ones, one line."""
    for line in text.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield line.strip(), words


def run(line, words):
    """Run a command as it stands: our own in this process, others by a shell."""
    door = re.match(
        rf"(python -m zero_dce_keras[. ]|zero-dce )({'|'.join(VERBS)})\b", line
    )
    if door and not re.search(r"[|<>;&$`]", line):
        verb = door[2]
        arguments = words[words.index(verb) + 1 :] if verb in words else words[3:]
        if verb == "fit":
            arguments += SMALL_FIT
        main = importlib.import_module(f"zero_dce_keras.{verb}").main
        return cli.run(main, arguments)
    places = {"PATH": Path(sys.executable).parent, "PYTHONPATH": REPOSITORY}
    environment = dict(os.environ)
    for name, directory in places.items():
        environment[name] = f"{directory}{os.pathsep}{os.environ.get(name, '')}"
    return subprocess.run(["bash", "-c", line], env=environment, check=False).returncode


@of_language(SHELL)
def test_commands(text, there):
    for line, words in commands(text):
        if not line.startswith(tuple(NOT_RUN)):
            assert run(line, words) == 0, line


@of_language(PYTHON)
def test_python(text, there):
    for pattern, small in SMALL_PYTHON.items():
        text = re.sub(pattern, small, text)
    Path("block.py").write_text(text, encoding="utf-8")
    runpy.run_path("block.py")


def test_blocks_of_other_languages_are_no_commands():
    """None escapes by a name that nobody runs."""
    others = {language for language, _ in BLOCKS} - {*SHELL, *PYTHON}
    assert others <= {"text", "json"}


def test_what_it_names_is_there():
    """Targets of make, extras of pip, and files."""
    code = re.findall(r"`([^`\n]+)`", README) + [text for _, text in BLOCKS]
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in re.findall(r"^make ([\w-]+)", "\n".join(code), re.MULTILINE):
        assert re.search(rf"^[\w -]*\b{target}\b[\w -]*:", makefile, re.MULTILINE), (
            target
        )
    setup = (REPOSITORY / "setup.cfg").read_text()
    for extras in re.findall(r"\[([\w,-]+)\]", "\n".join(code)):
        for extra in extras.split(","):
            assert re.search(rf"^{extra} =", setup, re.MULTILINE), extra
    for link in re.findall(r"\]\((?!http)([^)#]+)", README):
        assert (REPOSITORY / link).exists(), link


@pytest.mark.large
def test_make_demo(tmp_path):
    command = [
        "make",
        "--file",
        REPOSITORY / "Makefile",
        "--assume-old",
        "venv",
        "demo",
    ]
    command.append(f"RUN=PYTHONPATH={REPOSITORY} {sys.executable}")
    subprocess.run(command, cwd=tmp_path, check=True)
    made = {path.name for path in (tmp_path / "runs" / "demo").iterdir()}
    files = {"history.csv", "history.png", "before_after.png", "scores.json"}
    assert files | {"best.weights.h5"} <= made
