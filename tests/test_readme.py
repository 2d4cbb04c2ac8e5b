"""Every command and every line of Python in the documentation runs, on small data."""

import importlib
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from torch_files import state_dict, tensors, write_zip
from trainings import quicken

from conftest import write_photo
from zero_dce_keras import ZeroDCE, ZeroDCEPlusPlus, cli
from zero_dce_keras.__main__ import VERBS
from zero_dce_keras.data.sample import VERSION
from zero_dce_keras.experiments import GRIDS
from zero_dce_keras.serving.signatures import ServedModel

REPOSITORY = Path(__file__).parents[1]
PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]
TEXTS = {path: path.read_text(encoding="utf-8") for path in PAGES}
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
SHELL, PYTHON, NOT_CODE = ("sh", "bash", "shell"), ("py", "python"), ("text", "mermaid")


class Block(NamedTuple):
    page: Path
    language: str
    text: str

    def __str__(self):
        return f"{self.page.stem}: {self.text.splitlines()[0][:60]}"


FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    Block(page, *found)
    for page, text in TEXTS.items()
    for found in FENCED.findall(text)
]

# How a command begins that is not run here, and why, or what else runs it.
NOT_RUN = {
    "make demo": "test_make_demo does, which is large",
    "make test": ".ci/run does: this is one of the tests",
    "make venv": "what runs this test, it has set up",
    "make docs": "`make test-docs` does, by tests/test_docs_site.py",
    "make test-docs": "the same",
    "pip install": "no network; test_wheel.py installs the wheel",
    "git clone": "no network",
    "python -m venv": "as `make venv` does",
    ". .venv/bin/activate": "as `make venv` does",
    "pytest": "this is one of the tests",
    "zero-dce serve": "it serves until Ctrl-C; tests/serving/test_server.py starts it",
    "zero-dce export -o served": "test_server_docs.py does, by `make test-serving`",
    "zero-dce export --format": "test_portable.py does, by `make test-export`",
    "curl": "needs a server; test_server_docs.py, by `make test-serving`",
    "(printf": "what is sent by curl",
    "docker run": "TensorFlow Serving itself was not run: docs/serving.md says so",
    "zero-dce bulk": "tests/batch/test_bulk.py does, by `make test-ray`",
    "ray start": "it starts a cluster; test_bulk.py has one of its own",
    "zero-dce app": "it serves until Ctrl-C; tests/page starts it",
    "KERAS_BACKEND=": "a backend a process; `make test-backends`, in .ci/run",
    **{
        f"zero-dce ablate {table}": "minutes a cell; tests/experiments has its rows"
        for table in GRIDS
    },
    "zero-dce benchmark --faces": "tests/evaluation/test_faces.py does, on less",
    "python tools/make_preset.py": "it needs the real LOL, and changes the package",
}

# What a block of Python has that is not run here, and why, or what else runs it.
NOT_RUN_PYTHON = {
    "localhost:850": "needs a server; test_server_docs.py, by `make test-serving`",
    "tf.saved_model.load": "test_server_docs.py, by `make test-serving`",
    "ai_edge_litert": "test_portable.py, by `make test-export`",
    "import onnxruntime": "test_portable.py, by `make test-export`",
    "zero_dce_manifest": "tests/batch/test_bulk.py, by `make test-ray`",
    "import kserve": "test_server_docs.py, where KServe is installed",
}

# A training of seconds in place of the pages'; the last option of a name counts.
SMALL_FIT = shlex.split(
    "--train-images 4 --validation-images 2 --epochs 1 --batch-size 2 --image-size 16"
    " --no-crop --whole-epochs 0 --filters 2 --num-layers 1 --num-iterations 1"
    " --num-rrg 1 --num-mrb 1 --channels 4 --block residual"
)
SMALL_PYTHON = {
    r"\btrain_images=\d+": "train_images=4",
    r"\bvalidation_images=\d+": "validation_images=2",
    r"\bimage_size=\d+": "image_size=16",
    r"\bepochs=\d+": "epochs=1",
    r"\b64, 64\b": "16, 16",
    r"\bMIRNet\(.*?\)": "MIRNet(1, 1, channels=4, block='residual')",
}


def of_language(languages):
    blocks = [block for block in BLOCKS if block.language in languages]
    assert blocks  # a parametrised test of nothing would pass
    return pytest.mark.parametrize("block", blocks, ids=str)


@pytest.fixture(scope="session")
def place(tmp_path_factory, make_lol):
    """A directory with what the commands find, under the names that the pages use.

    One for all blocks, as for a reader who goes from top to bottom.
    """
    place = tmp_path_factory.mktemp("work") / "checkout"
    for name in ("DIR", "../shared/data/lol"):
        make_lol(place / name, train_ids=(2, 5, 6, 7, 8, 9))
    for folder in ("photos", "low", "high"):
        for seed in range(6):
            write_photo(place / folder / f"{seed}.jpg", seed, brightness=60)
    for split, count in (("train", 6), ("test", 2)):  # of the embedded sample
        for path in [Path(split, side) for side in ("low", "high")]:
            for seed in range(count):
                write_photo(place / "zero_dce_sample" / path / f"{seed}.png", seed)
    card = json.dumps({"version": VERSION, "exposures": {}})
    (place / "zero_dce_sample" / "sample.json").write_text(card)
    write_photo(place / "dark.jpg", brightness=60)
    write_clip(place / "clip.mp4")
    for folder, model in (("Zero-DCE", ZeroDCE()), ("Zero-DCE++", ZeroDCEPlusPlus())):
        (place / folder).mkdir()
        arrays, storages = tensors(state_dict(model))
        write_zip(place / folder / "Epoch99.pth", arrays, storages)
    (place / "tools").symlink_to(REPOSITORY / "tools")
    return place


