"""What happens at the end of an epoch."""

import functools
import logging
import math
import tempfile
from pathlib import Path

import keras
import numpy as np

from zero_dce_keras.data import read_pairs
from zero_dce_keras.files import replacing
from zero_dce_keras.images import contact_sheet, to_float, to_uint8, write_image
from zero_dce_keras.training.recipe import MONITORS

log = logging.getLogger(__name__)

BEST_FILE = "best.weights.h5"
LAST_FILE = "last.keras"
EXPLODED = 1000  # times the loss of the first batch


class StopOnBadLoss(keras.callbacks.Callback):
    """Callback that ends the training when a loss is not finite, or has exploded.

    To be the first of the callbacks: those that save weights then save none that are
    worthless.

    Args:
        run_dir: directory of the run, which the message names.

    Raises:
        ValueError: in the batch, or at the end of the epoch, where it happens; the
            message names the losses.
    """

    async_safe = True  # Keras need not wait for every step's result

    def __init__(self, run_dir):
        super().__init__()
        self.run_dir = run_dir
        self.first_loss = None
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.first_loss is None:
            self.first_loss = abs(logs["total_loss"])
        self._check(logs, f"batch {batch + 1} of epoch {self._epoch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        self._check(logs, f"epoch {epoch + 1}")
        for weight in self.model.trainable_variables:
            if not np.isfinite(weight.numpy()).all():
                self._stop(f"{weight.path} is not finite after epoch {epoch + 1}")

    def _check(self, logs, place):
        names = [name for name in logs if name.endswith("loss")]
        bad = [name for name in names if not math.isfinite(logs[name])]
        if bad:
            parts = [name for name in bad if not name.endswith("total_loss")] or bad
            self._stop(f"{', '.join(parts)} is {logs[parts[0]]} in {place}")
        if abs(logs["total_loss"]) > EXPLODED * max(self.first_loss or 0, 1):
            self._stop(
                f"total_loss exploded from {self.first_loss:.4g} to "
                f"{logs['total_loss']:.4g} in {place}"
            )

    def _stop(self, reason):
        kept = f"{self.run_dir} keeps the weights of epoch {self._epoch}"
        if self._epoch == 0:
            kept = "no epoch was finished"
        if (self.params or {}).get("verbose"):
            print()  # Keras' progress bar is still on its line
        raise ValueError(
            f"{reason}: the training was stopped, {kept}. Train anew, in another "
            "directory, with a lower learning_rate or with global_clipnorm"
        )


class AverageWeights(keras.callbacks.Callback):
    """Callback that validates and saves the averages of the weights.

    For an optimizer with `use_ema`. From the validation to the next epoch, the model's
    weights are the averages; then the training goes on with the weights. (Keras'
    `SwapEMAWeights` puts the weights where the averages were; what ends a training early
    then takes one for the other.)
    """

    def __init__(self):
        super().__init__()
        self.weights = None  # that training goes on with, while the averages are in use

    def use_averages(self):
        """Make the averages the model's weights, if they are not yet."""
        if self.weights is None:
            variables = self.model.trainable_variables
            self.weights = [np.array(v.numpy()) for v in variables]
            self.model.optimizer.finalize_variable_values(variables)

    def on_epoch_begin(self, epoch, logs=None):
        if self.weights is not None:
            for variable, value in zip(
                self.model.trainable_variables, self.weights, strict=True
            ):
                variable.assign(value)
            self.weights = None

    def on_test_begin(self, logs=None):
        self.use_averages()

    def on_epoch_end(self, epoch, logs=None):
        self.use_averages()  # where there is no validation


class SaveWeights(keras.callbacks.Callback):
    """Callback that saves the whole model as `last.keras`, and the best weights so far.

    Each file is written under a temporary name and renamed, so that a run that is
    killed leaves whole files.

    Args:
        run_dir: directory of the files.
        monitor: tracker that says which weights are best, on the validation images, or
            on the training images where there are none; one of `MONITORS`.
    """

    def __init__(self, run_dir, monitor):
        super().__init__()
        self.run_dir = Path(run_dir)
        self.monitor = monitor
        self.sign = 1 if MONITORS[monitor] else -1
        self.best = -np.inf
        self.best_epoch = None  # counted from 1

    def on_epoch_end(self, epoch, logs=None):
        value = logs.get(f"val_{self.monitor}", logs.get(self.monitor))
        if value is None:
            raise ValueError(
                f"monitor must be one of {sorted(logs)}: psnr and ssim need references. "
                f"Received: {self.monitor!r}"
            )
        if self.sign * value > self.best:
            self.best = self.sign * value
            self.best_epoch = epoch + 1
            save = functools.partial(self.model.save_weights, save_optimizer=False)
            self._write(BEST_FILE, save)
        self.save_last()

    def save_last(self):
        """Save the model as it is now."""
        self._write(LAST_FILE, self.model.save)

    def _write(self, name, save):
        self._check_room()
        with replacing(self.run_dir / name) as temporary:
            save(temporary)

    def _check_room(self):
        """Raise an `OSError` where the disk is full: HDF5 would crash the process."""
        # Weights, their averages and Adam's two moments, twice over.
        size = 8 * sum(4 * math.prod(weight.shape) for weight in self.model.weights)
        try:
            with tempfile.TemporaryFile(dir=self.run_dir) as file:
                file.write(bytes(size + 2**20))
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.run_dir)) from None


