"""Run a notebook where it is stored, and keep its outputs.

python tools/run_notebook.py notebooks/01_train_zero_dce.ipynb
"""

import sys

import nbformat
from nbclient import NotebookClient


def main(path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=1200,
        record_timing=False,
        coalesce_streams=True,
        # TensorFlow's greeting, with process number and time, stays in the terminal.
        extra_arguments=["--IPKernelApp.capture_fd_output=False"],
    ).execute()
    notebook.metadata["language_info"] = {"name": "python"}  # no version: fewer diffs
    nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1])
