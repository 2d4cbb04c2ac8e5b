"""Checkpoints written by hand, byte for byte as `torch.save` writes them."""

import collections
import io
import pickle
import struct
import zipfile

import numpy as np


class Storage:
    def __init__(self, key, array, kind="FloatStorage"):
        self.key, self.kind = key, kind
        self.content, self.count = array.tobytes(), array.size


class Global:
    """Pickled as a name alone; nothing need be importable."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    """Pickled as a call: what `__reduce__` makes of an object."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments


class Pickler(pickle._Pickler):
    """The pickler written in Python, which can be told to write any global."""

    dispatch = {**pickle._Pickler.dispatch}  # noqa: RUF012

    def persistent_id(self, item):
        if not isinstance(item, Storage):
            return None
        kind = Global("torch", item.kind)
        extra = (None,) if self.legacy else ()
        return ("storage", kind, item.key, "cuda:0", item.count, *extra)

    def save_global_name(self, item):
        self.write(pickle.GLOBAL + f"{item.module}\n{item.name}\n".encode())
        self.memoize(item)

    def save_call(self, item):
        self.save_reduce(item.function, item.arguments, obj=item)

    dispatch[Global] = save_global_name
    dispatch[Call] = save_call

    def save_reduce(self, function, arguments, *rest, obj=None, **kwargs):
        if not isinstance(function, Global):
            return super().save_reduce(function, arguments, *rest, obj=obj, **kwargs)
        self.save(function)
        self.save(arguments)
        self.write(pickle.REDUCE)
        return None


def dumps(item, legacy=False):
    file = io.BytesIO()
    pickler = Pickler(file, protocol=2)
    pickler.legacy = legacy
    pickler.dump(item)
    return file.getvalue()


def tensor(storage, shape, offset=0, stride=None):
    if stride is None:
        stride = tuple(int(np.prod(shape[i + 1 :])) for i in range(len(shape)))
    rebuild = Global("torch._utils", "_rebuild_tensor_v2")
    hooks = collections.OrderedDict()
    return Call(rebuild, storage, offset, tuple(shape), stride, False, hooks)


def tensors(arrays):
    """(names to tensors, storages), a storage each."""
    storages = [
        Storage(str(100 + i), np.float32(array))
        for i, array in enumerate(arrays.values())
    ]
    pairs = zip(arrays.items(), storages, strict=True)
    return collections.OrderedDict(
        (name, tensor(storage, array.shape)) for (name, array), storage in pairs
    ), storages


def write_zip(path, content, storages=(), compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("archive/data.pkl", dumps(content))
        for storage in storages:
            file.writestr(f"archive/data/{storage.key}", storage.content)
        file.writestr("archive/version", "3\n")
    return path


def write_legacy(path, content, storages=()):
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    with open(path, "wb") as file:
        file.writelines(
            pickle.dumps(part, protocol=2)
            for part in (0x1950A86A20F9469CFC6C, 1001, machine)
        )
        file.write(dumps(content, legacy=True))
        file.write(pickle.dumps([storage.key for storage in storages], protocol=2))
        file.writelines(
            struct.pack("<q", storage.count) + storage.content for storage in storages
        )
    return path


def state_dict(model, seed=0):
    """Random weights by their PyTorch names, in PyTorch's order of axes."""
    rng = np.random.default_rng(seed)
    order = {
        "conv": (3, 2, 0, 1),
        "transposed_conv": (3, 2, 0, 1),
        "depthwise": (2, 3, 0, 1),
        "vector": (0,),
    }
    arrays, shared = {}, {}
    for name, variable, kind in model.torch_names():
        if kind == "ignored":
            continue
        shape = (1,)
        if kind != "scalar":
            shape = [variable.shape[axis] for axis in order[kind]]
        arrays[name] = shared.setdefault(id(variable), rng.normal(0, 0.3, shape))
    return arrays
