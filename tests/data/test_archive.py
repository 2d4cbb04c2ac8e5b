"""Archives that would harm, each of them real."""

import io
import stat
import zipfile

import pytest

from zero_dce_keras.data.archive import check_archive, unpack


@pytest.fixture
def make(tmp_path):
    """Function that writes an archive of `(name or ZipInfo, content)`s."""

    def make(*members, method=zipfile.ZIP_STORED):
        path = tmp_path / "lol_dataset.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in members:
                archive.writestr(name, content)
        return path

    return make


def special(name, kind):
    member = zipfile.ZipInfo(name)
    member.external_attr = (kind | 0o777) << 16
    return member


@pytest.mark.parametrize(
    "name",
    [
        "../outside.png",
        "our485/../../outside.png",
        "/etc/outside.png",
        "C:/outside.png",
        "C:outside.png",
        "\\outside.png",
        "our485\\..\\..\\outside.png",
        "//server/share/outside.png",
    ],
)
def test_ways_out_are_refused(make, name):
    path = make(("our485/low/1.png", b"fine"), (name, b"not so"))
    with pytest.raises(ValueError, match="leads out of the directory"):
        check_archive(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_special_files_are_refused(make, kind):
    path = make((special("our485/low", kind), "/etc"))
    with pytest.raises(ValueError, match="'our485/low' in it is a link or a special"):
        check_archive(path)


def test_bombs_are_refused(make):
    path = make(("1.png", bytes(50_000_000)), method=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    with pytest.raises(ValueError, match="50000000 bytes, which is a bomb"):
        check_archive(path)


def test_a_bomb_that_lies_about_its_size(make):
    """What it says is what is unpacked at most; its checksum is another."""
    path = make(("1.png", bytes(50_000_000)), method=zipfile.ZIP_DEFLATED)
    size = (50_000_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (999).to_bytes(4, "little")))
    with pytest.raises(ValueError, match="in it is damaged"):
        check_archive(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(make, method):
    with pytest.raises(ValueError, match="unusual way"):
        check_archive(make(("1.png", b"pixels"), method=method))


def test_encrypted_files_are_refused(make):
    path = make(("1.png", b"pixels"))
    data = bytearray(path.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="encrypted"):
        check_archive(path)


def test_every_kind_of_damage_is_a_value_error(make):
    """Each byte of an archive changed, and each length cut: refused, or harmless."""
    content = b"pixels" * 9
    path = make(("our485/low/1.png", content), method=zipfile.ZIP_DEFLATED)
    whole = path.read_bytes()
    damaged = [whole[:n] for n in range(len(whole))]
    damaged += [
        whole[:n] + bytes([whole[n] ^ 255]) + whole[n + 1 :] for n in range(len(whole))
    ]
    for data in damaged:
        path.write_bytes(data)
        try:
            check_archive(path)
        except ValueError as error:
            assert "\n" not in str(error)
        else:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                assert [archive.read(name) for name in archive.namelist()] in (
                    [content],
                    [],
                )


def test_unpack_takes_what_is_wanted(make, tmp_path):
    path = make(("a/", b""), ("a/1.png", b"one"), ("a/notes.txt", b"no"))
    check_archive(path)
    names = {"a/1.png": "low/1.png", "a/": "low"}
    unpack(path, tmp_path / "new", names.get)
    assert (tmp_path / "new" / "low" / "1.png").read_bytes() == b"one"
    assert len(list((tmp_path / "new").rglob("*"))) == 2


def test_unpack_refuses_two_of_one_name(make, tmp_path):
    path = make(("a/1.png", b"one"), ("b/1.png", b"two"))
    with pytest.raises(ValueError, match=r"'b/1.png' is in it twice"):
        unpack(path, tmp_path / "new", lambda name: name[2:])
