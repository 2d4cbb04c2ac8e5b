"""Training a model by a recipe, from files to a run directory."""

import dataclasses
import importlib.util
import json
import platform
import sys
import time
from pathlib import Path

import keras

from zero_dce_keras.data import Augmentation, make_dataset, open_splits
from zero_dce_keras.devices import describe_device, is_out_of_memory
from zero_dce_keras.files import replacing
from zero_dce_keras.images import plot_history
from zero_dce_keras.models import open_model
from zero_dce_keras.training.build import build_model, whole_image_statistics
from zero_dce_keras.training.callbacks import SavePictures, SaveWeights
from zero_dce_keras.version import __version__

CONFIG_FILE = "config.json"


def train(
    recipe,
    dataset="lol",
    data_dir=None,
    output="runs/zero_dce",
    weights=None,
    mixed_precision=False,
    verbose="auto",
):
    """Train a model and leave everything about the run in a directory.

    The directory holds `config.json`, `history.csv`, `history.png`, `best.weights.h5`,
    `last.keras` (the whole model, with its optimizer), TensorBoard logs in `logs` and
    before/after pictures in `pictures`. Ctrl-C ends the training early and leaves the
    same files.

    Args:
        recipe: a `Recipe`, e.g. `RECIPES["default"]()`.
        dataset: `"lol"`, `"sample"` or `"folder"`.
        data_dir: where the data lies.
        output: directory of the run; new, or without a run in it.
        weights: preset, `.weights.h5`, `.keras` or preset directory to start from.
        mixed_precision: compute DCE-Net in bfloat16; curves, losses and output stay
            float32.
        verbose: as in `keras.Model.fit`.

    Returns:
        `(model, history)`: the model at the end of the training, and Keras' History.

    Raises:
        ValueError: if the recipe or the data is not right, or another run is there.
        FileNotFoundError: if the data is not there.
        MemoryError: if the batches are too large for the device.
    """
    recipe.check()
    run_dir = Path(output)
    check_new(run_dir)
    keras.utils.set_random_seed(recipe.seed)
    splits = open_splits(
        dataset, data_dir, recipe.train_images, recipe.validation_images
    )
    check_references(recipe, splits)
    model = build_model(recipe, len(splits.train), mixed_precision)
    if weights is not None:
        start_from(model, weights)
    training_data, validation_data = make_datasets(splits, recipe)
    run_dir.mkdir(parents=True, exist_ok=True)
    config = describe_run(recipe, dataset, data_dir, weights, mixed_precision, splits)
    config["monitor"] = usable_monitor(recipe.monitor, splits)
    write_config(run_dir, config)
    started = time.monotonic()
    say(f"{splits.describe()}; on {config['device']}; writing {run_dir}")
    checkpoints = SaveWeights(run_dir, config["monitor"])
    checkpoints.set_model(model)
    history = keras.callbacks.History()
    history.on_train_begin()  # both are there, however early Ctrl-C comes
    callbacks = [
        history,
        keras.callbacks.CSVLogger(run_dir / "history.csv"),
        *tensorboard(run_dir / "logs"),
        *schedules(recipe, config["monitor"]),
        checkpoints,
        SavePictures(run_dir, a_few(splits.validation or splits.train)),
    ]
    try:
        model.fit(
            training_data,
            validation_data=validation_data,
            epochs=recipe.epochs,
            shuffle=False,  # the pipeline does
            callbacks=callbacks,
            verbose=verbose,
        )
    except KeyboardInterrupt:
        say(f"stopped after {len(history.epoch)} whole epochs")
        checkpoints.save_last()
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise MemoryError(
            f"out of memory on {config['device']}: batch_size={recipe.batch_size} of "
            f"image_size={recipe.image_size}. Lower --batch-size or --image-size, or "
            "try --mixed-precision"
        ) from error
    config["seconds"] = round(time.monotonic() - started)
    config["best_epoch"] = checkpoints.best_epoch
    write_config(run_dir, config)
    if history.epoch:
        with replacing(run_dir / "history.png") as temporary:
            plot_history(history).savefig(temporary, dpi=100)
    return model, history


def schedules(recipe, monitor):
    """The callbacks of a plateau schedule and of averaged weights, where asked for."""
    callbacks = []
    if recipe.plateau_epochs is not None:
        callbacks.append(
            keras.callbacks.ReduceLROnPlateau(
                f"val_{monitor}",
                factor=0.5,
                patience=recipe.plateau_epochs,
                mode="min" if monitor == "total_loss" else "max",
            )
        )
    if recipe.ema is not None:
        # Before the weights and pictures are saved: those of the averages.
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    return callbacks


def tensorboard(directory):
    """The callback that writes TensorBoard logs, where there is TensorFlow to do it."""
    if not importlib.util.find_spec("tensorflow"):
        say(
            "no TensorBoard logs: Keras writes them with TensorFlow; history.csv has all"
        )
        return []
    callback = keras.callbacks.TensorBoard(directory, write_graph=False)
    # It logs whole epochs only. Keras need not wait for every step's result.
    callback.async_safe = True
    return [callback]


def check_new(run_dir):
    """Raise a `ValueError` if the directory holds a run: runs are not mixed."""
    if (run_dir / CONFIG_FILE).exists():
        raise ValueError(
            f"{run_dir} holds another run: give another --output (in Python: output=), "
            "or remove it"
        )


def check_references(recipe, splits):
    """Raise a `ValueError` where a model needs references and the data has none."""
    if recipe.trains_on_pairs and splits.train[0].reference is None:
        raise ValueError(
            f"{recipe.model} learns from pairs: a folder must have low/ and high/ in "
            "it. Received: photographs without references"
        )


def make_datasets(splits, recipe):
    """The training and the validation pipeline of a recipe; the latter may be None."""
    whole_images = recipe.trains_on_pairs  # never random crops, never resized
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
        statistics=whole_image_statistics(recipe),
    )
    if not splits.validation:
        return training_data, None
    return training_data, make_dataset(
        splits.validation,
        None if whole_images else recipe.image_size,
        1 if whole_images else recipe.batch_size,
    )


def usable_monitor(monitor, splits):
    """The tracker to choose weights by: not `psnr` or `ssim` without references."""
    if monitor == "total_loss" or (splits.validation or splits.train)[0].reference:
        return monitor
    say(f"no references, so no {monitor}: the best weights have the least total_loss")
    return "total_loss"


def a_few(pairs, count=4):
    """Some pairs from all over a list: neighbours often show the same scene."""
    return pairs[:: max(1, len(pairs) // count)][:count]


def start_from(model, weights):
    """Give a model the weights of another of the same size."""
    other = open_model(weights)
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


def describe_run(recipe, dataset, data_dir, weights, mixed_precision, splits):
    """What is run, on what, with which versions: the content of `config.json`."""
    return {
        "recipe": dataclasses.asdict(recipe),
        "dataset": dataset,
        "data_dir": None if data_dir is None else str(data_dir),
        "weights": None if weights is None else str(weights),
        "mixed_precision": mixed_precision,
        "images": {name: len(pairs) for name, pairs in splits._asdict().items()},
        "device": describe_device(),
        "versions": {
            "zero_dce_keras": __version__,
            "keras": keras.__version__,
            keras.backend.backend(): sys.modules[keras.backend.backend()].__version__,
            "python": platform.python_version(),
        },
    }


def write_config(run_dir, config):
    """Write `config.json`."""
    with replacing(run_dir / CONFIG_FILE) as temporary:
        temporary.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def say(text):
    """Tell the user something that is not a result."""
    print(text, file=sys.stderr, flush=True)
