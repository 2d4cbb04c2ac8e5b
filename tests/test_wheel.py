"""The wheel holds all that the package needs: it works without the checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import write_photo

CHECKOUT = Path(__file__).parents[1]
SOURCES = ("zero_dce_keras", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")

ENHANCE = """
import sys
from pathlib import Path
import numpy as np
import zero_dce_keras
site, photo = sys.argv[1:]
assert Path(zero_dce_keras.__file__).is_relative_to(site), zero_dce_keras.__file__
assert "zero_dce_lol" in zero_dce_keras.list_presets()
enhancer = zero_dce_keras.Enhancer.from_preset("zero_dce_lol")
dark, bright = zero_dce_keras.read_image(photo), np.asarray(enhancer(photo))
assert bright.shape == dark.shape and bright.mean() > dark.mean() + 20
"""


def python(*arguments, **options):
    """Run Python in a process of its own; returns its stdout. Fails if it does."""
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Directory into which the wheel is installed, and nothing else."""
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
    pip = ["-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    offline = ["--no-deps", "--no-index"]
    build = [*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", root]
    python(*build, root / "source")
    (wheel,) = root.glob("*.whl")
    python(*pip, "install", *offline, "--target", root / "site", wheel)
    return root / "site"


def test_enhances_a_photograph_far_from_the_checkout(site, tmp_path):
    photo = write_photo(tmp_path / "dark.png", brightness=60)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    python("-c", ENHANCE, site, photo, cwd=tmp_path, env=environment)


def test_holds_every_file_of_the_package(site):
    def files(root):
        return {
            path.relative_to(root).as_posix()
            for path in (root / "zero_dce_keras").rglob("*")
            if path.is_file() and path.parent.name != "__pycache__"
        }

    assert files(site) == files(CHECKOUT)
