"""Where the datasets live."""

import os
import sys
from pathlib import Path


def data_home():
    """Directory that holds, or will hold, the datasets. It is not created.

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
    if sys.platform == "win32":
        cache = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        cache = "~/Library/Caches"
    else:
        cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "zero_dce_keras"
