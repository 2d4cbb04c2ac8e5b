"""Reading PyTorch checkpoints, without PyTorch and without executing anything.

A `.pth` file is a pickle, that is a program, beside the numbers of the tensors. Here the
program can call three harmless functions, has the few opcodes that a state dict needs, and
everything it says about sizes is checked against the file.
"""

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from zero_dce_keras.errors import one_line

LARGEST_FILE = 4 * 2**30  # bytes; MIRNet takes 0.4 GB with its optimizer
LARGEST_PROGRAM = 2 * 2**20  # bytes; MIRNet's takes a tenth of it
# What `torch.save` writes for state dicts and optimizers, under Python 2 and 3.
OPCODES = """
    PROTO FRAME STOP MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT
    BINUNICODE SHORT_BINUNICODE BINSTRING SHORT_BINSTRING EMPTY_TUPLE TUPLE TUPLE1 TUPLE2
    TUPLE3 EMPTY_LIST APPEND APPENDS EMPTY_DICT SETITEM SETITEMS GLOBAL STACK_GLOBAL
    REDUCE BUILD BINPERSID BINPUT LONG_BINPUT MEMOIZE BINGET LONG_BINGET
"""
PYTHON_UNPICKLER: Any = pickle._Unpickler  # its methods are no part of its type hints
AGAIN = "copy or download it again"
ALONE = "save the state dict alone"
DTYPES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
# Of the format before PyTorch 1.6: five pickles (magic number, version, machine, tensors,
# names of the storages), then the storages, each behind its number of elements.
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_VERSION = 1001


