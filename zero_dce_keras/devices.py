"""What Keras computes on: one place for what differs between the backends."""

import os

BACKENDS = ("tensorflow", "jax", "torch")
DEVICES = ("auto", "cpu", "gpu")


def check_backend():
    """Raise a `ValueError` if `KERAS_BACKEND` names an unsupported backend."""
    name = os.environ.get("KERAS_BACKEND")
    if name and name not in BACKENDS:
        raise ValueError(f"KERAS_BACKEND must be one of {BACKENDS}. Received: {name!r}")


def hide_gpus():
    """Keep the backend on the CPU. Works only before Keras is imported."""
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # TensorFlow
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["KERAS_TORCH_DEVICE"] = "cpu"


def list_gpus():
    """List the accelerators that Keras' backend computes on; none on a CPU.

    Returns:
        List of str, such as `"NVIDIA H200"`.
    """
    return _LIST_GPUS[_backend()]()


def describe_device():
    """Describe backend and device.

    >>> describe_device().split(" on ")[0] in BACKENDS
    True
    """
    return f"{_backend()} on {', '.join(list_gpus()) or 'the CPU'}"


def check_gpu():
    """Raise a `ValueError` if the backend sees no GPU."""
    if not list_gpus():
        raise ValueError(
            f"--device gpu, but {_backend()} sees no GPU: docs/gpu.md says what to "
            "install; without --device the CPU does the work"
        )


def is_out_of_memory(error):
    """Return whether an exception of any backend says that memory ran out."""
    text = f"{type(error).__name__}: {error}"
    signs = (
        "RESOURCE_EXHAUSTED",  # JAX
        "ResourceExhaustedError",  # TensorFlow
        "OutOfMemoryError",  # PyTorch on a GPU
        "can't allocate memory",  # PyTorch on the CPU
        "MemoryError",  # NumPy and Python
    )
    return any(sign in text for sign in signs)


def _backend():
    import keras

    return keras.backend.backend()


def _tensorflow_gpus():
    import tensorflow as tf

    return [
        tf.config.experimental.get_device_details(device).get(
            "device_name", device.name
        )
        for device in tf.config.list_physical_devices("GPU")
    ]


def _jax_gpus():
    import jax

    return [device.device_kind for device in jax.devices() if device.platform != "cpu"]


def _torch_gpus():
    import torch
    from keras.src.backend.torch.core import get_device

    if get_device() == "cpu":
        return []
    if get_device() == "cuda":
        return [torch.cuda.get_device_name()]
    return [get_device()]


_LIST_GPUS = {
    "tensorflow": _tensorflow_gpus,
    "jax": _jax_gpus,
    "torch": _torch_gpus,
}
