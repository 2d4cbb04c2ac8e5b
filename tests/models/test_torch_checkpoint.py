"""Checkpoints of PyTorch, written by hand, and what may be wrong with them."""

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
    state_dict,
    tensor,
    tensors,
    write_legacy,
    write_zip,
)

from zero_dce_keras import (
    Enhancer,
    MIRNet,
    ZeroDCE,
    ZeroDCEPlusPlus,
    load_model,
    load_torch_checkpoint,
)
from zero_dce_keras.models import load, torch_file
from zero_dce_keras.models.torch_file import read_torch_checkpoint

MAKERS = {
    "zero_dce": lambda: ZeroDCE(num_iterations=2, filters=4, num_layers=3),
    "plus_plus": lambda: ZeroDCEPlusPlus(filters=4, num_layers=3),
    "mirnet": lambda: MIRNet(num_rrg=1, num_mrb=1, channels=4),
}
every_model = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


every_format = pytest.mark.parametrize("write", [write_zip, write_legacy])


# What is read


@every_format
@every_model
def test_a_file_gives_what_its_arrays_give(make, write, low_light, tmp_path):
    arrays = state_dict(make())
    expected = load_torch_checkpoint(make(), arrays)
    path = write(tmp_path / "weights.pth", *tensors(arrays))
    loaded = load_torch_checkpoint(make(), path)
    opened = load_model(path)  # which knows the model by the names
    assert type(opened) is type(expected)
    for model in (loaded, opened):
        for one, other in zip(model.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(
        checks.predict(opened, low_light), checks.predict(expected, low_light)
    )


def test_axes():
    """OIHW to HWIO, and (C, 1, H, W) to (H, W, C, 1)."""
    model = MAKERS["zero_dce"]()
    arrays = state_dict(model)
    load_torch_checkpoint(model, arrays)
    kernel = keras.ops.convert_to_numpy(model.dce_model.get_layer("conv_1").kernel)
    assert kernel[0, 2, 1, 3] == np.float32(arrays["e_conv1.weight"][3, 1, 0, 2])
    model = MAKERS["plus_plus"]()
    arrays = state_dict(model)
    load_torch_checkpoint(model, arrays)
    layer = model.dce_model.get_layer("depthwise_2")
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    weight = arrays["e_conv2.depth_conv.weight"]
    assert kernel[0, 2, 3, 0] == np.float32(weight[3, 0, 0, 2])


class Kinds:
    """A model of one variable of every kind."""

    def __init__(self, **shapes):
        self.rows = [
            (kind, keras.Variable(np.zeros(shape, "float32")), kind)
            for kind, shape in shapes.items()
        ]

    def torch_names(self):
        return [*self.rows, ("filt", None, "ignored")]


def test_other_kinds():
    model = Kinds(transposed_conv=(3, 2, 5, 4), scalar=(1, 1, 7))
    weight = np.random.default_rng(0).random((4, 5, 3, 2))  # IOHW
    arrays = {"transposed_conv": weight, "scalar": np.array([0.25])}
    for extra in ({}, {"filt": np.ones((9, 9))}):
        load_torch_checkpoint(model, {**arrays, **extra})
    kernel, scalar = (keras.ops.convert_to_numpy(row[1]) for row in model.rows)
    assert kernel[2, 1, 3, 0] == np.float32(weight[0, 3, 2, 1])
    np.testing.assert_array_equal(scalar, np.full((1, 1, 7), 0.25, "float32"))


def test_a_variable_of_two_names_must_have_one_value():
    model = Kinds(vector=(2,))
    model.rows.append(("shared", *model.rows[0][1:]))
    load_torch_checkpoint(model, {"vector": np.ones(2), "shared": np.ones(2)})
    with pytest.raises(ValueError, match="shared differs"):
        load_torch_checkpoint(model, {"vector": np.ones(2), "shared": np.zeros(2)})


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
    load = load_torch_checkpoint(Kinds(vector=(2,)), {"module.vector": np.ones(2)})
    assert load.rows[0][1].numpy().tolist() == [1, 1]


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


def test_files_of_torch_itself(tmp_path, low_light):
    torch = pytest.importorskip("torch")
    model = MAKERS["zero_dce"]()
    state = {
        name: torch.nn.Parameter(torch.tensor(np.float32(array)))
        for name, array in state_dict(model).items()
    }
    expected = checks.predict(load_torch_checkpoint(model, state), low_light)
    for legacy in (False, True):
        path = tmp_path / f"{legacy}.pth"
        torch.save(state, path, _use_new_zipfile_serialization=not legacy)
        found = checks.predict(load_model(path), low_light)
        np.testing.assert_array_equal(found, expected)


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


# What does not fit


HUGE = {
    "ZeroDCE": {
        "e_conv1.weight": (5000, 1, 1, 1),
        "e_conv2.weight": (1, 1, 1, 1),
        "e_conv3.weight": (3, 1, 1, 1),
    },
    "ZeroDCEPlusPlus": {
        "e_conv1.point_conv.weight": (5000, 1, 1, 1),
        "e_conv2.point_conv.weight": (1, 1, 1, 1),
        "e_conv3.point_conv.weight": (3, 1, 1, 1),
    },
    "MIRNet": {
        "conv_in.weight": (200, 1, 1, 1),
        "body.0.body.0.blocks.0.0.body.0.weight": (1,),
    },
}


@pytest.mark.parametrize("name", HUGE)
def test_models_larger_than_the_file(name, tmp_path, monkeypatch):
    """They are refused before they are built."""
    arrays = {key: np.zeros(shape) for key, shape in HUGE[name].items()}
    path = write_zip(tmp_path / "huge.pth", *tensors(arrays))
    monkeypatch.setattr(load, "_build", None)
    with pytest.raises(ValueError, match=rf"huge\.pth: .* ask for a {name} of"):
        load_model(path)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ZeroDCE(num_iterations=1, filters=1, num_layers=1),
        lambda: ZeroDCE(num_iterations=9, filters=1, num_layers=1),
        lambda: ZeroDCE(num_iterations=1, filters=1, num_layers=3),
        lambda: ZeroDCE(num_iterations=9, filters=16, num_layers=3),
        lambda: ZeroDCE(num_iterations=1, filters=16, num_layers=9),
        lambda: ZeroDCEPlusPlus(filters=1, num_layers=1),
        lambda: ZeroDCEPlusPlus(filters=64, num_layers=9),
        lambda: MIRNet(1, 1, 4),
        lambda: MIRNet(2, 1, 12),
    ],
)
def test_no_model_is_refused_for_its_size(make):
    """The least number of parameters is not more than there are."""
    model = make()
    shapes = {name: array.shape for name, array in state_dict(model).items()}
    least = model.least_parameters(**model.torch_arguments(shapes))
    assert least <= model.count_params()


