"""Models for servers."""

from zero_dce_keras.serving.saved_model import export_saved_model

__all__ = ["export_saved_model"]
