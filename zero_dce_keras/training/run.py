"""Training a model by a recipe, from files to a run directory."""

import functools
import logging
import platform
import sys
from pathlib import Path

import keras

from zero_dce_keras.data import Augmentation, make_dataset, open_splits
from zero_dce_keras.devices import describe_device, is_out_of_memory
from zero_dce_keras.files import remove_leftovers, replacing
from zero_dce_keras.images import plot_history
from zero_dce_keras.locks import locked
from zero_dce_keras.models import load_model
from zero_dce_keras.training.build import build_model
from zero_dce_keras.training.distribution import (
    check_batches,
    model_scope,
    num_devices,
    shared_size,
    writes_files,
)
from zero_dce_keras.training.run_callbacks import RunCallbacks
from zero_dce_keras.training.run_config import check_new, check_same, write_config
from zero_dce_keras.version import __version__

log = logging.getLogger(__name__)


def train(
    recipe,
    dataset="lol",
    data_dir=None,
    output="runs/zero_dce",
    weights=None,
    mixed_precision=False,
    verbose="auto",
    resume=False,
    fold=None,
    callbacks=(),
):
    """Train a model and leave everything about the run in a directory.

    The directory holds `config.json`, `history.csv`, `history.png`, `best.weights.h5`,
    `last.keras` (the whole model, with its optimizer), TensorBoard logs in `logs`,
    before/after pictures in `pictures`, where asked for weights in `snapshots`, and
    `state.npz` to go on from. Ctrl-C ends the
    training early and leaves the same files.

    Args:
        recipe: a `Recipe`, e.g. `RECIPES["default"]()`.
        dataset: `"lol"`, `"sample"` or `"folder"`.
        data_dir: where the data lies.
        output: directory of the run; new, or without a run in it.
        weights: preset, `.weights.h5`, `.keras` or preset directory to start from.
        mixed_precision: compute the network in bfloat16; curves, losses and output
            stay float32.
        verbose: as in `keras.Model.fit`.
        resume: go on after the last whole epoch of the run in `output`, which must be
            this same run. It ends with the weights that it would have had uninterrupted,
            bit for bit where the backend's arithmetic repeats (TensorFlow's threads
            add up in the order in which they are done). Where there is no run yet, one
            begins.
        fold: `[number, folds]`, to validate on that fold and train on the others, see
            `fold_splits`; `None` for the data set's own splits.
        callbacks: further Keras callbacks, which act last.

    Returns:
        `(model, history)`: the model at the end of the training, and Keras' History.

    Raises:
        ValueError: if the recipe or the data is not right, another run is there, or a
            loss explodes or is not a number.
        FileNotFoundError: if the data is not there.
        MemoryError: if the batches are too large for the device.
    """
    recipe.check()
    run_dir = Path(output)
    writes = writes_files()  # or another host does
    if writes and not resume:
        check_new(run_dir)
    keras.utils.set_random_seed(recipe.seed)
    splits = open_splits(
        dataset, data_dir, recipe.train_images, recipe.validation_images, fold
    )
    check_references(recipe, splits)
    check_batches(recipe, len(splits.train))
    with model_scope():
        model = build_model(recipe, len(splits.train), mixed_precision)
    if weights is not None:
        start_from(model, weights)
    config = describe_run(recipe, dataset, data_dir, weights, mixed_precision, splits)
    config["fold"] = None if fold is None else list(fold)
    config["monitor"] = usable_monitor(recipe.monitor, splits)
    if resume:
        check_same(run_dir, config)
    pictures = sample_pairs(splits.validation or splits.train)
    own = RunCallbacks(recipe, run_dir, config["monitor"], model, pictures, writes)
    done = own.state.restore() if resume else 0
    training_data, validation_data = make_datasets(splits, recipe, model, done)
    fit = functools.partial(
        model.fit,
        training_data,
        validation_data=validation_data,
        initial_epoch=done,
        epochs=recipe.epochs,
        shuffle=False,  # the pipeline does
        callbacks=[*own.in_order, *callbacks],
        verbose=verbose,
    )
    if not writes:
        fit()
        return model, own.history
    run_dir.mkdir(parents=True, exist_ok=True)
    with locked(run_dir / ".lock", ValueError(f"{run_dir} is trained in right now")):
        remove_leftovers(run_dir, older_than=0, recursive=True)
        write_config(run_dir, config)
        log.info("%s; on %s; writing %s", splits.describe(), config["device"], run_dir)
        if done:
            log.info("%s of %s epochs are done", done, recipe.epochs)
        try:
            fit()
        except KeyboardInterrupt:
            epochs = len(own.history.epoch)
            log.warning(
                "stopped after %s whole epochs; --resume goes on from there", epochs
            )
            own.save_last()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise out_of_memory(recipe, config["device"]) from error
        config["seconds"] = round(own.state.seconds)
        config["best_epoch"] = own.best.best_epoch
        write_config(run_dir, config)
        draw_history(own.history, run_dir)
    return model, own.history