@pytest.mark.parametrize(
    "arrays",
    [
        {"e_conv1.weight": np.ones(())},
        {"e_conv1.point_conv.weight": np.ones(()), "e_conv2.point_conv.weight": [1]},
        {"conv_in.weight": np.ones(()), "body.0.body.0.conv_out.weight": np.ones(1)},
    ],
)
def test_kernels_that_are_one_number(arrays, tmp_path):
    content = tensors({name: np.asarray(array) for name, array in arrays.items()})
    path = write_zip(tmp_path / "odd.pth", *content)
    name = next(iter(arrays))
    with pytest.raises(ValueError, match=rf"odd\.pth: .*\('{name}', \(\)\)"):
        load_model(path)


def test_what_does_not_fit_is_named_with_the_file(tmp_path):
    arrays = state_dict(MAKERS["zero_dce"]())
    cases = (
        ({"e_conv2.weight": np.ones((4, 4, 5, 5))}, r"e_conv2\.weight must have shape"),
        ({"e_conv4.weight": np.ones((4, 4, 3, 3))}, "num_layers must be odd"),
        ({"e_conv9.bias": np.ones(3)}, r"has unexpected e_conv9\.bias"),
        ({"fc.weight": np.ones((2, 3))}, r"has unexpected fc\.weight"),
    )
    for change, message in cases:
        path = write_zip(tmp_path / "odd.pth", *tensors(arrays | change))
        with pytest.raises(ValueError, match=rf"odd\.pth: .*{message}") as error:
            load_model(path)
        assert "source" not in str(error.value)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda a: a.pop("e_conv2.bias"), r"misses e_conv2\.bias"),
        (lambda a: a.update({"e_conv9.bias": np.ones(3)}), r"unexpected e_conv9\.bias"),
        (
            lambda a: a.update({"e_conv2.weight": np.ones((4, 4, 5, 5))}),
            r"e_conv2\.weight must have shape \(4, 4, 3, 3\)",
        ),
        (lambda a: a.update({"e_conv2.bias": np.ones((4, 1))}), r"e_conv2\.bias must"),
    ],
)
def test_names_and_shapes_that_do_not_fit(change, message):
    """One line, and the model as it was."""
    model = MAKERS["zero_dce"]()
    before = model.get_weights()
    arrays = state_dict(model)
    change(arrays)
    with pytest.raises(ValueError, match=message) as error:
        load_torch_checkpoint(model, arrays)
    assert "\n" not in str(error.value)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_of_something_else(tmp_path):
    path = write_zip(tmp_path / "other.pth", *tensors({"fc.weight": np.ones((2, 2))}))
    with pytest.raises(ValueError, match=r"other\.pth: .*ZeroDCE, ZeroDCEPlusPlus"):
        load_model(path)
    path = write_zip(
        tmp_path / "odd.pth", *tensors({"e_conv1.weight": np.ones((5, 3, 3, 3))})
    )
    with pytest.raises(ValueError, match=r"odd\.pth: "):
        load_model(path)


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


