"""LPIPS: the distance of two pictures in the features of AlexNet, an extra."""

from pathlib import Path

import numpy as np

from zero_dce_keras.extras import require

ALEXNET = "alexnet-owt-7be5be79.pth"  # torchvision's weights
URL = f"https://download.pytorch.org/models/{ALEXNET}"


def open_lpips():
    """Open LPIPS 0.1 with AlexNet, by the package `lpips`; nothing is downloaded.

    Returns:
        Function of two uint8 arrays `(H, W, 3)` that returns a float: 0 for identical
        images, lower is nearer.

    Raises:
        ImportError: the packages `lpips` and PyTorch are not installed.
        FileNotFoundError: AlexNet's weights are not there; the message says where to
            put them.
    """
    lpips, torch = require("lpips"), require("torch")
    path = Path(torch.hub.get_dir()) / "checkpoints" / ALEXNET
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: AlexNet's weights are not there; get them from {URL}"
        )
    model = lpips.LPIPS(net="alex", verbose=False).eval()

    def distance(reference, enhanced):
        pair = [
            torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(127.5) - 1)
            for image in (reference, enhanced)
        ]
        with torch.no_grad():
            return float(model(*pair))

    return distance
