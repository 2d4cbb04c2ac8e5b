import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zero_dce_keras.images import write_image

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_snippet_of_the_page_runs_and_shows_the_error(tmp_path):
    rows, columns = np.mgrid[0:96, 0:128]
    shades = (rows + columns)[..., None] * [1, 0.8, 0.6]
    write_image(tmp_path / "high/1.png", shades.astype("uint8"))
    write_image(tmp_path / "low/1.png", (shades / 16).astype("uint8"))
    script = tmp_path / "habits.py"
    script.write_text(PAGE.read_text("utf-8").split("```python\n")[1].split("```")[0])
    printed = subprocess.run(
        [sys.executable, script, tmp_path], capture_output=True, text=True, check=True
    ).stdout
    scores = {
        line[:30].strip(): float(line[30:].split()[0]) for line in printed.splitlines()
    }
    assert scores["random noise, uint8 wraps"] == pytest.approx(27.90, abs=0.1)
    assert scores["random noise"] < 10
    assert scores["input in [0, 1], max_val=255"] == pytest.approx(
        scores["untouched input"] + 48.13, abs=0.011
    )
    assert scores["input, GT-mean"] > scores["untouched input"] + 2