@pytest.fixture
def there(place, monkeypatch):
    """That directory as the working directory, with quick trainings and exports."""
    monkeypatch.chdir(place)
    quicken(monkeypatch.setattr)
    served, names = ServedModel.signatures, ("serving_default",)  # others take seconds
    monkeypatch.setattr(ServedModel, "signatures", lambda self, _: served(self, names))


def write_clip(path):
    frame = av.VideoFrame.from_ndarray(np.full((32, 48, 3), 10, "uint8"))
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", 30, width=48, height=32, pix_fmt="yuv420p")
        file.mux(stream.encode(frame))
        file.mux(stream.encode())


def commands(text):
    """The commands of a shell block, each in one line, without comments."""
    lines = re.sub(r"(^|\s)#.*", "", text.replace("\\\n", " "), flags=re.MULTILINE)
    return [line.strip() for line in lines.splitlines() if line.strip()]


def run(line):
    """Run a command as it stands: those of the package here, others by a shell."""
    verbs = rf"(?:python -m zero_dce_keras[. ]|zero-dce )({'|'.join(VERBS)})\b(.*)"
    if (match := re.match(verbs, line)) and not re.search(r"[|<>;&$`]", line):
        verb, options = match[1], shlex.split(match[2])
        main = importlib.import_module(f"zero_dce_keras.{verb}").main
        return cli.run(main, options + SMALL_FIT * (verb in ("fit", "ablate")))
    places = {"PATH": Path(sys.executable).parent, "PYTHONPATH": REPOSITORY}
    environment = dict(os.environ)
    for name, directory in places.items():
        environment[name] = f"{directory}{os.pathsep}{os.environ.get(name, '')}"
    return subprocess.run(["bash", "-c", line], env=environment, check=False).returncode


def make_run_directory():
    fit = "python -m zero_dce_keras.fit --dataset folder --data-dir photos"
    assert run(f"{fit} --output RUN_DIR") == 0


@of_language(SHELL)
def test_commands(block, there):
    if "RUN_DIR" in block.text and not Path("RUN_DIR").exists():
        make_run_directory()  # a run to go on with
    for line in commands(block.text):
        if not line.startswith(tuple(NOT_RUN)):
            assert run(line) == 0, line


@of_language(PYTHON)
def test_python(block, there, monkeypatch):
    text = block.text
    for part, reason in NOT_RUN_PYTHON.items():
        if part in text:
            pytest.skip(reason)
    for pattern, small in SMALL_PYTHON.items():
        text = re.sub(pattern, small, text)
    Path("block.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["block.py", "."])
    Path("bright.mp4").unlink(missing_ok=True)  # of another block
    runpy.run_path("block.py")


def test_blocks_of_other_languages_are_no_commands():
    """None escapes by a name that nobody runs, or by indentation."""
    for block in BLOCKS:
        assert block.language in {*SHELL, *PYTHON, *NOT_CODE}, str(block)
    for page, text in TEXTS.items():
        indented = re.search(r"\n\n {4,}\S.*", FENCED.sub("", text))
        assert not indented, f"{page.name}: {indented[0]}"


def test_reasons_for_not_running_are_needed():
    lines = [line for block in BLOCKS for line in commands(block.text)]
    for start in NOT_RUN:
        assert any(line.startswith(start) for line in lines), start
    for part in NOT_RUN_PYTHON:
        assert any(part in block.text for block in BLOCKS), part


@each_page
def test_what_it_names_is_there(page):
    """Targets of make, extras of pip, files and folders, and links."""
    text = TEXTS[page]
    inline = re.findall(r"`([^`]+)`", FENCED.sub("", text))
    code = [" ".join(words.split()) for words in inline]
    code = "\n".join(code + [block.text for block in BLOCKS if block.page == page])
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in re.findall(r"^make ([\w-]+)", code, re.MULTILINE):
        assert re.search(rf"^[\w -]*\b{target}\b[\w -]*:", makefile, re.MULTILINE), (
            target
        )
    setup = (REPOSITORY / "setup.cfg").read_text()
    extra_lists = r"(?:^|\.|keras)\[([a-z][\w,-]*)\]"
    for extras in re.findall(extra_lists, code, re.MULTILINE):
        for extra in extras.split(","):
            assert re.search(rf"^{extra} =", setup, re.MULTILINE), extra
    tops = "zero_dce_keras|tests|tools|benchmarks|docs"
    for path in re.findall(rf"\b((?:{tops})/[\w/.-]*\w)", code):
        is_example = re.search("my_preset|toy|NAME", path)
        assert is_example or (REPOSITORY / path).exists(), path
    for link in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (page.parent / link).exists(), link


def test_the_architecture_names_every_folder():
    page, package = (
        TEXTS[REPOSITORY / "docs/architecture.md"],
        REPOSITORY / "zero_dce_keras",
    )
    for folder in package.glob("[!_]*/"):
        assert f"`{folder.name}/`" in page, folder.name
    for file in re.findall(r"`(\w+\.py)`", page):
        assert (package / file).exists(), file


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
