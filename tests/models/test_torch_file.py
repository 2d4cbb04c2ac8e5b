"""Reading the files of PyTorch, which `torch_files` writes by hand."""

import builtins
import collections
import os
import pickle
import struct
import tracemalloc
import zipfile

import checks
import keras
import numpy as np
import pytest
from torch_files import (
    Call,
    Global,
    Storage,
    dumps,
    tensor,
    tensors,
    write_legacy,
    write_zip,
)

from zero_dce_keras import load_model
from zero_dce_keras.models import torch_file
from zero_dce_keras.models.torch_file import read_torch_checkpoint

every_format = pytest.mark.parametrize("write", [write_zip, write_legacy])

# What is read


@every_format
def test_wrappers_and_prefixes(write, tmp_path):
    arrays = {"a.weight": np.arange(6.0).reshape(2, 3), "b": np.ones(2)}
    content, storages = tensors(arrays)
    prefixed = {f"module.{name}": content[name] for name in content}
    wrapped = {"epoch": 7, "state_dict": prefixed, "optimizer": {"lr": [1e-4]}}
    for item in (content, prefixed, wrapped):
        found = read_torch_checkpoint(write(tmp_path / "a.pth", item, storages))
        assert list(found) == ["a.weight", "b"]
        np.testing.assert_array_equal(found["a.weight"], arrays["a.weight"])


@every_format
def test_views_and_other_numbers(write, tmp_path):
    """A storage may hold several tensors, transposed ones too, and other types."""
    floats = Storage("1", np.arange(12, dtype="float32"))
    wholes = Storage("2", np.arange(3), "LongStorage")
    halves = Storage("3", np.float16([0.5, 0.25]), "HalfStorage")
    content = {
        "transposed": tensor(floats, (3, 2), offset=4, stride=(1, 3)),
        "number": tensor(floats, (), offset=2, stride=()),
        "wholes": tensor(wholes, (3,)),
        "parameter": Call(
            Global("torch._utils", "_rebuild_parameter"), tensor(halves, (2,)), True, {}
        ),
    }
    found = read_torch_checkpoint(
        write(tmp_path / "a.pth", content, [floats, wholes, halves])
    )
    assert found["transposed"].tolist() == [[4, 7], [5, 8], [6, 9]]
    assert found["number"] == 2 and found["wholes"].tolist() == [0, 1, 2]
    assert found["parameter"].tolist() == [0.5, 0.25]


# What is refused


class Evil:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, function, argument):
        self.function, self.argument = function, argument

    def __reduce__(self):
        return self.function, (self.argument,)


def attacks(trace):
    code = f"open({str(trace)!r}, 'w').close()"
    return {
        "system": Evil(os.system, f"touch {trace}"),
        "eval": Evil(builtins.eval, code.removesuffix(".close()")),
        "exec": Evil(builtins.exec, code),
        "open": Call(Global("builtins", "open"), str(trace), "w"),
        "load": Call(Global("torch", "load"), str(trace)),
        "getattr": Call(Global("builtins", "getattr"), "", "join"),
        "nested": Call(Global("torch._utils", "_rebuild_tensor_v2.__globals__"), 1),
    }


@every_format
@pytest.mark.parametrize("name", list(attacks("")))
@pytest.mark.parametrize("place", ["whole", "value", "optimizer"])
def test_code_is_refused_and_not_executed(write, name, place, tmp_path):
    trace = tmp_path / "trace"
    attack = attacks(trace)[name]
    content, storages = tensors({"e_conv1.weight": np.ones((3, 3, 3, 3))})
    item = {
        "whole": attack,
        "value": {**content, "e_conv1.bias": attack},
        "optimizer": {"state_dict": content, "optimizer": attack},
    }[place]
    path = write(tmp_path / "evil.pth", item, storages)
    with pytest.raises(ValueError, match=r"evil\.pth: refused") as error:
        load_model(path)
    assert "\n" not in str(error.value)
    assert not trace.exists()


def test_the_attacks_are_attacks(tmp_path):
    """Python's own unpickler falls for them: the test above can fail."""
    for name in ("system", "eval", "exec"):
        trace = tmp_path / name
        pickle.loads(dumps(attacks(trace)[name]))
        assert trace.exists()


def test_a_refusal_names_what_was_asked_for(tmp_path):
    path = write_zip(tmp_path / "evil.pth", attacks("x")["system"])
    with pytest.raises(ValueError, match=rf"refused {os.system.__module__}\.system"):
        read_torch_checkpoint(path)


