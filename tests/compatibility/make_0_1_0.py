"""Make `tests/compatibility/0.1.0`: files of version 0.1.0 that must open for good.

It was run once, in a checkout of commit a9a9cf4 (version 0.1.0):

    python make_0_1_0.py TARGET_DIRECTORY

Kept so that the next version's files can be made in the same way; it uses that version's
names, and does not run with today's.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

from zero_dce_keras import (
    Enhancer,
    MIRNet,
    Recipe,
    ZeroDCE,
    ZeroDCEPlusPlus,
    list_presets,
)
from zero_dce_keras.training.run import train
from zero_dce_keras.training.state import RunState

MODELS = {
    "zero_dce": lambda: ZeroDCE(
        num_iterations=2,
        filters=4,
        num_layers=3,
        exposure_normalization={"well_exposed": [0.25, 0.5]},
        denoising_filter={},
    ),
    "zero_dce_plus_plus": lambda: ZeroDCEPlusPlus(
        scale_factor=4,
        resampling="area",
        num_iterations=2,
        filters=4,
        num_layers=3,
        exposure_normalization={},
    ),
    "mirnet": lambda: MIRNet(
        num_rrg=1, num_mrb=1, channels=4, exposure_normalization={}
    ),
}
SMALL = {
    "image_size": 16,
    "batch_size": 20,
    "epochs": 3,
    "learning_rate": 1e-2,
    "ema": 0.8,
    "normalize_exposure": True,
}
RECIPES = {
    "zero_dce": Recipe(
        **SMALL, num_iterations=1, filters=2, num_layers=3, denoising_weight=300.0
    ),
    "zero_dce_plus_plus": Recipe(
        **SMALL, model="zero_dce_plus_plus", filters=2, num_layers=3, scale_factor=2
    ),
    "mirnet": Recipe(
        **SMALL, model="mirnet", num_rrg=1, num_mrb=1, channels=4, crop=True
    ),
}


def main(target):
    target = Path(target)
    rng = np.random.default_rng(0)
    images = rng.random((2, 33, 47, 3), dtype="float32") ** 2 / 4
    np.savez(target / "images.npz", images=images)
    outputs = {}
    for name, make in MODELS.items():
        keras.utils.set_random_seed(1)
        model = make()
        model.compile(learning_rate=1e-3)
        weights = [w + 0.2 * rng.standard_normal(w.shape) for w in model.get_weights()]
        model.set_weights(weights)
        model.save(target / f"{name}.keras")
        model.save_weights(target / f"{name}.weights.h5")
        outputs[name] = model.predict(images, verbose=0)
    for name in list_presets():
        outputs[f"preset_{name}"] = Enhancer.from_preset(name)(
            np.uint8(np.rint(images * 255))
        )
    np.savez_compressed(target / "outputs.npz", **outputs)
    for name, recipe in RECIPES.items():
        run = target / f"run_{name}"
        with tempfile.TemporaryDirectory() as whole:
            train(recipe, "sample", None, Path(whole) / "run", verbose=0)
            state = Path(whole) / "run" / "state.npz"
            shutil.copy(state, target / f"run_{name}_end.npz")
        subprocess.run([sys.executable, __file__, "--killed", name, run], check=False)
        for path in run.iterdir():  # what is large, and says nothing more
            if path.name not in ("config.json", "state.npz"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        assert (run / "state.npz").exists()


def train_and_die(name, run):
    """Train in this process, which the system kills after two of three epochs."""
    save = RunState.on_epoch_end

    def save_and_die(self, epoch, logs=None):
        save(self, epoch, logs)
        if epoch == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    RunState.on_epoch_end = save_and_die
    train(RECIPES[name], "sample", None, run, verbose=0)


if __name__ == "__main__":
    if sys.argv[1] == "--killed":
        train_and_die(*sys.argv[2:])
    else:
        main(sys.argv[1])
