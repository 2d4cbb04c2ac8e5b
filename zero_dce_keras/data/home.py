"""Where the datasets live."""

import os
from pathlib import Path

import platformdirs


def data_home():
    """Return the directory that holds, or will hold, the datasets. It is not created.

    Returns:
        `pathlib.Path`: `$ZERO_DCE_DATA` where it is set; else `zero_dce_keras` in the
        user's cache directory (`$XDG_CACHE_HOME` or `~/.cache`; `~/Library/Caches` on
        macOS; `%LOCALAPPDATA%` on Windows).

    Example:
        >>> import os
        >>> from zero_dce_keras.data.home import data_home
        >>> os.environ["ZERO_DCE_DATA"] = "photos"
        >>> data_home().name
        'photos'
        >>> del os.environ["ZERO_DCE_DATA"]
    """
    if chosen := os.environ.get("ZERO_DCE_DATA"):
        return Path(chosen).expanduser()
    # On Windows without the author's folder, and without a folder "Cache" in it.
    return platformdirs.user_cache_path(
        "zero_dce_keras", appauthor=False, opinion=False
    )