@pytest.mark.parametrize(
    "shape, offset, stride",
    [
        ((7,), 0, (1,)),
        ((3,), 4, (1,)),
        ((2, 2), 0, (5, 1)),
        ((1000, 1000, 1000), 0, (0, 0, 0)),  # one number, a billion times
        ((-1,), 0, (1,)),
        ((2,), -1, (1,)),
        ((2,), 0, (-1,)),
        ((2**50,), 0, (1,)),
        ((2, 2), 0, (1,)),
        ((2.0,), 0, (1,)),
    ],
)
@every_format
def test_tensors_outside_their_storage(write, shape, offset, stride, tmp_path):
    storage = Storage("1", np.arange(6, dtype="float32"))
    content = {"a": tensor(storage, shape, offset, stride)}
    path = write(tmp_path / "odd.pth", content, [storage])
    with pytest.raises(ValueError, match=r"odd\.pth: "):
        read_torch_checkpoint(path)


@every_format
def test_storages_larger_than_the_file(write, tmp_path):
    storage = Storage("1", np.arange(6, dtype="float32"))
    storage.count = 2**39  # two terabytes, declared in a few bytes
    path = write(tmp_path / "bomb.pth", {"a": tensor(storage, (2**39,))}, [storage])
    with pytest.raises(ValueError, match=r"bomb\.pth: truncated"):
        read_torch_checkpoint(path)


def test_compressed_and_overlapping_entries(tmp_path):
    content, storages = tensors({"a": np.zeros(100_000)})
    path = tmp_path / "bomb.pth"
    write_zip(path, content, storages, zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match=r"bomb\.pth: compressed"):
        read_torch_checkpoint(path)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"archive/data.pkl": None}, "no data.pkl in it"),
        ({"archive/code/model.py": b"import os"}, "a TorchScript archive"),
        ({"archive/data/100": None}, "truncated: storage 100 is missing"),
        ({"archive/data/100": b"1234"}, "truncated: storage 100 must have 6 numbers"),
    ],
    ids=str,
)
def test_archives_that_lack_or_hold_something(change, message, tmp_path):
    content, storages = tensors({"a": np.zeros((2, 3))})
    with zipfile.ZipFile(write_zip(tmp_path / "a.pth", content, storages)) as whole:
        entries = {name: whole.read(name) for name in whole.namelist()} | change
    with zipfile.ZipFile(tmp_path / "changed.pth", "w") as changed:
        for name, data in entries.items():
            if data is not None:
                changed.writestr(name, data)
    with pytest.raises(ValueError, match=f"changed.pth.*{message}"):
        read_torch_checkpoint(tmp_path / "changed.pth")


@every_format
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.99])
def test_truncated_files(write, part, tmp_path):
    content, storages = tensors({"a": np.zeros(1000), "b": np.ones((10, 10))})
    path = write(tmp_path / "torn.pth", content, storages)
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    with pytest.raises(ValueError, match=r"torn\.pth: truncated"):
        read_torch_checkpoint(path)


@pytest.mark.parametrize(
    "content", [b"garbage" * 99, pickle.dumps({"a": 1}), b"\x80\x02K\x01."]
)
def test_other_files(content, tmp_path):
    (tmp_path / "other.pth").write_bytes(content)
    with pytest.raises(ValueError, match=r"other\.pth: ") as error:
        load_model(tmp_path / "other.pth")
    assert "\n" not in str(error.value)
    with pytest.raises(FileNotFoundError, match=r"none\.pth"):
        load_model(tmp_path / "none.pth")


@pytest.mark.parametrize("item", [{}, [], 3, {"a": 1}, {"state_dict": {}}])
def test_no_state_dict(item, tmp_path):
    path = write_zip(tmp_path / "other.pth", item)
    with pytest.raises(ValueError, match=r"other\.pth: .*state dict"):
        read_torch_checkpoint(path)


def python_global(module, name):
    return f"c{module}\n{name}\n".encode()


def text(content):
    return b"X" + struct.pack("<I", len(content)) + content.encode()


def write_program(write, path, program):
    """A file with this pickle, instead of one of an empty dict."""
    write(path, {})
    if write is write_legacy:
        whole = path.read_bytes()
        before, _, after = whole.rpartition(b"\x80\x02}q\x00.")
        path.write_bytes(before + program + after)
    else:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("archive/data.pkl", program)
    return path


