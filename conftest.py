"""What pytest leaves out: modules of extras and backends that are not installed."""

import importlib.util

NEEDS = {
    "zero_dce_keras/models/trainers/tensorflow_trainer.py": "tensorflow",
    "zero_dce_keras/models/trainers/jax_trainer.py": "jax",
    "zero_dce_keras/models/trainers/torch_trainer.py": "torch",
    "zero_dce_keras/batch/bulk": "pyarrow",
    "zero_dce_keras/page/layout.py": "gradio",
    "zero_dce_keras/serving/server": "tensorflow_serving",
}
collect_ignore = [
    path for path, package in NEEDS.items() if not importlib.util.find_spec(package)
]