def read_torch_checkpoint(path):
    """Read the arrays of a `.pth` file.

    Args:
        path: a file that `torch.save` wrote, in any format since PyTorch 0.4.

    Returns:
        dict from names to arrays (read-only views), without a `module.` before them.

    Raises:
        ValueError: the file is no checkpoint, or asks for a function that a state dict
            of tensors does not need.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise ValueError(
            f"{path}: must have at most {LARGEST_FILE} bytes. Received: {size}"
        )
    try:
        if zipfile.is_zipfile(path):
            content, data = _read_zip(path)
        elif _begins_as_zip(path):
            raise UnsupportedCheckpointError(f"truncated archive: {AGAIN}")
        else:
            content, data = _read_legacy(path)
        tensors = find_state_dict(content)
        return {name: _array(tensors[name], data) for name in tensors}
    except UnsupportedCheckpointError as error:
        raise ValueError(f"{path}: {one_line(error)[:300]}") from None
    except Exception as error:  # noqa: BLE001 (a damaged pickle can fail in any way)
        reason = f"{type(error).__name__}: {one_line(error)[:300]}"
        raise ValueError(f"{path}: not a PyTorch checkpoint: {reason}") from None


def find_state_dict(content):
    """Return what maps names to arrays in a checkpoint, names without `module.`."""
    for wrapper in ("state_dict", "model_state_dict"):
        if isinstance(content, Mapping) and wrapper in content:
            content = content[wrapper]
    if not isinstance(content, Mapping) or not content:
        raise UnsupportedCheckpointError("a checkpoint must hold a state dict")
    for name, array in content.items():
        if not isinstance(name, str) or not hasattr(array, "shape"):
            kinds = type(name).__name__, type(array).__name__
            raise UnsupportedCheckpointError(
                f"a state dict must map names to arrays. Received: {kinds}"
            )
    if all(name.startswith("module.") for name in content):  # from DataParallel
        return {name.removeprefix("module."): content[name] for name in content}
    return dict(content)


class UnsupportedCheckpointError(ValueError):
    """The reason why a file is not read."""


class _Storage(NamedTuple):
    key: str
    dtype: str
    numbers: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple
    stride: tuple


class _Program(io.BytesIO):
    """A pickle. What reads past its end gets an error, whatever the size it asks for."""

    def read(self, size):
        return self._whole_or_refused(super().read(size), size)

    def readline(self):
        line = super().readline()
        return self._whole_or_refused(line, len(line.removesuffix(b"\n")) + 1)

    def _whole_or_refused(self, content, size):
        if len(content) < size:
            raise UnsupportedCheckpointError(
                f"truncated, or its pickle is larger than {LARGEST_PROGRAM} bytes: "
                f"{AGAIN}"
            )
        return content


class _Opcodes(dict):
    def __missing__(self, code):
        raise UnsupportedCheckpointError(
            f"refused opcode {code:#04x}: a state dict of tensors does not need it, "
            f"{ALONE}"
        )


class _Unpickler(PYTHON_UNPICKLER):
    """Unpickles mappings, sequences, numbers and descriptions of tensors.

    Python's own unpickler written in Python, because that one can be restricted:
    opcodes that are not in `OPCODES` are refused, keys are text or whole numbers (the
    hash of deeply nested tuples overflows the stack), a large memo index costs nothing,
    and nothing gets attributes.
    """

    dispatch = _Opcodes(
        (code, PYTHON_UNPICKLER.dispatch[code])
        for code in (getattr(pickle, name)[0] for name in OPCODES.split())
    )

    def __init__(self, file):
        super().__init__(file, encoding="latin1")
        self.storages = {}

    def load_setitem(self):
        _check_keys(self.stack[-2:-1])
        super().load_setitem()

    def load_setitems(self):
        _check_keys(self.stack[::2])  # what lies behind the mark
        super().load_setitems()

    def load_build(self):
        """Drop the state: that of an ordered dict is `_metadata`, not needed here."""
        self.stack.pop()
        if not isinstance(self.stack[-1], OrderedDict):
            raise UnsupportedCheckpointError(
                f"only an ordered dict may have attributes: {ALONE}"
            )

    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems
    dispatch[pickle.BUILD[0]] = load_build

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return self._ordered_dict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._rebuild_tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return self._rebuild_parameter
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise UnsupportedCheckpointError(
            f"refused {module}.{name}: a state dict of tensors does not need it, and "
            "nothing in a checkpoint is executed here"
        )

    def persistent_load(self, pid):
        kind, dtype, key, _, count = pid[:5]
        if kind != "storage" or dtype not in DTYPES.values():
            raise UnsupportedCheckpointError(
                "a tensor must lie in a storage of numbers"
            )
        if not isinstance(key, str):
            raise UnsupportedCheckpointError("the name of a storage must be text")
        if len(pid) > 5 and pid[5] is not None:
            raise UnsupportedCheckpointError(
                "storages that share memory are not supported"
            )
        storage = _Storage(key, dtype, _whole(count))
        if self.storages.setdefault(storage.key, storage) != storage:
            raise UnsupportedCheckpointError(f"storage {key} has two sizes")
        return storage

    def _ordered_dict(self, pairs=()):  # Python 2 gives the pairs here
        _check_keys([key for key, _ in pairs])
        return OrderedDict(pairs)

    def _rebuild_tensor(self, storage, offset, size, stride, *_):
        if not isinstance(storage, _Storage) or len(size) != len(stride):
            raise UnsupportedCheckpointError(
                "a tensor must have a storage, and a stride for each axis"
            )
        if len(size) > 8:
            raise UnsupportedCheckpointError(
                f"a tensor must have at most 8 axes. Received: {len(size)}"
            )
        size, stride = tuple(map(_whole, size)), tuple(map(_whole, stride))
        tensor = _Tensor(storage, _whole(offset), size, stride)
        steps = sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        within = math.prod(size) == 0 or tensor.offset + steps < storage.numbers
        if not within or math.prod(size) > storage.numbers:
            raise UnsupportedCheckpointError(
                f"a tensor of shape {size} is larger than its storage"
            )
        return tensor

    def _rebuild_parameter(self, tensor, *_):
        return tensor


def _check_keys(keys):
    if not all(type(key) in (str, int) for key in keys):
        raise UnsupportedCheckpointError(f"keys must be text or whole numbers: {ALONE}")


def _whole(number):
    if type(number) is not int or not 0 <= number < 2**40:
        raise UnsupportedCheckpointError(
            "sizes must be whole numbers that are not negative"
        )
    return number


def _begins_as_zip(path):
    with open(path, "rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _read_zip(path):
    with zipfile.ZipFile(path) as file:
        entries = {entry.filename: entry for entry in file.infolist()}
        # torch.save compresses nothing: what is compressed may be a bomb.
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.values()):
            raise UnsupportedCheckpointError(
                "compressed entries: not a file of torch.save"
            )
        declared = sum(entry.file_size for entry in entries.values())
        if declared > path.stat().st_size or len(entries) != len(file.infolist()):
            raise UnsupportedCheckpointError(
                "entries overlap: not a file of torch.save"
            )
        programs = [name for name in entries if name.split("/")[1:] == ["data.pkl"]]
        if len(programs) != 1:
            raise UnsupportedCheckpointError(
                "no data.pkl in it: not a file of torch.save"
            )
        folder = programs[0].removesuffix("data.pkl")
        if any(name.startswith(f"{folder}code/") for name in entries):
            raise UnsupportedCheckpointError(
                "a TorchScript archive: save the state dict alone"
            )
        order = "<"
        if f"{folder}byteorder" in entries:
            order = {b"little": "<", b"big": ">"}[file.read(f"{folder}byteorder")]
        with file.open(programs[0]) as program:
            unpickler = _Unpickler(_Program(program.read(LARGEST_PROGRAM)))
        content = unpickler.load()
        data = {}
        for key, storage in unpickler.storages.items():
            name = f"{folder}data/{key}"
            if name not in entries:
                raise UnsupportedCheckpointError(f"truncated: storage {key} is missing")
            data[key] = _numbers(storage, order, file.read(name))
    return content, data


def _read_legacy(path):
    with open(path, "rb") as file:
        program = _Program(file.read(LARGEST_PROGRAM))
        head = [_Unpickler(program).load() for _ in range(2)]
        if head != [LEGACY_MAGIC, LEGACY_VERSION]:
            raise UnsupportedCheckpointError(
                "not a file of torch.save, or one of PyTorch before 0.4"
            )
        machine = _Unpickler(program).load()
        order = "<" if machine["little_endian"] else ">"
        unpickler = _Unpickler(program)
        content = unpickler.load()
        keys = _Unpickler(program).load()
        _check_keys(keys)
        if sorted(map(str, keys)) != sorted(unpickler.storages):
            raise UnsupportedCheckpointError(
                "its list of storages is not that of its tensors"
            )
        file.seek(program.tell())
        left = path.stat().st_size - file.tell()
        data = {}
        for key in map(str, keys):
            storage = unpickler.storages[key]
            size = storage.numbers * np.dtype(storage.dtype).itemsize
            left -= 8 + size
            if left < 0:
                raise UnsupportedCheckpointError(
                    f"truncated: storage {key} ends behind the file"
                )
            if int(np.frombuffer(file.read(8), f"{order}i8")[0]) != storage.numbers:
                raise UnsupportedCheckpointError(f"storage {key} has two sizes")
            data[key] = _numbers(storage, order, file.read(size))
    return content, data


def _numbers(storage, order, content):
    dtype = np.dtype(storage.dtype).newbyteorder(order)
    if len(content) != storage.numbers * dtype.itemsize:
        raise UnsupportedCheckpointError(
            f"truncated: storage {storage.key} must have {storage.numbers} numbers. "
            f"Received: {len(content)} bytes"
        )
    return np.frombuffer(content, dtype)


def _array(tensor, data):
    """Return a view: many tensors of one storage take no more memory than it."""
    numbers = data[tensor.storage.key][tensor.offset :]
    strides = [step * numbers.itemsize for step in tensor.stride]
    return np.lib.stride_tricks.as_strided(
        numbers, tensor.shape, strides, writeable=False
    )