ORDERED_DICT = python_global("collections", "OrderedDict")
REBUILD = python_global("torch._utils", "_rebuild_tensor_v2")
DEEP = b")" + b"\x85" * 1000  # ((((…),),),): hashed, it overflows the stack if deeper
STATE = b"}" + text("shape") + b")s"  # {"shape": ()}
STORAGE = python_global("torch", "FloatStorage")
REFUSED_PROGRAMS = {
    "key": (b"}" + DEEP + b"K\x01s.", "keys must be"),
    "keys": (b"}(" + text("a") + b"K\x01" + DEEP + b"K\x01u.", "keys must be"),
    "key of pairs": (
        ORDERED_DICT + b"](" + DEEP + b"K\x01\x86e\x85R.",
        "keys must be",
    ),
    "name of a storage": (
        b"(" + text("storage") + STORAGE + DEEP + text("cpu") + b"K\x01tQ.",
        "name of a storage",
    ),
    "shape": (
        REBUILD
        + b"(("
        + text("storage")
        + STORAGE
        + text("1")
        + text("cpu")
        + b"K\x01tQK\x00"
        + 2 * (b"(" + b"K\x01" * 1000 + b"t")
        + b"tR.",
        "at most 8 axes",
    ),
    "attribute of a function": (REBUILD + STATE + b"b.", "only an ordered dict"),
    "attribute of a dict": (
        # An ordered dict that claims to be an array.
        b"}" + text("a") + ORDERED_DICT + b")R" + STATE + b"bs.",
        "must map names to arrays",
    ),
    "set": (b"\x8f.", "opcode 0x8f"),
    "instance": (b"(icollections\nOrderedDict\n.", "opcode 0x69"),
    "size of a text": (b"X\xff\xff\xff\xffa.", "truncated"),
    "half a name": (b"ccollections\nOrdere", "truncated|refused"),
}


@every_format
@pytest.mark.parametrize("name", REFUSED_PROGRAMS)
def test_programs_of_no_state_dict(write, name, tmp_path):
    program, message = REFUSED_PROGRAMS[name]
    path = write_program(write, tmp_path / "odd.pth", b"\x80\x02" + program)
    with pytest.raises(ValueError, match=rf"odd\.pth: .*({message})") as error:
        read_torch_checkpoint(path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 500
    assert not vars(torch_file._Unpickler._rebuild_tensor)


@every_format
@pytest.mark.parametrize(
    "program",
    [
        b"}r" + struct.pack("<I", 2**22) + b".",  # memo
        b"X" + struct.pack("<I", 2**26) + b"a.",  # text
    ],
)
def test_sizes_in_a_program_cost_nothing(write, program, tmp_path):
    path = write_program(write, tmp_path / "bomb.pth", b"\x80\x02" + program)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"bomb\.pth: "):
            read_torch_checkpoint(path)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


@every_format
def test_ordered_dicts_of_torch(write, tmp_path):
    """With `_metadata`, as state dicts have it, and as Python 2 wrote them."""
    content, storages = tensors({"a": np.ones(3), "b": np.zeros((2, 2))})
    pairs = Call(
        Global("collections", "OrderedDict"), [list(i) for i in content.items()]
    )
    content._metadata = collections.OrderedDict({"": {"version": 1}})
    for item in (content, pairs):
        found = read_torch_checkpoint(write(tmp_path / "a.pth", item, storages))
        assert {name: array.sum() for name, array in found.items()} == {"a": 3, "b": 0}


def test_the_largest_program(tmp_path, monkeypatch):
    path = write_zip(tmp_path / "a.pth", *tensors({"a": np.ones(3)}))
    read_torch_checkpoint(path)
    monkeypatch.setattr(torch_file, "LARGEST_PROGRAM", 50)
    with pytest.raises(ValueError, match=r"a\.pth: .*larger than 50 bytes"):
        read_torch_checkpoint(path)


def test_the_beginning_of_a_zip_file(tmp_path):
    (tmp_path / "a.pth").write_bytes(b"PK\x03\x04" + bytes(100))
    message = r"a\.pth: truncated archive: copy or download it again"
    with pytest.raises(ValueError, match=message):
        read_torch_checkpoint(tmp_path / "a.pth")


def test_no_torch_is_imported(tmp_path):
    """Reading works where there is no PyTorch."""
    path = write_zip(tmp_path / "a.pth", *tensors({"a": np.ones(3)}))
    code = """
import sys
sys.modules["torch"] = None
from zero_dce_keras.models.torch_file import read_torch_checkpoint
print(read_torch_checkpoint(sys.argv[1])["a"].sum())
"""
    if keras.backend.backend() == "torch":
        pytest.skip("the backend is PyTorch")
    assert checks.fresh_python(code, path).split()[-1] == "3.0"
