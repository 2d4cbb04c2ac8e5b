"""What pytest leaves out: the training steps of the backends that are not installed."""

import importlib.util

collect_ignore = [
    f"zero_dce_keras/models/trainers/{backend}_trainer.py"
    for backend in ("tensorflow", "jax", "torch")
    if not importlib.util.find_spec(backend)
]
