"""`zero-dce serve` where it does not begin to serve; needs no extra."""

import sys
from types import ModuleType

import pytest

from zero_dce_keras import cli, serve


@pytest.mark.parametrize(
    "options", [[], ["DIR", "--grpc-port", "70000"], ["DIR", "--max-batch", "0"]]
)
def test_wrong_options(capsys, options):
    with pytest.raises(SystemExit) as exit:
        serve.main(options)
    assert exit.value.code == 2
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("missing", serve.NEEDED)
def test_a_missing_extra(capfd, monkeypatch, tmp_path, missing):
    for name in serve.NEEDED:
        module = None if name == missing else ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
    assert cli.run(serve.main, [str(tmp_path)]) == 1
    how = "pip install '.[serving]' in the package's checkout"
    if missing == "tensorflow_serving":
        how = "pip install --no-deps tensorflow-serving-api"
    line = f"error: {missing} is not installed: {how}\n"
    assert capfd.readouterr() == ("", line)
