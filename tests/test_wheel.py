"""The wheel, in an environment of its own, does all that the package does."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from PIL import Image

from conftest import write_photo

CHECKOUT = Path(__file__).parents[1]
SOURCES = ("zero_dce_keras", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
INSTALLED = "zero_dce_keras[cpu]"

CHECK = """
import importlib.util
import sys
import zero_dce_keras
assert not importlib.util.find_spec("pytest")
assert zero_dce_keras.__file__.startswith(sys.prefix), zero_dce_keras.__file__
assert not {"keras", "tensorflow", "numpy"} & set(sys.modules)
assert "zero_dce_lol" in zero_dce_keras.list_presets()
model = zero_dce_keras.load_model(sys.argv[1])
zero_dce_keras.infer(model, sys.argv[2]).save(sys.argv[3])
"""


def run(*command, **options):
    """Run a command in a process of its own. Fails if it does."""
    command = [str(part) for part in command]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def needed(requirement, path):
    """The distributions that pip would install for a requirement, by name.

    Args:
        requirement: e.g. `"zero_dce_keras[cpu]"`.
        path: directories to look into before those of this Python.
    """
    found, todo = {}, [Requirement(requirement)]
    while todo:
        wanted = todo.pop()
        distributions = importlib.metadata.distributions(
            name=wanted.name, path=[*path, *sys.path]
        )
        found[wanted.name] = distribution = next(iter(distributions))
        for text in distribution.requires or ():
            new = Requirement(text)
            extras = ("", *wanted.extras)
            if new.name not in found and (
                new.marker is None
                or any(new.marker.evaluate({"extra": extra}) for extra in extras)
            ):
                todo.append(new)
    return found


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment with the wheel and what it asks for, and nothing else.

    What it asks for is not downloaded again, but linked from where the tests run.
    """
    root = tmp_path_factory.mktemp("wheel")
    # From a copy, because a build leaves build/ and *.egg-info behind.
    for name in SOURCES:
        source, target = CHECKOUT / name, root / "source" / name
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    build = [*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", root]
    run(*build, root / "source")
    (wheel,) = root.glob("*.whl")
    home = root / "environment"
    venv.create(home)
    run(*pip, "--python", home / "bin" / "python", "install", *offline, wheel)
    (site,) = home.glob("lib/python*/site-packages")
    for distribution in needed(INSTALLED, [site]).values():
        for name in {file.parts[0] for file in distribution.files} - {"..", "bin"}:
            source, target = Path(distribution.locate_file(name)), site / name
            if source != target and not target.exists():
                target.symlink_to(source)
    return home


@pytest.fixture
def call(environment, tmp_path):
    """Function that runs a program of the environment, far from the checkout."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME")
    }

    def call(program, *arguments):
        return run(
            environment / "bin" / program, *arguments, cwd=tmp_path, env=variables
        )

    return call


def test_enhances_a_photograph_with_the_preset(call, tmp_path):
    """The loops of the default preset are compiled once, and said to be."""
    dark = write_photo(tmp_path / "dark.png", brightness=60)
    lines = []
    for _ in range(2):
        done = call("zero-dce", "enhance", dark, "-o", "bright.png", "--overwrite")
        assert done.stdout == "bright.png\n"
        lines.append(done.stderr.count("compiling for this machine, once"))
    assert lines == [1, 0]
    images = [
        np.asarray(Image.open(tmp_path / name)) for name in ("dark.png", "bright.png")
    ]
    assert images[1].shape == images[0].shape
    assert images[1].mean() > images[0].mean() + 20


def test_trains_a_step_and_opens_what_it_saved(call, photo_folder, tmp_path):
    photos = photo_folder()
    command = ["fit", "--dataset", "folder", "--data-dir", photos, "--output", "run"]
    command += ["--epochs", 1, "--batch-size", 2, "--image-size", 16]
    command += ["--num-iterations", 1, "--num-layers", 1]  # XLA compiles it sooner
    assert call("zero-dce", *command).stdout == "run\n"
    call("python", "-c", CHECK, "run/last.keras", photos / "1.png", "bright.png")
    assert Image.open(tmp_path / "bright.png").size == (48, 32)


def test_holds_every_file_of_the_package(environment):
    def files(root):
        return {
            path.relative_to(root).as_posix()
            for path in (root / "zero_dce_keras").rglob("*")
            if path.is_file() and path.parent.name != "__pycache__"
        }

    (site,) = environment.glob("lib/python*/site-packages")
    assert files(site) == files(CHECKOUT)