def draw_history(history, run_dir):
    """Write `history.png`, if an epoch was finished."""
    if history.epoch:
        with replacing(run_dir / "history.png") as temporary:
            plot_history(history).savefig(temporary, dpi=100)


def out_of_memory(recipe, device):
    """Return the error that says what to do about it."""
    return MemoryError(
        f"out of memory on {device}: batch_size={recipe.batch_size} of "
        f"image_size={recipe.image_size}. Lower --batch-size or --image-size, or try "
        "--mixed-precision"
    )


def check_references(recipe, splits):
    """Raise a `ValueError` where a model needs references and the data has none."""
    if recipe.learns_from_pairs and splits.train[0].reference is None:
        raise ValueError(
            f"{recipe.model} learns from pairs: a folder must have low/ and high/ in "
            "it. Received: photographs without references"
        )


def make_datasets(splits, recipe, model, first_epoch=0):
    """Make the training and the validation pipeline of a recipe.

    Args:
        splits: `Splits` of the pairs.
        recipe: the `Recipe`.
        model: the model, which measures whole images where it learns from crops.
        first_epoch: number of the epoch to begin with.

    Returns:
        `(training, validation)`, as from `make_dataset`; without validation images,
        `None` for the latter.
    """
    whole_images = recipe.learns_from_pairs  # never random crops, never resized
    # Learning from pairs, a network must see crops as bright as in the whole image: a
    # crop alone does not tell whether its reference is bright.
    measure = recipe.learns_from_pairs and recipe.crop and model.num_gains
    training_data = make_dataset(
        splits.train,
        recipe.image_size,
        recipe.batch_size,
        shuffle=True,
        seed=recipe.seed,
        drop_remainder=recipe.drop_remainder,
        crop=recipe.crop,
        flip=recipe.flip,
        rotate=recipe.rotate,
        mixup=recipe.mixup,
        augmentation=Augmentation(
            exposure=recipe.augment_exposure,
            gamma=recipe.augment_gamma,
            white_balance=recipe.augment_white_balance,
            noise=recipe.augment_noise,
            seed=recipe.seed,
        ),
        first_epoch=first_epoch,
        statistics=model.gains if measure else None,
        whole_from=recipe.epochs - recipe.whole_epochs if recipe.whole_epochs else None,
    )
    if not splits.validation:
        return training_data, None
    val_batch_size = recipe.val_batch_size or recipe.batch_size
    if whole_images:  # one a batch; on TensorFlow the same one for every device
        devices = 1 if keras.backend.backend() == "jax" else num_devices()
        pairs = [pair for pair in splits.validation for _ in range(devices)]
        return training_data, make_dataset(pairs, None, devices)
    return training_data, make_dataset(
        splits.validation,
        recipe.image_size,
        shared_size(len(splits.validation), val_batch_size),
    )


def usable_monitor(monitor, splits):
    """Return the tracker to choose weights by: no `psnr` or `ssim` without references."""
    if monitor == "total_loss" or (splits.validation or splits.train)[0].reference:
        return monitor
    log.warning(
        "no references, so no %s: the best weights have the least total_loss", monitor
    )
    return "total_loss"


def sample_pairs(pairs, count=4):
    """Take some pairs from all over a list: neighbours often show the same scene."""
    return pairs[:: max(1, len(pairs) // count)][:count]


def start_from(model, weights):
    """Give a model the weights of another of the same size."""
    other = load_model(weights)
    if type(other) is not type(model):
        raise ValueError(
            f"{weights} must hold a {type(model).__name__}. "
            f"Received: a {type(other).__name__}"
        )
    names = model.size_arguments
    sizes = [tuple(getattr(each, name) for name in names) for each in (model, other)]
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"{weights} must hold a {type(model).__name__} of the recipe's size "
            f"({', '.join(names)}) = {sizes[0]}. Received: {sizes[1]}"
        )
    model.network.set_weights(other.network.get_weights())
    here, there = model.get_config(), other.get_config()
    for name in ("exposure_normalization", "denoising_filter"):
        if here.get(name) != there.get(name):
            log.warning(
                "note: %s were trained with %s=%s; this run has %s=%s",
                weights,
                name,
                there[name],
                name,
                here[name],
            )


def describe_run(recipe, dataset, data_dir, weights, mixed_precision, splits):
    """Return what is run, on what, with which versions: the content of `config.json`."""
    return {
        "recipe": recipe,
        "dataset": dataset,
        "data_dir": None if data_dir is None else str(data_dir),
        "weights": None if weights is None else str(weights),
        "mixed_precision": mixed_precision,
        "backend": keras.backend.backend(),
        "images": {name: len(pairs) for name, pairs in splits._asdict().items()},
        "device": describe_device(),
        "devices": num_devices(),
        "versions": {
            "zero_dce_keras": __version__,
            "keras": keras.__version__,
            keras.backend.backend(): sys.modules[keras.backend.backend()].__version__,
            "python": platform.python_version(),
        },
    }
