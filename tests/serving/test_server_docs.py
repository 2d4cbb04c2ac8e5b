"""The blocks of docs/serving.md that need a server, against one."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import served
from PIL import Image

from conftest import write_photo

PAGE = Path(__file__).parents[2] / "docs" / "serving.md"
ASKS = re.compile(r"localhost:850[01]|tf\.saved_model\.load")
BLOCKS = [
    (language, text)
    for language, text in re.findall(
        r"^```(sh|python)\n(.*?)^```$",
        PAGE.read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    if ASKS.search(text) and "import kserve" not in text  # test_kserve has that one
]
assert {language for language, _ in BLOCKS} == {"sh", "python"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory with what the blocks find, and the command of the page's server."""
    place = tmp_path_factory.mktemp("docs")
    write_photo(place / "dark.jpg", size=(40, 60), brightness=60)
    for seed in range(3):
        write_photo(place / "photos" / f"{seed}.jpg", seed, brightness=60)
    command = [sys.executable, "-m", "zero_dce_keras", "export"]
    subprocess.run([*command, "-o", place / "served" / "zero_dce"], check=True)
    return place


@pytest.fixture(scope="module")
def server(place):
    with served.serving(place / "served" / "zero_dce") as server:
        yield server


def test_kserve(place):
    kserve = pytest.importorskip("kserve", reason="an environment of its own")
    (text,) = re.findall(
        r"^```python\n(import kserve\n.*?)^```$",
        PAGE.read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    (place / "kserve_zero_dce.py").write_text(text, "utf-8")
    found = runpy.run_path(place / "kserve_zero_dce.py")
    model = found["ZeroDCE"]("zero_dce", str(place / "served" / "zero_dce" / "1"))
    assert model.load()
    files = kserve.InferInput("image_bytes", [1], "BYTES")
    content = np.array([(place / "dark.jpg").read_bytes()], dtype=object)
    files.set_data_from_numpy(content, binary_data=True)
    answer = model.predict(kserve.InferRequest("zero_dce", [files]))
    (enhanced,) = answer.outputs[0].as_numpy()
    assert served.pixels_of(enhanced).shape == (40, 60, 3)


@pytest.mark.parametrize("language, text", BLOCKS)
def test_block(language, text, server, place, monkeypatch):
    monkeypatch.chdir(place)
    before = set(place.rglob("*"))
    text = text.replace("localhost:8500", server.grpc_address)
    text = text.replace("http://localhost:8501", server.root)
    if language == "sh":
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text], capture_output=True, check=True
        )
        assert b'"AVAILABLE"' in done.stdout
        assert b'"predictions":[{"b64":"/9j/' in (place / "answer.json").read_bytes()
        return
    Path("block.py").write_text(text, "utf-8")
    runpy.run_path("block.py")
    written = set(place.rglob("*bright*.jpg")) - before
    assert len(written) in (1, 3)
    for path in written:
        size = (60, 40) if path.parent == place else (48, 32)
        with Image.open(path) as image:
            assert (image.format, image.size) == ("JPEG", size)
        os.remove(path)
