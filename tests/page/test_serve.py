"""The page on this computer alone, and what a user can get wrong in starting it."""

import socket
import sys
from urllib.parse import urlsplit

import pytest

from zero_dce_keras import app, cli


def test_without_gradio_one_line_names_the_extra(monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert cli.run(app.main, []) == 1
    line = "error: gradio is not installed: pip install '.[ui]' in the package's checkout\n"
    assert capfd.readouterr() == ("", line)


def test_a_port_that_cannot_be(capsys):
    with pytest.raises(SystemExit) as exit:
        app.main(["--port", "70000"])
    assert exit.value.code == 2
    assert "must be at most 65535. Received: 70000" in capsys.readouterr().err


@pytest.fixture
def fail(monkeypatch, capfd):
    """Function that calls the command with options; its one line of error."""
    pytest.importorskip("gradio", reason="the page needs the extra `ui`: make test-ui")
    for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR", "no_proxy"):
        monkeypatch.setenv(name, "")  # what the command sets is taken back

    def fail(*options):
        assert cli.run(app.main, [*options]) == 1
        out, err = capfd.readouterr()
        lines = [line for line in err.splitlines() if line.startswith("error: ")]
        assert not out and len(lines) == 1 and "Traceback" not in err
        return lines[0]

    return fail


@pytest.mark.large
def test_a_port_in_use(fail):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = fail("--port", str(port))
    assert line == f"error: port {port} is in use; --port takes another"


@pytest.mark.large
def test_weights_that_are_not_there(fail):
    assert "zero_dce_general" in fail("--weights", "nowhere")  # the presets are named


@pytest.mark.large
def test_it_listens_on_this_computer_alone(server):
    port = urlsplit(server.url).port
    assert server.url == f"http://127.0.0.1:{port}/"
    socket.create_connection(("127.0.0.1", port)).close()
    # 127.0.0.2 is this computer too: a server on all addresses would answer there.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port))


@pytest.mark.large
def test_it_asks_nobody_for_anything(server):
    """But itself, whether it is there; not the proxy that its environment names."""
    port = urlsplit(server.url).port
    itself = f" ('127.0.0.1', {port})", " 127.0.0.1"
    assert not set(server.told("connection")) - set(itself)


@pytest.mark.large
def test_other_hosts_names_are_refused(server):
    """A page of theirs cannot reach this one by a name of its own for 127.0.0.1."""
    import httpx  # Gradio's

    assert httpx.get(server.url).status_code == 200
    refused = httpx.get(server.url, headers={"Host": "elsewhere.example"})
    assert refused.status_code == 400