# The official files


@pytest.mark.large
@pytest.mark.parametrize("name", ["zero_dce", "zero_dce_plus_plus"])
def test_official_checkpoints(shared, name):
    with np.load(shared / "data" / "official" / f"{name}.npz") as file:
        official = dict(file)
    path = shared / "data" / "official" / f"{name}_Epoch99.pth"
    arrays = read_torch_checkpoint(path)
    weights = {
        key.removeprefix("weights/") for key in official if key.startswith("weights/")
    }
    assert set(arrays) == weights
    for key, array in arrays.items():
        np.testing.assert_array_equal(array, official[f"weights/{key}"])
    enhanced = official.get("enhanced", official.get("enhanced_scale12"))
    found = checks.predict(load_model(path), official["low_light"])
    np.testing.assert_allclose(found, enhanced, atol=1e-5)
    pixels = [np.rint(255 * image).astype(int) for image in (found, enhanced)]
    np.testing.assert_array_equal(*pixels)


@pytest.mark.large
def test_official_scores_on_three_photographs(shared):
    """Of the 15 that give 14.86 dB."""
    from zero_dce_keras.data import find_pairs
    from zero_dce_keras.evaluation import evaluate_pairs

    test = shared / "data" / "lol" / "eval15"
    known = {"1": 13.8059, "22": 13.1270, "780": 22.4580}
    pairs = [
        pair
        for pair in find_pairs(test / "low", test / "high")
        if pair.low_light.stem in known
    ]
    path = shared / "data" / "official" / "zero_dce_Epoch99.pth"
    results = evaluate_pairs(pairs, Enhancer(load_model(path)))
    found = {each.pair.low_light.stem: each.scores["psnr"] for each in results}
    assert found == pytest.approx(known, abs=1e-3)
