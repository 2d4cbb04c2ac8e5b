"""The portable formats, for `--format`: no TensorFlow here."""

from typing import NamedTuple

from zero_dce_keras.errors import check_choice


class Format(NamedTuple):
    """A file format of another runtime.

    Args:
        suffix: of its files.
        modules: what writing it needs.
        quantizations: how its weights can be stored.
    """

    suffix: str
    modules: tuple[str, ...]
    quantizations: tuple[str, ...] = ("none",)


FORMATS = {
    # The converter is TensorFlow's own; the extra brings what runs its files.
    "litert": Format(".tflite", ("tensorflow",), ("none", "float16", "int8")),
    "onnx": Format(".onnx", ("onnx", "tf2onnx")),
    "openvino": Format(".xml", ("openvino",)),
}
QUANTIZATIONS = ("none", "float16", "int8", "full_int8")


def check_format(format, path, quantize):
    """Raise a `ValueError` for a format that does not fit its file, or cannot be had.

    Args:
        format: one of `FORMATS`.
        path: `pathlib.Path` of the file.
        quantize: one of `QUANTIZATIONS`.
    """
    check_choice("format", format, tuple(FORMATS))
    check_choice("quantize", quantize, QUANTIZATIONS)
    suffix, _, quantizations = FORMATS[format]
    if path.suffix != suffix:
        raise ValueError(f"{path}: a file for {format} ends in {suffix}")
    if quantize == "full_int8":
        raise ValueError(
            "full_int8 is not offered: curves of 8 bits cost 3.2 dB (docs/serving.md). "
            "int8 stores the weights so, and costs next to nothing"
        )
    if quantize not in quantizations:
        raise ValueError(
            f"quantize must be one of {quantizations} for {format}. "
            f"Received: {quantize!r}"
        )
