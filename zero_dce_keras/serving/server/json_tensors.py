"""TensorFlow Serving's JSON: rows and columns in, predictions and outputs out."""

import base64
import binascii

import numpy as np
import orjson

from zero_dce_keras.serving.server.model import DEFAULT_SIGNATURE
from zero_dce_keras.serving.server.refusal import invalid

# Kinds of numbers that JSON may have for a kind of array.
TAKEN = {"f": "fiu", "i": "iu", "u": "iu", "b": "b"}


def read_document(body):
    """Return a request's JSON object, and the name of the signature it asks for."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise invalid("JSON Value: Is not object")
    name = document.get("signature_name", DEFAULT_SIGNATURE)
    if not isinstance(name, str):
        raise invalid("'signature_name' key must be a string value.")
    if "instances" in document and "inputs" in document:
        raise invalid("expecting only one of 'inputs' or 'instances' keys to exist")
    if "instances" not in document and "inputs" not in document:
        raise invalid("Missing 'inputs' or 'instances' key")
    return document, name


def read_tensors(signature, document):
    """Return a request's inputs as arrays."""
    names = list(signature.inputs)
    if "instances" in document:
        columns = _columns_of_rows(document["instances"], names)
    elif _is_object(document["inputs"]):
        columns = document["inputs"]
    elif len(names) > 1:
        raise invalid(
            "inputs is a plain value/list, but expecting an object as multiple input "
            f"tensors are required: {', '.join(names)}"
        )
    else:
        columns = {names[0]: document["inputs"]}
    signature.check_names(columns)
    tensors = {}
    for name, value in columns.items():
        tensors[name] = _read_array(name, value, signature.inputs[name])
        dtype = signature.inputs[name].dtype
        signature.check_tensor(name, dtype, tensors[name].shape)
    return tensors


def _columns_of_rows(rows, names):
    if not isinstance(rows, list) or not rows:
        raise invalid("'instances' must be a list with at least one element")
    if not _is_object(rows[0]):
        if len(names) > 1:
            raise invalid(
                "instances is a plain list, but expecting list of objects as multiple "
                f"input tensors are required: {', '.join(names)}"
            )
        if any(map(_is_object, rows)):
            raise invalid("'instances' mixes values and objects")
        return {names[0]: rows}
    for number, row in enumerate(rows):
        if not _is_object(row) or set(row) != set(names):
            raise invalid(
                f"Failed to process element: {number} of 'instances' list: keys must be "
                f"equal to: {', '.join(names)}"
            )
    return {name: [row[name] for row in rows] for name in names}


def _read_array(name, value, spec):
    dtype = spec.dtype.as_numpy_dtype
    try:
        if dtype is object:
            array = np.array(_read_strings(value, spec.shape.rank), dtype=object)
            if array.ndim != spec.shape.rank:
                raise ValueError("its lists differ in length")
            return array
        found = np.array(value)
        array = found.astype(dtype)
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid(f"{name} is no {spec.dtype.name} tensor: {error}") from error
    kind = np.dtype(dtype).kind
    if found.size and found.dtype.kind not in TAKEN.get(kind, ""):
        raise invalid(f"{name}: JSON value is not of expected type: {spec.dtype.name}")
    same = np.isfinite(array) if kind == "f" else array == found
    if not same.all():
        raise invalid(f"{name}: a number is too large for {spec.dtype.name}")
    return array


def _read_strings(value, rank):
    """Bytes in nested lists, `rank` deep."""
    if rank:
        if not isinstance(value, list):
            raise ValueError("a list is missing")
        return [_read_strings(item, rank - 1) for item in value]
    if isinstance(value, str):
        return value.encode()
    if not _is_base64(value):
        raise ValueError('a string or {"b64": "…"} is missing')
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("Unable to base64 decode") from error


def _is_base64(value):
    return (
        isinstance(value, dict)
        and [*value] == ["b64"]
        and isinstance(value["b64"], str)
    )


def _is_object(value):
    return isinstance(value, dict) and not _is_base64(value)


def write_answer(outputs, as_rows):
    """Return the JSON of an answer, bytes.

    Args:
        outputs: dict from names to arrays.
        as_rows: whether the request had `instances`.
    """
    values = {name: _write_array(name, array) for name, array in outputs.items()}
    if len(values) == 1:
        (answer,) = values.values()
    elif as_rows:
        answer = [
            dict(zip(values, row, strict=True))
            for row in zip(*values.values(), strict=True)
        ]
    else:
        answer = values
    key = "predictions" if as_rows else "outputs"
    return orjson.dumps({key: answer}, option=orjson.OPT_SERIALIZE_NUMPY)


def _write_array(name, array):
    if array.dtype != object:
        return np.ascontiguousarray(array) if array.ndim else array.item()
    return _write_strings(array.tolist(), name.endswith("_bytes"))


def _write_strings(value, as_base64):
    if isinstance(value, list):
        return [_write_strings(item, as_base64) for item in value]
    if as_base64:
        return {"b64": base64.b64encode(value).decode()}
    return value.decode(errors="replace")
