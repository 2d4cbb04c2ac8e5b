"""Against a real server on the loopback that does what servers and networks do."""

import hashlib

import numpy as np
import pytest
from bad_server import BadServer

from zero_dce_keras.data.download import download

CONTENT = np.random.default_rng(0).bytes(2_000_000)  # several chunks
HASTY = {"timeout": (2, 0.5), "pause": 0.001}


def is_right(path):
    """As the checksums of an archive would tell."""
    if path.read_bytes() != CONTENT:
        raise ValueError("wrong bytes")


@pytest.fixture
def target(tmp_path):
    return tmp_path / "lol_dataset.zip"


def serve(script, target, check=is_right, **options):
    """Download from a bad server; returns the first byte of every request."""
    with BadServer(CONTENT, script) as server:
        download(server.url, target, check, **{**HASTY, **options})
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
    return server.ranges


@pytest.mark.parametrize(
    "script",
    [
        [],
        ["cut"],
        ["cut", "cut", "no_range"],
        ["cut", "wrong_part"],
        ["cut", "unnamed_part"],
        ["cut", "garbage"],
        ["other_cut"],
        ["damaged"],
        ["cut", "damaged"],
        ["garbage", "garbage"],
        ["too_short"],
        ["too_long"],
        ["too_long", "cut"],
        ["no_length"],
        ["no_length_cut"],
        ["redirect"],
        ["redirect", "cut", "redirect"],
        ["stall"],
        ["silence"],
        ["busy", "hang_up", "busy"],
    ],
    ids="-".join,
)
def test_the_file_arrives_whole(script, target):
    serve(script, target)


@pytest.mark.parametrize(
    "script",
    [
        ["cut", "wrong_part"],
        ["cut", "unnamed_part"],
        ["other_cut"],
        ["cut", "no_range"],
    ],
    ids="-".join,
)
def test_the_protocol_alone_tells(script, target):
    """Where nothing is known of the file that could be checked."""
    serve(script, target, check=None)


@pytest.mark.parametrize("seed", range(20))
def test_cut_at_random_bytes(seed, target):
    """Every attempt goes on where the one before ended, however many there are."""
    with BadServer(CONTENT, ["cut"] * 6, seed) as server:
        download(server.url, target, is_right, **HASTY)
    assert target.read_bytes() == CONTENT
    assert server.ranges == sorted(server.ranges) and server.ranges[-1] > 1_000_000


def test_another_process_goes_on_where_one_ended(target):
    with BadServer(CONTENT, ["stall"]) as server:
        with pytest.raises(ConnectionError, match="timed out"):
            download(server.url, target, retries=0, **HASTY)
        assert not target.exists()
        download(server.url, target, **HASTY)
    assert server.ranges[0] == 0 and 980_000 < server.ranges[1] <= 1_000_000
    assert target.read_bytes() == CONTENT


def test_a_file_that_changed_in_between(target):
    with BadServer(b"old" + CONTENT, ["cut"]) as server:
        with pytest.raises(ConnectionError):
            download(server.url, target, retries=0, **HASTY)
        server.content, server.etag = CONTENT, '"two"'
        download(server.url, target, **HASTY)
    assert server.ranges[1] > 0 and server.ranges[-1] == 0
    assert target.read_bytes() == CONTENT


def test_what_was_complete_is_not_asked_for_again(target):
    target.with_name("lol_dataset.zip.part").write_bytes(CONTENT)
    note = f'{{"total": {len(CONTENT)}, "etag": null, "modified": null}}'
    target.with_name("lol_dataset.zip.part.json").write_text(note)
    assert serve([], target) == []


def test_bytes_of_nothing_known_are_not_used(target):
    target.with_name("lol_dataset.zip.part").write_bytes(b"who knows")
    assert serve([], target) == [0]


@pytest.mark.parametrize(
    "answer, message",
    [
        ("garbage", "wrong bytes"),
        ("damaged", "wrong bytes"),
        ("too_short", "wrong bytes"),
        ("busy", "503"),
        ("missing", "404"),
        ("redirect", "redirects"),
        ("redirect_to_file", "file:"),
        ("hang_up", "without response"),
        ("no_range_cut", "more expected"),
    ],
)
def test_what_never_works_ends(answer, message, target):
    with pytest.raises(ConnectionError, match=message) as error:
        serve([answer] * 99, target, retries=2)
    assert "http://127.0.0.1" in str(error.value) and "\n" not in str(error.value)
    assert not target.exists()


def test_nobody_listens(target):
    with BadServer(CONTENT) as server:
        url = server.url
    with pytest.raises(ConnectionError, match="refused"):
        download(url, target, retries=1, **HASTY)


def test_size_and_checksum(target):
    right = hashlib.sha256(CONTENT).hexdigest()
    for known, message in (
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"size": 5}, "2000000 bytes, not 5"),
    ):
        with pytest.raises(ConnectionError, match=message):
            serve([], target, retries=1, **known)
        assert not target.exists()
    serve([], target, check=None, sha256=right, size=len(CONTENT))


def test_no_room(target):
    """Said before anything is written."""
    with pytest.raises(OSError, match="1000000000 MB needed, .* MB free"):
        serve(["immense"] * 9, target)
    assert not target.with_name("lol_dataset.zip.part").exists()


def test_progress(target, caplog):
    caplog.set_level("INFO")
    serve(["busy"], target)
    failed, done = caplog.messages[-2:]
    assert failed.startswith("lol_dataset.zip: the server answered 503")
    assert failed.endswith("; trying again in 0.001 s")
    assert done.startswith("lol_dataset.zip: 2 of 2 MB (100 %)")