class SaveSnapshots(keras.callbacks.Callback):
    """Callback that keeps the weights of every so many epochs.

    Writes `snapshots/epoch_0010.weights.h5` and so on, without the optimizer.

    Args:
        run_dir: directory of the folder `snapshots`.
        every: how many epochs lie between two of them.
    """

    def __init__(self, run_dir, every):
        super().__init__()
        self.directory = Path(run_dir) / "snapshots"
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self.directory.mkdir(exist_ok=True)
            path = self.directory / f"epoch_{epoch + 1:04d}.weights.h5"
            with replacing(path) as temporary:
                self.model.save_weights(temporary, save_optimizer=False)


class LogLosses(keras.callbacks.Callback):
    """Callback that logs the losses, averaged since the epoch began, every so many steps.

    Args:
        every: how many steps lie between two lines.
    """

    def __init__(self, every):
        super().__init__()
        self.every = every
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (batch + 1) % self.every == 0:
            losses = ", ".join(
                f"{name} {value:.4g}"
                for name, value in logs.items()
                if name.endswith("loss")
            )
            log.info("epoch %s, step %s: %s", self._epoch + 1, batch + 1, losses)


class SavePictures(keras.callbacks.Callback):
    """Callback that shows, every few epochs, what the model makes of some images.

    Writes `pictures/epoch_0005.png` and so on: input, output and, where there is one,
    reference, an image a row.

    Args:
        run_dir: directory of the folder `pictures`.
        pairs: the `Pair`s to show.
        every: how many epochs lie between two pictures; the first and the last epoch
            always have one.
        image_size: side of the images in pixels.
    """

    def __init__(self, run_dir, pairs, every=5, image_size=256):
        super().__init__()
        self.directory = Path(run_dir) / "pictures"
        self.every = every
        self.images = np.stack(read_pairs(pairs, image_size))  # (N, H, W, 3 or 6)

    def on_epoch_end(self, epoch, logs=None):
        number = epoch + 1
        if number == 1 or number == self.params["epochs"] or number % self.every == 0:
            self.save(number)

    def save(self, number):
        """Write the picture of an epoch."""
        low_light = self.images[..., :3]
        enhanced = to_uint8(
            keras.ops.convert_to_numpy(self.model(to_float(low_light), training=False))
        )
        columns = [low_light, enhanced]
        titles = ["input", f"epoch {number}"]
        if self.images.shape[-1] == 6:
            columns.append(self.images[..., 3:])
            titles.append("reference")
        rows = [list(row) for row in zip(*columns, strict=True)]
        sheet = contact_sheet(rows, titles)
        write_image(self.directory / f"epoch_{number:04d}.png", np.asarray(sheet))
