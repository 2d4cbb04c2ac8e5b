"""Models for servers, and a server.

Names load on first use: the server needs no Keras.
"""

from zero_dce_keras.lazy import lazy_names

__all__ = ["export_portable", "export_saved_model"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "export_portable": "zero_dce_keras.serving.portable",
        "export_saved_model": "zero_dce_keras.serving.saved_model",
    },
)
